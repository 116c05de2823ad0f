// Commands over a live stream: buttons and forms marked data-command are sent, answers come back by id.

import { selectorOf } from "./regions.js";

let stream = null;
let counter = 0;
const waiting = new Map();
const ANSWER_WITHIN_MS = 10000;

/** Use this stream for all commands; `toast(message)` says refusals that have no place of their own. */
export function useStream(live) { stream = live; }

/** To be called with every message of the stream; true when it was an answer to a command. */
export function takeAnswer(message) {
  if (message.type !== "done" && message.type !== "refused") return false;
  const pending = waiting.get(message.id);
  if (!pending) return true;
  waiting.delete(message.id);
  window.clearTimeout(pending.timer);
  if (message.type === "done") pending.resolve(message.data);
  else pending.reject(Object.assign(new Error(message.message), { code: message.code }));
  return true;
}

/** Sends one command; resolves with the answer's data, rejects with the sentence of the refusal. */
export function command(type, fields = {}) {
  const id = String(++counter);
  return new Promise((resolve, reject) => {
    const late = document.querySelector("[data-text-late]")?.dataset.textLate || "";
    const timer = window.setTimeout(() => { waiting.delete(id); reject(Object.assign(new Error(late), { code: "late" })); }, ANSWER_WITHIN_MS);
    waiting.set(id, { resolve, reject, timer });
    stream.send({ ...fields, type, id });
  });
}

/** Shows a refusal where the command was given: in the nearest [data-refusal], else in the page's own. */
export function showRefusal(element, error) {
  // A region may have been drawn anew meanwhile: the sentence then stands at the head of the page.
  const place = element?.closest("[data-refusal-scope]")?.querySelector("[data-refusal]") || document.querySelector(".banner[data-refusal]") || document.querySelector("[data-refusal]");
  if (!place) return;
  place.textContent = error ? error.message : "";
  place.hidden = !error;
}

function fieldsOf(element) {
  const fields = {};
  for (const [name, value] of Object.entries(element.dataset)) {
    if (name.startsWith("field")) fields[name[5].toLowerCase() + name.slice(6)] = value;
  }
  return fields;
}

function formFields(form) {
  const fields = {};
  for (const name of new Set(new FormData(form).keys())) {
    const all = new FormData(form).getAll(name);
    fields[name] = form.querySelector(`[name="${CSS.escape(name)}"][data-list]`) ? all : all[0];
  }
  return fields;
}

async function run(element, type, fields) {
  if (element.dataset.busy) return;
  element.dataset.busy = "1";
  showRefusal(element, null);
  const sent = element.matches("[data-region] form") ? selectorOf(element) : null;
  try {
    const data = await command(type, fields);
    // What was sent is done with: in the form that stands there now, a redraw must not bring it back.
    if (sent) document.querySelector(sent)?.reset();
    element.dispatchEvent(new CustomEvent("command:done", { bubbles: true, detail: { type, data } }));
  } catch (error) {
    showRefusal(element.isConnected ? element : document.body, error);
  } finally {
    delete element.dataset.busy;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-command], a[data-command]");
  if (!button || button.form?.matches("form[data-command]")) return;
  event.preventDefault();
  whenSure(button, () => run(button, button.dataset.command, fieldsOf(button)));
});

function whenSure(button, go) {
  const question = button?.dataset.confirm;
  if (!question) { go(); return; }
  const dialog = document.querySelector("dialog[data-confirm-dialog]");
  if (!dialog) { if (window.confirm(question)) go(); return; }
  dialog.querySelector("[data-question]").textContent = question;
  dialog.querySelector("[data-yes]").textContent = button.textContent.trim();
  const no = dialog.querySelector("[data-no]");
  no.dataset.usual ??= no.textContent;
  no.textContent = button.dataset.confirmSafe || no.dataset.usual;
  dialog.querySelector("[data-yes]").onclick = () => { dialog.close(); go(); };
  no.onclick = () => dialog.close();
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-command]");
  if (!form) return;
  event.preventDefault();
  whenSure(event.submitter, () => run(form, form.dataset.command, { ...fieldsOf(form), ...formFields(form) }));
});
