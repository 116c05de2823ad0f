// [data-suggest] is a search box that proposes as one types: a combobox with a list. Without it the form works alone.

const PAUSE_MS = 180;
let boxes = 0;

function option(found, id) {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.url = found.url;
  const title = document.createElement("b");
  for (const [text, isMatch] of found.parts) {
    const part = document.createElement(isMatch ? "mark" : "span");
    part.textContent = text;
    title.append(part);
  }
  item.append(title);
  if (found.note) {
    const note = document.createElement("small");
    note.textContent = found.note;
    item.append(note);
  }
  return item;
}

function attach(input) {
  const number = ++boxes;
  const form = input.form;
  const list = document.createElement("ul");
  list.className = "search-suggestions";
  list.id = `suggestions-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestLabel);
  list.hidden = true;
  form.append(list);
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  form.append(status);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);

  let timer = 0;
  let request = null;
  let active = -1;

  function choose(next) {
    const options = [...list.children];
    active = options.length ? (next + options.length + 1) % (options.length + 1) : -1;
    // One step beyond the last option is the box itself, with what was typed.
    if (active === options.length) active = -1;
    options.forEach((item, at) => item.setAttribute("aria-selected", String(at === active)));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    status.textContent = "";
  }

  async function ask() {
    const typed = input.value.trim();
    request?.abort();
    if (!typed) { close(); return; }
    request = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(typed)}`, { signal: request.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) { close(); return; }
      const { suggestions } = await answer.json();
      if (input.value.trim() !== typed || document.activeElement !== input) return;
      list.replaceChildren(...suggestions.map((found, at) => option(found, `${list.id}-${at}`)));
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidden = suggestions.length === 0;
      input.setAttribute("aria-expanded", String(suggestions.length > 0));
      status.textContent = suggestions.length ? `${suggestions.length} ${input.dataset.suggestCount}` : "";
    } catch (error) {
      // Without the network the form itself says what is wrong when it is sent.
      if (error.name !== "AbortError") close();
    }
  }

  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  }

  // While an input method still composes, its letters are no words yet.
  input.addEventListener("input", (event) => { if (!event.isComposing) later(); });
  input.addEventListener("compositionend", later);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(active + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose(active < 0 ? list.children.length - 1 : active - 1); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
    else if (event.key === "Enter" && active >= 0) { event.preventDefault(); window.location.assign(list.children[active].dataset.url); }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (chosen) window.location.assign(chosen.dataset.url);
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
}

for (const input of document.querySelectorAll("[data-suggest]")) attach(input);
