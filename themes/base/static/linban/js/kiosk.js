// The kiosk's main screen: draws what the server says, reads cards through the bridge, holds the call, wipes itself.

import { bridgeUrl, clearStorage, connectBridge } from "./bridge.js";
import { command, showRefusal, takeAnswer, useStream } from "./commands.js";
import { grabStill, startMedia, stopMedia } from "./kiosk-media.js";
import { drawRegions, forgetRegion } from "./regions.js";
import { LiveStream } from "./live.js";
import { createCall } from "./call-media.js";
import { idle } from "./idle.js";
import { speakText } from "./say.js";

const page = document.querySelector("[data-kiosk]");
const stage = document.querySelector("[data-call-stage]");
const USUAL_VOLUME = 0.7;
let call = null;
let session = null;
let cameras = null;
let lastScreen = "";
let announced = "";

// --- the screen ----------------------------------------------------------------------------------------------------
function onSnapshot(data) {
  tellNotice();
  const inCall = data.screen === "call";
  page.dataset.screen = data.screen;
  stage.hidden = !inCall;
  document.querySelector('[data-region="screen"]').hidden = inCall;
  document.body.classList.toggle("kiosk--dusk", inCall);
  document.documentElement.toggleAttribute("data-quiet", data.is_quiet);
  drawRegions(data.regions, data.screen);
  if (data.screen !== lastScreen) {
    lastScreen = data.screen;
    window.scrollTo(0, 0);
    // Where a scanner types, it must find the field; everywhere else the screen itself is read from its top.
    const first = document.querySelector("#main [autofocus]") || document.querySelector("#main");
    if (!inCall) first?.focus({ preventScroll: true });
  }
  if (["call", "notice", "rate"].includes(data.screen)) idle?.pause(); else idle?.resume();
  if (data.call_number && announced !== data.call_number) {
    announced = data.call_number;
    speakText(page.dataset.textCalled.replace("%s", [...data.call_number].join(" ")));
  }
  if (!data.call_number) announced = "";
  holdCall(data.call);
}

const live = new LiveStream(page.dataset.stream, {
  onSnapshot,
  onMessage: (message) => {
    if (takeAnswer(message)) return;
    if (message.type === "capture") capture(message.token);
  },
  onState: (state) => {
    document.querySelector("[data-offline]").hidden = state !== "lost";
    // The portal knows this machine no more: the start page says so and what to do.
    if (state === "refused") window.location.replace(page.dataset.home);
  },
});
useStream(live);

// Back from the questions: the notice is told once the socket answers, and leaves the address at once.
let carried = new URLSearchParams(window.location.search).get("notice");
if (carried) window.history.replaceState(null, "", page.dataset.home);

function tellNotice() {
  const token = carried;
  carried = null;
  if (token) command("notice", { token }).catch((error) => showRefusal(document.body, error));
}

// --- the call -------------------------------------------------------------------------------------------------------
async function holdCall(wanted) {
  if (!wanted) {
    if (call) endCall();
    return;
  }
  stage.dataset.state = wanted.state;
  if (session === wanted.session) return;
  session = wanted.session;
  try {
    cameras = await startMedia(page.dataset.documentCamera);
  } catch (error) {
    document.querySelector("[data-camera-refused]").hidden = false;
    console.warn("kiosk: no camera", error);
    command("trouble", { what: "camera" }).catch(() => {});
    cameras = { local: new MediaStream(), documents: null };
  }
  if (session !== wanted.session) return;
  document.querySelector("[data-self]").srcObject = cameras.local;
  call = createCall({
    side: "kiosk",
    iceServers: wanted.ice_servers,
    localStream: cameras.local,
    documentStream: cameras.documents,
    sendOffer: async (sdp) => (await command("offer", { sdp })).sdp,
    onRemote: ({ voice, face }) => {
      play(document.querySelector("[data-remote-face]"), face);
      const speaker = document.querySelector("[data-remote-voice]");
      if (!speaker.srcObject) speaker.volume = stage.querySelector("[data-louder]").getAttribute("aria-pressed") === "true" ? 1 : USUAL_VOLUME;
      play(speaker, voice);
    },
    onState: (state) => { stage.dataset.media = state; },
  });
  window.linbanCall = call;
}

