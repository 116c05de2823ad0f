// Reads the page aloud with the device's own voice; without a voice for the page's language the button is not shown.

const synth = window.speechSynthesis;
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const buttons = [...document.querySelectorAll("[data-speak]")];

function voice() {
  const voices = synth?.getVoices() ?? [];
  const fitting = voices.filter((one) => one.lang.toLowerCase().replace("_", "-").startsWith(language));
  return fitting.find((one) => one.localService && /zh-(cn|hans)|cmn/i.test(one.lang)) ?? fitting.find((one) => one.localService) ?? fitting[0] ?? null;
}

function showButtons() {
  const found = voice() !== null;
  for (const button of buttons) button.hidden = !found;
}

function markPressed(pressed) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(pressed));
}

/** What would be read: the chosen words of the page, without what is hidden, decorative or a control's inside. */
export function readableText(root = document.querySelector("[data-speak-source]")) {
  if (!root) return "";
  const parts = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode(node) {
      if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
      if (node.matches("[hidden], [aria-hidden=true], svg, script, style, dialog:not([open]), [data-speak-skip]")) return NodeFilter.FILTER_REJECT;
      return NodeFilter.FILTER_SKIP;
    },
  });
  let block = null;
  while (walker.nextNode()) {
    const owner = walker.currentNode.parentElement.closest("h1,h2,h3,h4,p,li,dt,dd,td,th,label,button,a,summary,legend,div,section") ?? root;
    const words = walker.currentNode.data.replace(/\s+/g, " ").trim();
    if (owner === block) parts[parts.length - 1] += words;
    else parts.push(words);
    block = owner;
  }
  return parts.map((part) => (/[。？！；：.?!;:，,]$/.test(part) ? part : `${part}。`)).join("");
}

/** Reads a text; resolves when it has been read or cannot be. */
export function speak(text) {
  return new Promise((resolve) => {
    const chosen = voice();
    if (!chosen || !text) { resolve(false); return; }
    synth.cancel();
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.voice = chosen;
    utterance.lang = chosen.lang;
    utterance.rate = 0.9;
    utterance.addEventListener("end", () => resolve(true));
    utterance.addEventListener("error", () => resolve(false));
    synth.speak(utterance);
  });
}

export function stopSpeaking() { synth?.cancel(); }

for (const button of buttons) {
  button.addEventListener("click", async () => {
    if (synth.speaking) { stopSpeaking(); markPressed(false); return; }
    markPressed(true);
    const chosen = button.dataset.speak ? document.querySelector(button.dataset.speak) : undefined;
    await speak(readableText(chosen ?? undefined));
    markPressed(false);
  });
}
showButtons();
synth?.addEventListener?.("voiceschanged", showButtons);
window.addEventListener("pagehide", stopSpeaking);
