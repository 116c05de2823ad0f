// [data-locate] asks the device where it is, rounds that to about 100 m, and loads the list sorted by distance.

const button = document.querySelector("[data-locate]");
const message = document.querySelector("[data-locate-message]");

function showNear({ coords }) {
  const address = new URL(window.location.href);
  address.searchParams.set("lat", coords.latitude.toFixed(3));
  address.searchParams.set("lon", coords.longitude.toFixed(3));
  address.searchParams.delete("page");
  window.location.assign(address);
}

if (button && "geolocation" in navigator && window.isSecureContext) {
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(showNear, () => { message.textContent = button.dataset.refused; }, { timeout: 10_000, maximumAge: 60_000 });
  });
}
