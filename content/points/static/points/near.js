// [data-near] sorts the list by the distance from here. Where that is stays in this browser: the whole list is fetched, and sorted
// here. The position is forgotten with the tab, by the button, or when another part of the district is chosen.

import { metresBetween, wordsFor } from "./distance.js";

const SHOWN = 20;
const KEPT = "linban.near";

const button = document.querySelector("[data-near]");
const list = document.querySelector("[data-point-list]");
const message = document.querySelector("[data-near-message]");
const where = document.querySelector("[data-where]");
const more = document.querySelector("[data-near-more]");
let sorted = [];

async function allRows() {
  const answer = await fetch(list.dataset.rows, { credentials: "omit" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.querySelectorAll("li[data-code]")].map((row) => document.importNode(row, true));
}

function place(row) {
  const { lat, lon } = row.dataset;
  return lat && lon ? [Number(lat), Number(lon)] : null;
}

function show(count) {
  list.replaceChildren(...sorted.slice(0, count).map(({ row }) => row));
  more.hidden = sorted.length <= count;
  list.dispatchEvent(new Event("rows"));
}

async function arrange(here) {
  const rows = await allRows();
  sorted = rows.map((row) => {
    const there = place(row);
    return { row, metres: there ? metresBetween(here, there) : Infinity };
  });
  sorted.sort((one, other) => one.metres - other.metres);
  for (const [index, { row, metres }] of sorted.entries()) {
    row.querySelector(".point-list__number").textContent = index + 1;
    if (!Number.isFinite(metres)) continue;
    const words = document.createElement("span");
    words.textContent = wordsFor(metres, button.dataset);
    row.querySelector(".badge").after(words);
  }
  document.querySelector(".pagination")?.remove();
  document.querySelector(".points__title").textContent = button.dataset.title;
  button.setAttribute("aria-pressed", "true");
  message.textContent = button.dataset.sorted;
  show(SHOWN);
}

function forget() {
  sessionStorage.removeItem(KEPT);
}

function refuse() {
  message.textContent = button.dataset.refused;
  if (where) { where.open = true; where.querySelector("select").focus(); }
}

function locate() {
  if (button.getAttribute("aria-pressed") === "true") {
    forget();
    window.location.reload();
    return;
  }
  message.textContent = button.dataset.looking;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const here = [coords.latitude, coords.longitude];
    sessionStorage.setItem(KEPT, JSON.stringify(here));
    arrange(here).catch(refuse);
  }, refuse, { timeout: 10_000, maximumAge: 60_000 });
}

if (button && list && "geolocation" in navigator && window.isSecureContext) {
  button.parentElement.hidden = false;
  button.addEventListener("click", locate);
  more.addEventListener("click", () => {
    const shown = list.children.length;
    show(shown + SHOWN);
    list.children[shown].querySelector("a").focus();
  });
  where?.querySelector("form").addEventListener("submit", forget);
  const kept = sessionStorage.getItem(KEPT);
  if (kept) arrange(JSON.parse(kept)).catch(refuse);
}
