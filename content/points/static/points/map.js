// The map beside the list: Leaflet over the schematic areas, or over tiles where an address is set; the drawing below it stays if this fails.

import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const SHAPE = '<path d="M0 0C-6-9-19-16-19-31a19 19 0 0 1 38 0C19-16 6-9 0 0Z"/>';
const PIN = [34, 43];
const SVG = "http://www.w3.org/2000/svg";

const canvas = document.querySelector("[data-map]");
const pop = document.querySelector("[data-map-pop]");
const list = document.querySelector("[data-point-list]");
const markers = new Map();
let rows = new Map();
let chosen = null;
let map = null;
let points = null;
let layer = null;

function readRows() {
  rows = new Map([...list?.children ?? []].map((row) => [row.dataset.code, row]));
}

async function load(address) {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

function pinIcon(number, state, isChosen) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `map-pin map-pin--${state}${isChosen ? " map-pin--chosen" : ""}`);
  svg.setAttribute("viewBox", "-23 -54 46 58");
  const size = isChosen ? [56, 70] : PIN;
  svg.setAttribute("width", size[0]);
  svg.setAttribute("height", size[1]);
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = `${SHAPE}<text y="-25"></text>`;
  svg.querySelector("text").textContent = number;
  return L.divIcon({ html: svg, iconSize: size, iconAnchor: [size[0] / 2, size[1] * 0.93], className: "leaflet-div-icon" });
}

// What is closed, and what would cover a pin before it in the list, is a small mark that becomes a pin when it is chosen.
function spotIcon(state) {
  const spot = document.createElement("span");
  spot.className = `map-spot map-spot--${state}`;
  return L.divIcon({ html: spot, iconSize: [24, 24], className: "leaflet-div-icon map-spot-box" });
}

function setIcon(entry, icon) {
  const hadFocus = document.activeElement === entry.marker.getElement();
  entry.marker.setIcon(icon);
  label(entry);
  if (hadFocus) entry.marker.getElement().focus({ preventScroll: true });
}

function label({ marker, number, properties }) {
  marker.getElement()?.setAttribute("aria-label", `${number} ${properties.name}, ${properties.text}`);
}

function settlePins() {
  const standing = [];
  for (const code of rows.keys()) {
    const entry = markers.get(code);
    if (!entry) continue;
    const { x, y } = map.latLngToLayerPoint(entry.marker.getLatLng());
    const isCovering = standing.some((other) => Math.abs(other.x - x) < PIN[0] && Math.abs(other.y - y) < PIN[1]);
    entry.isQuiet = entry.properties.state === "closed" || isCovering;
    if (!entry.isQuiet) standing.push({ x, y });
    if (code !== chosen) setIcon(entry, plainIcon(entry));
  }
}

function plainIcon({ number, properties, isQuiet }) {
  return isQuiet ? spotIcon(properties.state) : pinIcon(number, properties.state, false);
}

function line(parent, tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
}

function choose(code, { scroll = true, focus = false } = {}) {
  const entry = markers.get(code);
  if (!entry) return;
  if (chosen && markers.has(chosen)) {
    const before = markers.get(chosen);
    if (chosen !== code) setIcon(before, plainIcon(before));
    before.marker.setZIndexOffset(0);
    rows.get(chosen)?.classList.remove("point-list--chosen");
  }
  if (chosen !== code) setIcon(entry, pinIcon(entry.number, entry.properties.state, true));
  chosen = code;
  entry.marker.setZIndexOffset(1000);
  const row = rows.get(code);
  row?.classList.add("point-list--chosen");
  if (scroll) row?.scrollIntoView({ block: "nearest" });
  pop.replaceChildren();
  line(pop, "h2", entry.properties.name);
  const badge = row?.querySelector(".badge")?.cloneNode(true);
  if (badge) pop.append(badge); else line(pop, "p", entry.properties.text);
  const words = row?.querySelector(".point-list__state + p")?.textContent;
  if (words) line(pop, "p", words);
  const buttons = document.createElement("div");
  buttons.className = "button-row";
  const link = line(buttons, "a", canvas.dataset.labelOpen, "button");
  link.href = entry.properties.url;
  pop.append(buttons);
  pop.hidden = false;
  if (focus) link.focus();
}

