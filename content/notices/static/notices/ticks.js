// What lies ready at home, ticked by the resident and kept on this device alone; without JavaScript the boxes still tick.

const notice = document.querySelector("[data-notice]");
const boxes = [...(notice?.querySelectorAll("[data-material]") ?? [])];
const line = notice?.querySelector("[data-ticks-say]");
const left = notice?.querySelector("[data-ticks-left]");
const place = `linban.notice.${notice?.dataset.notice}`;

function kept() {
  try { return JSON.parse(localStorage.getItem(place) ?? "[]"); } catch { return []; }
}

function keep() {
  try { localStorage.setItem(place, JSON.stringify(boxes.filter((box) => box.checked).map((box) => box.id))); } catch { /* a private window keeps nothing */ }
}

function say() {
  const missing = boxes.filter((box) => !box.checked).map((box) => notice.querySelector(`label[for="${box.id}"]`)?.textContent ?? "");
  if (!left) return;
  const separator = document.documentElement.lang.startsWith("en") ? ", " : "、";
  left.textContent = missing.length ? `${left.dataset.missing}${missing.join(separator)}` : left.dataset.all;
}

if (boxes.length) {
  const ready = kept();
  for (const box of boxes) {
    box.checked = ready.includes(box.id);
    box.addEventListener("change", () => { keep(); say(); });
  }
  line.hidden = false;
  say();
}
