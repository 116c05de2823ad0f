// The clerk's desk: draws the regions, sends commands, holds the call, fills forms field by field, keys F9 and F2.

import { command, showRefusal, takeAnswer, useStream } from "./commands.js";
import { drawRegions } from "./regions.js";
import { LiveStream } from "./live.js";
import { createCall } from "./call-media.js";
import { wireSignatures } from "./signature.js";

const page = document.querySelector("[data-desk]");
const stage = document.querySelector("[data-call-stage]");
let call = null;
let session = null;
let local = null;
let liveAt = null;

function onSnapshot(data) {
  drawRegions(data.regions, data.ticket || "");
  wireSignatures();
  page.dataset.ticket = data.ticket || "";
  liveAt = data.call?.live_at ? new Date(data.call.live_at) : null;
  holdCall(data.call);
}

const live = new LiveStream(page.dataset.stream, {
  onSnapshot,
  onMessage: takeAnswer,
  onState: (state) => {
    document.querySelector("[data-offline]").hidden = state !== "lost";
    document.querySelector("[data-stale]").hidden = state !== "refused";
    if (state === "refused") endCall();
  },
});
useStream(live);

// --- the call -------------------------------------------------------------------------------------------------------
async function holdCall(wanted) {
  stage.hidden = !wanted;
  document.querySelector("[data-no-call]").hidden = Boolean(wanted);
  if (!wanted) {
    if (session) endCall();
    return;
  }
  stage.dataset.state = wanted.state;
  if (session === wanted.session) return;
  session = wanted.session;
  try {
    local = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true }, video: { width: { ideal: 640 }, height: { ideal: 480 } } });
    document.querySelector("[data-camera-refused]").hidden = true;
  } catch (error) {
    document.querySelector("[data-camera-refused]").hidden = false;
    console.warn("desk: no camera", error);
    local = new MediaStream();
  }
  if (session !== wanted.session) return;
  stage.querySelector("[data-self]").srcObject = local;
  call = createCall({
    side: "clerk",
    iceServers: wanted.ice_servers,
    localStream: local,
    sendOffer: async (sdp) => (await command("offer", { sdp })).sdp,
    onRemote: ({ voice, face, document: paper }) => {
      play(stage.querySelector("[data-remote-face]"), face);
      play(stage.querySelector("[data-remote-voice]"), voice);
      play(stage.querySelector("[data-remote-document]"), paper);
    },
    onState: (state) => { stage.dataset.media = state; },
  });
  window.linbanCall = call;
}

function play(element, stream) {
  if (!element || !stream || element.srcObject === stream) return;
  element.srcObject = stream;
  element.play().catch((error) => console.warn("desk: cannot play yet", error));
}

function endCall() {
  call?.stop();
  for (const track of local?.getTracks() ?? []) track.stop();
  for (const element of stage.querySelectorAll("video, audio")) element.srcObject = null;
  call = null;
  session = null;
  local = null;
  window.linbanCall = null;
}

window.setInterval(() => {
  const clock = document.querySelector("[data-recording-time]");
  if (!clock || !liveAt) return;
  const seconds = Math.max(0, Math.floor((Date.now() - liveAt) / 1000));
  clock.textContent = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}, 1000);

stage.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-mute]");
  if (!tile || !call) return;
  const muted = tile.getAttribute("aria-pressed") !== "true";
  call.mute(tile.dataset.mute, muted);
  tile.setAttribute("aria-pressed", String(muted));
});

stage.querySelector("[data-zoom]")?.addEventListener("click", () => stage.querySelector("[data-remote-document]").requestFullscreen?.());
stage.querySelector("[data-type]")?.addEventListener("click", () => {
  const form = stage.querySelector("[data-say-form]");
  form.hidden = !form.hidden;
  if (!form.hidden) form.querySelector("input").focus();
});

// --- forms: each change is sent, and stays if it was wrong ------------------------------------------------------------
let filling = Promise.resolve(true);
let underway = "";
// What was typed and is not yet known to be kept: a snapshot that was drawn before it must not take it away.
const typed = new Map();
let typedInto = "";

document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-paper-form]") && event.target.name) typed.set(event.target.name, event.target.value);
});
document.addEventListener("region:drawn", (event) => {
  const form = event.target.querySelector("form[data-paper-form]");
  if (form && form.dataset.paperForm !== typedInto) {
    typedInto = form.dataset.paperForm;
    typed.clear();
  }
  for (const [name, value] of typed) {
    if (form?.elements[name] && form.elements[name].value !== value) form.elements[name].value = value;
  }
});

/** Sends the form as it stands; true once the portal has kept it. */
function sendValues(form, focus) {
  const values = Object.fromEntries(new FormData(form));
  const what = JSON.stringify(values);
  if (what === underway) return filling;
  underway = what;
  const kept = () => { for (const [name, value] of Object.entries(values)) if (typed.get(name) === value) typed.delete(name); return true; };
  const refused = (error) => { showRefusal(document.querySelector("form[data-paper-form]"), error); return false; };
  filling = command("fill", { values, focus }).then(kept, refused).finally(() => { if (underway === what) underway = ""; });
  return filling;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-paper-form]");
  if (form) sendValues(form, event.target.name);
});
// A field that was drawn anew while one typed has the words from us: the browser then tells of no change.
document.addEventListener("focusout", (event) => {
  const form = event.target.closest("form[data-paper-form]");
  if (form && form.isConnected && typed.has(event.target.name)) sendValues(form, event.target.name);
});
document.addEventListener("focusin", (event) => {
  if (event.target.closest("form[data-paper-form]") && event.target.name) command("show", { focus: event.target.name }).catch(() => {});
});
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-paper-form]");
  if (!form) return;
  event.preventDefault();
  if (!(await sendValues(form, ""))) return;
  // The region is drawn anew after each command; the sentence belongs to the form that is there then.
  const now = () => document.querySelector("form[data-paper-form]");
  command("offer_form").then(() => showRefusal(now(), null), (error) => showRefusal(now(), error));
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-sign-handover]");
  if (!button) return;
  const pad = button.closest("[data-signature-scope]").querySelector("[data-signature]");
  if (!pad.strokes.length) { showRefusal(button, new Error(page.dataset.textNotSigned)); return; }
  try {
    await command("sign_handover", { handover: button.dataset.signHandover, strokes: pad.strokes });
  } catch (error) {
    showRefusal(button, error);
  }
});

// --- uploads and copying ------------------------------------------------------------------------------------------------
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form) return;
  event.preventDefault();
  const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": page.dataset.csrf } });
  showRefusal(form, response.ok ? null : new Error(await response.text()));
  if (response.ok) { form.reset(); live.reload(); }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy).catch(() => {});
  button.dataset.copied = "1";
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "F9") return;
  event.preventDefault();
  document.querySelector("[data-key-next]")?.click();
});
