// Distances as the portal says them elsewhere (content/points/services.py): minutes on foot up to half an hour, else kilometres.

const EARTH_RADIUS_M = 6_371_000;

export function metresBetween([lat1, lon1], [lat2, lon2]) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half = Math.sin(radians(lat2 - lat1) / 2) ** 2
    + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(radians(lon2 - lon1) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(half));
}

// The data of the button: `walk` and `far` are sentences with {n}, `metresAMinute` and `walkMost` say when which is used.
export function wordsFor(metres, { walk, far, metresAMinute, walkMost }) {
  const minutes = Math.max(1, Math.round(metres / Number(metresAMinute)));
  return minutes <= Number(walkMost) ? walk.replace("{n}", minutes) : far.replace("{n}", (metres / 1000).toFixed(1));
}
