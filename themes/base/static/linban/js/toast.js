// Short news at the foot of the page: shows, waits, and leaves; a pointer or focus on it makes it stay.

const SHOWN_FOR_MS = 6000;

function dismissLater(toast) {
  let timer = 0;
  const start = () => { timer = window.setTimeout(() => toast.remove(), SHOWN_FOR_MS); };
  const stop = () => window.clearTimeout(timer);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, stop);
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, start);
  toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  // Trouble stays until it is closed by hand: six seconds are too short to read a sentence that asks for an action.
  if (toast.getAttribute("role") !== "alert") start();
}

/** Shows one sentence. `undo` is called by the button beside it; the words of the buttons come from the page. */
export function showToast(text, { urgent = false, undo = null } = {}) {
  const region = document.querySelector("[data-toasts]");
  if (!region) return null;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("role", urgent ? "alert" : "status");
  const sentence = document.createElement("span");
  sentence.textContent = text;
  toast.append(sentence);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast__action";
    button.textContent = region.dataset.labelUndo;
    button.addEventListener("click", () => { toast.remove(); undo(); });
    toast.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast__close";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", region.dataset.labelClose);
  close.textContent = "×";
  toast.append(close);
  region.append(toast);
  dismissLater(toast);
  return toast;
}

for (const toast of document.querySelectorAll("[data-toast]")) dismissLater(toast);
