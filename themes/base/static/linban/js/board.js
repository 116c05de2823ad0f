// The hall display: shows what is called, and says it in Mandarin, one after another, late rather than never.

import { LiveStream } from "./live.js";

const KEPT_SAID = 200;
const LONGEST_SAYING_MS = 30000;
const VOICES_WITHIN_MS = 1500;
const SAID_KEY = "linban-board-said";

const board = document.querySelector("[data-board]");
const words = JSON.parse(document.getElementById("board-words").textContent);

// --- showing ---------------------------------------------------------------------------------------------------------

/** Puts a sentence into an element; where it says {name}, the value stands in a large number's own element. */
function fill(element, sentence, values) {
  const parts = sentence.split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const number = document.createElement("b");
    number.className = "num";
    number.textContent = values[part];
    return number;
  });
  element.replaceChildren(...parts);
}

function showCall(call) {
  const number = board.querySelector("[data-call-number]");
  const where = board.querySelector("[data-call-where]");
  board.classList.toggle("board-call--quiet", !call);
  number.hidden = !call;
  if (!call) {
    delete board.dataset.shown;
    where.textContent = words.none_called;
    return;
  }
  if (board.dataset.shown === call.id) return;
  board.dataset.shown = call.id;
  const digits = document.createElement("span");
  digits.textContent = call.digits;
  number.replaceChildren(call.letter, digits);
  fill(where, call.remote ? words.to_point : words.to_counter, { counter: call.counter });
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${board.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function row(call) {
  const item = document.createElement("li");
  const number = document.createElement("b");
  number.className = "board-list__number num";
  number.textContent = call.number;
  const counter = document.createElement("span");
  counter.className = "board-list__window";
  fill(counter, words.counter, { counter: call.counter });
  const how = document.createElement("span");
  how.className = "board-list__how";
  if (call.remote) how.append(icon("video"), words.video);
  item.append(number, counter, how);
  return item;
}

function showWait(name, wait) {
  const place = document.querySelector(`[data-wait="${name}"]`);
  if (wait.waiting === 0) place.textContent = words.nobody;
  else fill(place, words.waiting, { count: wait.waiting, minutes: wait.minutes });
}

let snapshot = null;

function show() {
  if (!snapshot) return;
  const called = snapshot.current ? [snapshot.current, ...snapshot.recent] : [];
  // While a number is being said, it is the one in the window, also when another was called since.
  const shown = voice.saying ?? called[0] ?? null;
  showCall(shown);
  const others = called.filter((call) => call.number !== shown?.number).slice(0, 5);
  document.querySelector("[data-recent]").replaceChildren(...others.map(row));
  showWait("hall", snapshot.hall);
  showWait("remote", snapshot.remote);
  document.querySelector("[data-rule]").textContent = snapshot.rule;
}

// --- saying ----------------------------------------------------------------------------------------------------------

class Blocked extends Error {}

/** The browser's Mandarin voice; voices come late in some browsers, so it waits a little. */
async function mandarinVoice() {
  if (!("speechSynthesis" in window)) return null;
  const find = () => speechSynthesis.getVoices().find((one) => /^(zh|cmn)([-_](CN|Hans.*|SG))?$/i.test(one.lang));
  if (find()) return find();
  await new Promise((resolve) => {
    speechSynthesis.addEventListener("voiceschanged", resolve, { once: true });
    window.setTimeout(resolve, VOICES_WITHIN_MS);
  });
  return find() ?? null;
}

function within(promise, limitMs) {
  return Promise.race([promise, new Promise((resolve) => { window.setTimeout(resolve, limitMs); })]);
}

function sayWithVoice(text, browserVoice) {
  return new Promise((resolve, reject) => {
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.voice = browserVoice;
    utterance.lang = browserVoice.lang;
    utterance.rate = 0.9;
    utterance.addEventListener("end", resolve);
    utterance.addEventListener("error", (event) => {
      if (event.error === "not-allowed") reject(new Blocked());
      else resolve();
    });
    speechSynthesis.speak(utterance);
  });
}

async function playClip(name) {
  const audio = new Audio(board.dataset.clips.replace("please", name));
  const ended = new Promise((resolve) => {
    audio.addEventListener("ended", resolve);
    audio.addEventListener("error", resolve);
  });
  try {
    await audio.play();
  } catch (error) {
    if (error.name === "NotAllowedError") throw new Blocked();
    return;
  }
  await ended;
}

class Voice {
  #queue = [];
  #said = new Set(JSON.parse(sessionStorage.getItem(SAID_KEY) ?? "[]"));
  #isRunning = false;
  #isBlocked = false;
  #onSaid;
  #known = new Set();
  saying = null;

  constructor(onSaid) {
    this.#onSaid = onSaid;
    document.querySelector("[data-board-sound] button").addEventListener("click", () => this.unblock());
  }

  /** Takes what a snapshot says is due: what was called while this display was on, and what no display has said. */
  take(calls, isFirst) {
    for (const call of calls) {
      if (this.#known.has(call.id)) continue;
      this.#known.add(call.id);
      if (this.#said.has(call.id) || (isFirst && call.is_spoken)) continue;
      this.#queue.push(call);
    }
    this.#run();
  }

  unblock() {
    this.#isBlocked = false;
    document.querySelector("[data-board-sound]").hidden = true;
    this.#run();
  }

  async #run() {
    if (this.#isRunning || this.#isBlocked) return;
    this.#isRunning = true;
    try {
      while (this.#queue.length > 0) {
        this.saying = this.#queue[0];
        show();
        board.dataset.saying = this.saying.number;
        if (!await this.#say(this.saying)) break;
        this.#remember(this.#queue.shift());
      }
    } finally {
      this.saying = null;
      delete board.dataset.saying;
      this.#isRunning = false;
      show();
    }
  }

  async #say(call) {
    const browserVoice = await mandarinVoice();
    const hasClips = board.dataset.clips !== "";
    document.querySelector("[data-board-mute]").hidden = Boolean(browserVoice) || hasClips;
    if (!browserVoice && !hasClips) return false;
    try {
      for (let round = 0; round < 2; round += 1) {
        if (browserVoice) await within(sayWithVoice(call.text, browserVoice), LONGEST_SAYING_MS);
        else for (const name of call.clips) await within(playClip(name), LONGEST_SAYING_MS);
      }
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      this.#isBlocked = true;
      document.querySelector("[data-board-sound]").hidden = false;
      return false;
    }
    return true;
  }

  #remember(call) {
    this.#said.add(call.id);
    sessionStorage.setItem(SAID_KEY, JSON.stringify([...this.#said].slice(-KEPT_SAID)));
    board.dataset.said = call.number;
    this.#onSaid(call);
  }
}

let isFirst = true;
let commands = 0;
const voice = new Voice((call) => {
  commands += 1;
  stream.send({ type: "spoken", id: String(commands), call: call.id });
});

const stream = new LiveStream(board.dataset.socket, {
  onSnapshot(data) {
    snapshot = data;
    show();
    voice.take(data.say, isFirst);
    isFirst = false;
  },
  onState(state) {
    document.querySelector("[data-board-lost]").hidden = state !== "lost";
  },
});