function drawOutline(map, areas, outline) {
  areas.addTo(map);
  for (const feature of outline.features) {
    const [longitude, latitude] = feature.properties.middle;
    const name = document.createElement("span");
    name.className = "map-name";
    name.textContent = feature.properties.name;
    name.setAttribute("aria-hidden", "true");
    L.marker([latitude, longitude], { icon: L.divIcon({ html: name, iconSize: [0, 0] }), interactive: false, keyboard: false }).addTo(map);
  }
}

function drawPoints() {
  layer?.remove();
  layer = L.layerGroup().addTo(map);
  markers.clear();
  chosen = null;
  for (const feature of points.features) {
    if (!feature.geometry) continue;
    const [longitude, latitude] = feature.geometry.coordinates;
    const { properties } = feature;
    const row = rows.get(properties.code);
    if (!row) {
      L.circleMarker([latitude, longitude], { radius: 4, weight: 1, fillOpacity: 1, className: "map-dot", interactive: false }).addTo(layer);
      continue;
    }
    const number = row.querySelector(".point-list__number").textContent;
    const entry = { properties, number, isQuiet: true };
    const marker = L.marker([latitude, longitude], { icon: spotIcon(properties.state), alt: `${number} ${properties.name}`, title: properties.name, keyboard: true });
    marker.on("click", () => choose(properties.code));
    marker.on("keydown", ({ originalEvent }) => { if (originalEvent.key === "Enter") choose(properties.code, { focus: true }); });
    entry.marker = marker.addTo(layer);
    markers.set(properties.code, entry);
    label(entry);
  }
  settlePins();
}

function boundsOfRows() {
  const shown = points.features.filter(({ geometry, properties }) => geometry && rows.has(properties.code));
  return shown.length ? L.latLngBounds(shown.map(({ geometry: { coordinates: [longitude, latitude] } }) => [latitude, longitude])) : null;
}

function look(areas) {
  const near = boundsOfRows();
  const bounds = near ?? areas.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds.pad(near ? 0.35 : 0.03), { maxZoom: 15, animate: false });
  else map.setView([31.27, 121.46], 12);
}

function followRows() {
  for (const [code, row] of rows) {
    row.addEventListener("pointerenter", () => choose(code, { scroll: false }));
    row.addEventListener("focusin", () => choose(code, { scroll: false }));
  }
  const first = rows.keys().next().value;
  if (first && !matchMedia("(max-width: 999px)").matches) choose(first, { scroll: false });
}

async function start() {
  readRows();
  const [outline, found] = await Promise.all([load(canvas.dataset.outline), load(canvas.dataset.geojson)]);
  points = found;
  canvas.replaceChildren();
  canvas.setAttribute("role", "group");
  canvas.setAttribute("aria-label", canvas.dataset.label);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map = L.map(canvas, { zoomControl: false, attributionControl: Boolean(canvas.dataset.tiles), zoomSnap: 0.25, zoomAnimation: !calm, fadeAnimation: !calm, scrollWheelZoom: false });
  map.attributionControl?.setPrefix(false);
  const side = L.control.zoom({ position: "bottomright", zoomInTitle: canvas.dataset.labelIn, zoomOutTitle: canvas.dataset.labelOut });
  side.addTo(map);
  // Leaflet draws paths only once it has a view, so the view comes first.
  const areas = L.geoJSON(outline, { style: { className: "map-area", weight: 1.5, fillOpacity: 1 }, interactive: false });
  look(areas);
  if (canvas.dataset.tiles) L.tileLayer(canvas.dataset.tiles, { attribution: canvas.dataset.attribution, maxZoom: 19 }).addTo(map);
  else drawOutline(map, areas, outline);
  drawPoints();
  map.on("zoomend", settlePins);
  followRows();
  // The rows were put in another order, by the distance from here.
  list?.addEventListener("rows", () => { readRows(); look(areas); drawPoints(); followRows(); });
}

// Without the map the list and the drawing say the same; so a fault here is no fault of the page.
if (canvas) start().catch((fault) => console.warn("map", fault));
