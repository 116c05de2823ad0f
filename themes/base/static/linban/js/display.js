// The tool bar of a kiosk: letter size, contrast and reach change at once, without losing what was typed.

const root = document.documentElement;
const tools = document.querySelector("[data-kiosk-tools]");
const REACH = "linban-reach";

function remember() {
  const address = new URL(tools.dataset.displayUrl, window.location.href);
  address.searchParams.set("size", root.dataset.size);
  address.searchParams.set("contrast", root.dataset.contrast);
  address.searchParams.set("next", window.location.pathname);
  // The answer is a redirect to this page; only its cookies are wanted.
  fetch(address, { credentials: "same-origin", redirect: "manual" }).catch(() => {});
}

function wireSwitch(selector, attribute, on, off) {
  const tool = tools.querySelector(selector);
  tool?.addEventListener("click", (event) => {
    event.preventDefault();
    const pressed = root.dataset[attribute] !== on;
    root.dataset[attribute] = pressed ? on : off;
    tool.setAttribute("aria-pressed", String(pressed));
    remember();
  });
  tool?.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); tool.click(); }
  });
}

function setReach(low) {
  if (low) root.dataset.reach = "low";
  else delete root.dataset.reach;
  tools.querySelector("[data-toggle-reach]")?.setAttribute("aria-pressed", String(low));
}

if (tools) {
  wireSwitch("[data-toggle-size]", "size", "elder", "normal");
  wireSwitch("[data-toggle-contrast]", "contrast", "high", "normal");
  setReach(window.sessionStorage.getItem(REACH) === "low");
  tools.querySelector("[data-toggle-reach]")?.addEventListener("click", () => {
    const low = root.dataset.reach !== "low";
    setReach(low);
    if (low) window.sessionStorage.setItem(REACH, "low");
    else window.sessionStorage.removeItem(REACH);
  });
}
