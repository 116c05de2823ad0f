// Shows the state of the virtual devices and sends the buttons' commands.

const words = new Map(
  [...document.querySelector("[data-words]").content.querySelectorAll("[data-word]")].map((node) => [
    node.dataset.word,
    node.textContent.split("|"),
  ]),
);
const find = (name) => document.querySelector(`[data-${name}]`);
let shown = {};

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
}

function speak(node, key, values = {}) {
  const [chinese, english = ""] = words.get(key) ?? ["", ""];
  node.replaceChildren(fill(chinese, values));
  if (english) {
    const translation = document.createElement("span");
    translation.lang = "en";
    translation.textContent = fill(english, values);
    node.append(translation);
  }
}

function changed(key, value) {
  const text = JSON.stringify(value);
  if (shown[key] === text) return false;
  shown[key] = text;
  return true;
}

function showReader(reader) {
  if (!changed("reader", reader)) return;
  const state = find("reader-state");
  if (reader.mode === "unplugged") speak(state, "reader.unplugged");
  else if (reader.mode !== "normal") speak(state, "reader.other");
  else if (!reader.card) speak(state, "reader.normal");
  else speak(state, reader.was_read ? "reader.read" : "reader.card", reader.card);
  if (changed("residents", reader.residents)) {
    find("residents").replaceChildren(
      ...reader.residents.map((resident, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.post = "/place";
        button.dataset.body = JSON.stringify({ card: index + 1 });
        button.dataset.number = resident.number;
        speak(button, "place", resident);
        const person = document.createElement("small");
        person.textContent = fill(words.get("person")[0], { ...resident, sex: words.get(`sex.${resident.sex}`)[0] });
        button.append(person);
        return button;
      }),
    );
  }
  for (const button of find("residents").children) {
    button.setAttribute("aria-pressed", String(reader.card?.number === button.dataset.number));
  }
}

function showReceipt(receipt) {
  if (!changed("receipt", receipt)) return;
  speak(find("receipt-state"), `receipt.${receipt.mode}`);
  find("no-slips").hidden = receipt.slips.length > 0;
  if (!changed("slips", receipt.slips)) return;
  find("slips").replaceChildren(
    ...receipt.slips.toReversed().map((slip) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/slips/${slip.name}.png`;
      const picture = document.createElement("img");
      picture.src = link.href;
      picture.width = slip.width;
      picture.height = slip.height;
      picture.alt = "";
      const caption = document.createElement("span");
      speak(caption, "slip", slip);
      link.append(picture, caption);
      item.append(link);
      return item;
    }),
  );
}

function showA4(a4) {
  if (!changed("a4", a4)) return;
  speak(find("a4-state"), `a4.${a4.mode}`);
  find("no-prints").hidden = a4.prints.length > 0;
  find("prints").replaceChildren(
    ...a4.prints.toReversed().map((print) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/prints/${print.file}`;
      speak(link, "print", { ...print, title: print.title || print.name });
      const state = document.createElement("span");
      speak(state, `print.${print.state}`);
      item.append(link, state);
      return item;
    }),
  );
}

async function refresh() {
  try {
    const response = await fetch("/state");
    if (!response.ok) throw new Error(response.statusText);
    const state = await response.json();
    showReader(state.reader);
    showReceipt(state.receipt);
    showA4(state.a4);
    if (changed("notice", "")) find("notice").replaceChildren();
  } catch {
    if (changed("notice", "gone")) speak(find("notice"), "gone");
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-post]");
  if (!button) return;
  await fetch(button.dataset.post, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: button.dataset.body ?? "{}",
  }).catch(() => null);
  await refresh();
});

await refresh();
setInterval(refresh, 1000);