function play(element, stream) {
  if (!element || !stream || element.srcObject === stream) return;
  element.srcObject = stream;
  element.play().catch((error) => console.warn("kiosk: cannot play yet", error));
}

function endCall() {
  call?.stop();
  stopMedia(cameras);
  for (const element of stage.querySelectorAll("video, audio")) element.srcObject = null;
  document.querySelector("[data-camera-refused]").hidden = true;
  call = null;
  session = null;
  cameras = null;
  window.linbanCall = null;
}

async function capture(token) {
  const blob = await grabStill(cameras);
  if (!blob) { await command("trouble", { what: "document" }).catch(() => {}); return; }
  const body = new FormData();
  body.append("page", blob, "page.jpg");
  const answer = await fetch(page.dataset.captureUrl.replace("TOKEN", token), { method: "POST", body, headers: { "X-CSRFToken": page.dataset.csrf } }).catch(() => null);
  if (!answer?.ok) await command("trouble", { what: "document" }).catch(() => {});
}

stage.querySelector("[data-louder]")?.addEventListener("click", (event) => {
  const isLouder = event.currentTarget.getAttribute("aria-pressed") !== "true";
  stage.querySelector("[data-remote-voice]").volume = isLouder ? 1 : USUAL_VOLUME;
  event.currentTarget.setAttribute("aria-pressed", String(isLouder));
});
stage.querySelector("[data-type]")?.addEventListener("click", () => { stage.querySelector("[data-say-form]").hidden = false; stage.querySelector("[data-say-form] input").focus(); });
stage.addEventListener("command:done", (event) => {
  if (event.detail.type === "say") { stage.querySelector("[data-say-form]").hidden = true; stage.querySelector("[data-say-form]").reset(); }
});

// --- the card --------------------------------------------------------------------------------------------------------
async function arm() {
  try {
    const { nonce } = await command("nonce");
    bridge.send({ type: "reader.arm", id: "arm", nonce });
  } catch (error) {
    console.warn("kiosk: the reader could not be armed", error);
  }
}

// A nonce of the portal lives five minutes: a new one is given to the reader well before that.
window.setInterval(arm, 120_000);

function sayReader(name) {
  page.dataset.reader = name;
  for (const line of document.querySelectorAll("[data-reader-says]")) line.hidden = line.dataset.readerSays !== name;
}

const bridge = connectBridge(bridgeUrl(page.dataset.bridge), {
  onState: (state) => { if (state === "lost") sayReader("reader_absent"); },
  onMessage: async (message) => {
    if (message.type === "bridge.hello" || message.type === "peripherals") {
      if (message.type === "bridge.hello") arm();
      if ((message.peripherals || message).reader?.state === "ok") sayReader("ready");
    } else if (message.type === "card.present" || message.type === "card.reading") {
      sayReader("reading");
    } else if (message.type === "card.removed") {
      sayReader("ready");
    } else if (message.type === "card.error") {
      sayReader(message.code);
      arm();
    } else if (message.type === "card.read") {
      try {
        await command("card", { nonce: message.nonce, payload: message.payload, signature: message.signature });
        sayReader("read");
      } catch (error) {
        showRefusal(document.body, error);
      }
      arm();
    }
  },
});
// A region drawn anew shows the reader's present state, not the one of the template.
document.addEventListener("region:drawn", () => sayReader(page.dataset.reader || "ready"));

// --- keypad and wipe ---------------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]");
  if (!key) return;
  const target = document.querySelector("[data-keypad-target]");
  if (!target) return;
  if (key.dataset.key === "back") target.value = target.value.slice(0, -1);
  else if (key.dataset.key === "clear") target.value = "";
  else if (target.value.length < (target.maxLength > 0 ? target.maxLength : 60)) target.value += key.dataset.key;
  target.dispatchEvent(new Event("input", { bubbles: true }));
});

let searching = 0;
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-search-as-you-type]")) return;
  window.clearTimeout(searching);
  const query = event.target.value;
  searching = window.setTimeout(() => command("search", { query }).catch(() => {}), 250);
});

document.addEventListener("command:done", (event) => {
  if (!event.detail.data?.wiped) return;
  wipe();
});

async function wipe() {
  endCall();
  bridge.send({ type: "wipe", id: "wipe" });
  clearStorage();
  forgetRegion("screen");
  // Going somewhere by replace leaves no step in the history that the next person could go back to.
  window.location.replace(page.dataset.home);
}
