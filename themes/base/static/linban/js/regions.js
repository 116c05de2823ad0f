// Regions of a page that the server draws: swaps in what changed, and never what the person is typing in.

const drawn = new Map();

/** Puts each region's HTML in place. Parts ([data-part]) of a region with the focus are swapped one by one. */
export function drawRegions(regions) {
  for (const [name, html] of Object.entries(regions)) {
    const element = document.querySelector(`[data-region="${name}"]`);
    if (!element || drawn.get(name) === html) continue;
    drawn.set(name, html);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.matches("input, select, textarea") && patchParts(element, html, focused)) continue;
    const focusId = focused?.id;
    element.innerHTML = html;
    if (focusId) document.getElementById(focusId)?.focus();
    element.dispatchEvent(new CustomEvent("region:drawn", { bubbles: true }));
  }
}

function patchParts(element, html, focused) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const key = (part) => part.dataset.part;
  const now = [...element.querySelectorAll("[data-part]")];
  const next = new Map([...fresh.content.querySelectorAll("[data-part]")].map((part) => [key(part), part]));
  // Another structure: what is typed belongs to something that is no longer asked for.
  if (now.length === 0 || now.length !== next.size || now.some((part) => !next.has(key(part)))) return false;
  for (const part of now) {
    const other = next.get(key(part));
    if (part.contains(focused) || part.querySelector("[data-part]")) {
      patchError(part, other);
    } else if (part.outerHTML !== other.outerHTML) {
      part.replaceWith(other);
    }
  }
  element.dispatchEvent(new CustomEvent("region:drawn", { bubbles: true }));
  return true;
}

function patchError(part, other) {
  const wanted = other.querySelector(":scope .field__error");
  const shown = part.querySelector(":scope .field__error");
  if (wanted && shown) shown.replaceWith(wanted);
  else if (wanted) part.querySelector(".field")?.append(wanted);
  else shown?.remove();
  part.querySelector(".field")?.classList.toggle("field--error", Boolean(wanted));
}

/** Forget a region, so that the next snapshot draws it whatever it holds. */
export function forgetRegion(name) { drawn.delete(name); }
