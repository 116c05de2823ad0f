// Regions of a page that the server draws: swaps in what changed, and never what the person is doing.

const drawn = new Map();
let about = "";
// Of each part its HTML as the server drew it: a canvas or a tick that a script changed since is no change of the server's.
const asDrawn = new WeakMap();
let composing = false;
let late = null;
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", () => {
  composing = false;
  // After the field has told what was typed.
  if (late) window.setTimeout(() => { if (late) drawRegions(...late); });
});

/**
 * Puts each region's HTML in place: part by part ([data-part]) where its structure stayed, else whole.
 * `subject` says whom or what they are about: with another one, nothing that was typed comes over.
 */
export function drawRegions(regions, subject = "") {
  const isSame = subject === about;
  about = subject;
  late = null;
  for (const [name, html] of Object.entries(regions)) {
    const element = document.querySelector(`[data-region="${name}"]`);
    if (!element || drawn.get(name) === html) continue;
    drawn.set(name, html);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const parts = isSame ? pairs(element, fresh.content) : null;
    // Half a Chinese word is being typed: its field is left alone until it is whole.
    const waits = composing && parts && element.contains(document.activeElement);
    if (waits) {
      drawn.delete(name);
      late = [regions, subject];
    }
    const swap = () => {
      if (parts && (waits || skeleton(element) === skeleton(fresh.content))) patch(parts, waits);
      else element.replaceChildren(fresh.content);
    };
    if (isSame) keepTyped(element, swap);
    else swap();
    for (const part of leaves(element)) if (!asDrawn.has(part)) asDrawn.set(part, part.outerHTML);
    element.dispatchEvent(new CustomEvent("region:drawn", { bubbles: true }));
  }
}

/** Forget a region, so that the next snapshot draws it whatever it holds. */
export function forgetRegion(name) { drawn.delete(name); }

const leaves = (root) => [...root.querySelectorAll("[data-part]")].filter((part) => !part.querySelector("[data-part]"));

/** The leaves of now, each with the one that takes its place; null when others are there than before. */
function pairs(element, content) {
  const now = leaves(element);
  const next = new Map(leaves(content).map((part) => [part.dataset.part, part]));
  if (now.length === 0 || now.length !== next.size || now.some((part) => !next.has(part.dataset.part))) return null;
  return now.map((part) => [part, next.get(part.dataset.part)]);
}

/** What stands around the leaves. */
function skeleton(root) {
  const copy = root.cloneNode(true);
  for (const part of leaves(copy)) part.replaceWith(part.dataset.part);
  return [...copy.childNodes].map((node) => node.outerHTML ?? node.textContent).join("");
}

function patch(parts, leaveFocused) {
  for (const [part, other] of parts) {
    if (asDrawn.get(part) === other.outerHTML) continue;
    if (leaveFocused && part.contains(document.activeElement)) continue;
    // A field that only got or lost its sentence stays itself: focus, caret and the browser's own undo with it.
    if (part.contains(document.activeElement) && withoutError(part) === withoutError(other)) patchError(part, other);
    else part.replaceWith(other);
  }
}

function withoutError(part) {
  const copy = part.cloneNode(true);
  copy.querySelector(".field__error")?.remove();
  copy.querySelector(".field--error")?.classList.remove("field--error");
  for (const control of copy.querySelectorAll("input, select, textarea")) {
    for (const name of ["aria-invalid", "aria-describedby", "value"]) control.removeAttribute(name);
  }
  for (const option of copy.querySelectorAll("option")) option.removeAttribute("selected");
  return copy.innerHTML;
}

function patchError(part, other) {
  const wanted = other.querySelector(".field__error");
  const shown = part.querySelector(".field__error");
  asDrawn.set(part, other.outerHTML);
  if (wanted && shown) shown.replaceWith(wanted);
  else if (wanted) part.querySelector(".field")?.append(wanted);
  else shown?.remove();
  part.querySelector(".field")?.classList.toggle("field--error", Boolean(wanted));
  const [now, next] = [part, other].map((one) => one.querySelector("input:not([type=hidden]), select, textarea"));
  if (now && "defaultValue" in now) now.defaultValue = next.defaultValue;
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (next?.hasAttribute(name)) now.setAttribute(name, next.getAttribute(name));
    else now?.removeAttribute(name);
  }
}

// --- what was typed and where one stands --------------------------------------------------------------------------------
const isTicked = (control) => control.type === "checkbox" || control.type === "radio";

/** What the server put into a control, and what stands there now. */
function valueFromServer(control) {
  if (isTicked(control)) return String(control.defaultChecked);
  if (control.matches("select")) return [...control.options].find((option) => option.defaultSelected)?.value ?? control.options[0]?.value ?? "";
  return control.type === "file" ? "" : control.defaultValue;
}
const valueNow = (control) => (isTicked(control) ? String(control.checked) : control.value);

function put(control, was) {
  if (control.type === "file") control.files = was.files;
  else if (isTicked(control)) control.checked = was.now === "true";
  else control.value = was.now;
}

/** By what the same thing is found again after a redraw: its id, else its command, name and fields. */
export function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const says = [...element.attributes].filter(({ name }) => ["name", "type", "href"].includes(name) || name.startsWith("data-command") || name.startsWith("data-field") || (name === "value" && isTicked(element)));
  if (says.length === 0) return null;
  const own = element.localName + says.map(({ name, value }) => `[${name}="${CSS.escape(value)}"]`).join("");
  const form = element.closest("form[data-command]");
  return form && form !== element ? `${selectorOf(form)} ${own}` : own;
}

/** Do `swap`, and leave what the person typed, the focus and the caret as they were. */
function keepTyped(root, swap) {
  const typed = [];
  for (const control of root.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const [server, now] = [valueFromServer(control), valueNow(control)];
    if (server !== now && selectorOf(control)) typed.push({ where: selectorOf(control), server, now, files: control.files });
  }
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  const where = held && selectorOf(held);
  const caret = held?.matches("textarea, input") ? [held.selectionStart, held.selectionEnd] : null;
  swap();
  for (const was of typed) {
    const control = root.querySelector(was.where);
    // The server's word has changed meanwhile: it may be what was typed, put in order.
    if (control && valueFromServer(control) === was.server && valueNow(control) !== was.now) put(control, was);
  }
  if (!held || held === document.activeElement) return;
  const again = where && root.querySelector(where);
  again?.focus({ preventScroll: true });
  if (caret?.[0] != null && again?.setSelectionRange) again.setSelectionRange(...caret);
}
