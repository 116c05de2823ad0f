// One side's pictures and sound in a remote session: a peer connection with fixed media lines that comes back after a drop.
//
// createCall({side, sendOffer, iceServers, localStream, documentStream, onRemote, onState}) -> call
//   side            "kiosk" or "clerk"
//   sendOffer(sdp)  -> Promise of the answer's SDP; called again, with a new offer, each time the call comes back
//   iceServers      as RTCPeerConnection takes them; [] inside one network
//   localStream     MediaStream with the microphone and the camera; either may be missing and come later
//   documentStream  kiosk only: MediaStream of the document camera; may come later through setDocument()
//   onRemote({voice, face, document})  MediaStreams, each with one track; document is null at the kiosk
//   onState(state)  "connecting" | "connected" | "reconnecting" | "stopped"
// The call: setLocal(stream), setDocument(stream|null), mute(kind, isMuted), reconnect(), stats(), stop().

const LINES = {
  kiosk: [["voice", "audio", "sendrecv"], ["face", "video", "sendrecv"], ["document", "video", "sendonly"]],
  clerk: [["voice", "audio", "sendrecv"], ["face", "video", "sendrecv"], ["document", "video", "recvonly"]],
};
const CODECS = { audio: ["audio/opus"], video: ["video/vp8", "video/rtx"] };
const GATHER_WITHIN_MS = 1500;
const CONNECT_WITHIN_MS = 15000;
const DISCONNECTED_FOR_MS = 4000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;
const STATS_EVERY_MS = 2000;
const FROZEN_POLLS = 4;

export function createCall({ side, sendOffer, iceServers = [], localStream = null, documentStream = null, onRemote, onState }) {
  if (!LINES[side]) throw new TypeError(`side must be "kiosk" or "clerk", not ${side}`);

  const muted = { voice: false, face: false, document: false };
  let local = localStream;
  let documents = documentStream;
  let attempt = null; // The peer connection that counts, with its timers; an older one must not speak any more.
  let state = "";
  let retryMs = FIRST_RETRY_MS;
  let hasBeenConnected = false;

  function say(next) {
    if (next === state || state === "stopped") return;
    state = next;
    onState?.(next);
  }

  function trackOf(kind) {
    if (kind === "voice") return local?.getAudioTracks()[0] ?? null;
    if (kind === "face") return local?.getVideoTracks()[0] ?? null;
    return documents?.getVideoTracks()[0] ?? null;
  }

  function attach(current) {
    const waits = [];
    if (!current) return Promise.all(waits);
    for (const [kind, transceiver] of current.transceivers) {
      if (transceiver.direction === "recvonly") continue;
      const track = trackOf(kind);
      if (track) track.enabled = !muted[kind];
      if (transceiver.sender.track !== track) waits.push(transceiver.sender.replaceTrack(track));
    }
    return Promise.all(waits);
  }

  async function open() {
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    const current = { peer, transceivers: new Map(), timers: new Set(), remote: {}, decoded: new Map(), frozen: 0 };
    attempt = current;
    say(hasBeenConnected ? "reconnecting" : "connecting");
    try {
      for (const [kind, media, direction] of LINES[side]) {
        const transceiver = peer.addTransceiver(media, { direction });
        preferCodecs(transceiver, media);
        current.transceivers.set(kind, transceiver);
      }
      peer.addEventListener("connectionstatechange", () => watchConnection(current));
      // The document's letters count, its motion does not: let the browser keep the resolution.
      const page = trackOf("document");
      if (page && "contentHint" in page) page.contentHint = "detail";
      await attach(current);
      await peer.setLocalDescription();
      await gathered(peer);
      if (attempt !== current) return;
      later(current, CONNECT_WITHIN_MS, () => peer.connectionState !== "connected" && comeBack(current));
      const answer = await sendOffer(peer.localDescription.sdp);
      if (attempt !== current) return;
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
      for (const [kind, transceiver] of current.transceivers) {
        const sends = transceiver.direction !== "sendonly";
        current.remote[kind] = sends ? new MediaStream([transceiver.receiver.track]) : null;
      }
      onRemote?.({ voice: current.remote.voice, face: current.remote.face, document: current.remote.document });
    } catch (error) {
      // The offer found no answer (the portal or the node restarts): try again, a little later each time.
      console.warn("call-media:", error);
      comeBack(current);
    }
  }

  function watchConnection(current) {
    if (attempt !== current) return;
    const now = current.peer.connectionState;
    if (now === "connected") {
      hasBeenConnected = true;
      retryMs = FIRST_RETRY_MS;
      say("connected");
      if (!current.polling) {
        current.polling = setInterval(() => poll(current), STATS_EVERY_MS);
      }
    } else if (now === "failed" || now === "closed") {
      comeBack(current);
    } else if (now === "disconnected") {
      // A short break of the network heals by itself; the node answers no ICE restart, so a longer one needs a new peer.
      later(current, DISCONNECTED_FOR_MS, () => current.peer.connectionState === "disconnected" && comeBack(current));
    }
  }

  async function poll(current) {
    if (attempt !== current) return;
    const decoded = await framesDecoded(current);
    if (attempt !== current) return;
    const total = [...decoded.values()].reduce((sum, count) => sum + count, 0);
    const before = [...current.decoded.values()].reduce((sum, count) => sum + count, 0);
    // Counted only for stats(): the other side may simply not be there, which is no reason to start again.
    current.frozen = total > before ? 0 : current.frozen + 1;
    current.decoded = decoded;
  }

  function later(current, ms, act) {
    const timer = setTimeout(() => {
      current.timers.delete(timer);
      if (attempt === current) act();
    }, ms);
    current.timers.add(timer);
  }

  function discard(current) {
    clearInterval(current.polling);
    for (const timer of current.timers) clearTimeout(timer);
    current.timers.clear();
    current.peer.close();
  }

  function comeBack(current) {
    if (attempt !== current || state === "stopped") return;
    discard(current);
    const waiting = { timers: new Set(), peer: { close() {} }, transceivers: new Map(), decoded: new Map(), frozen: 0 };
    attempt = waiting;
    say(hasBeenConnected ? "reconnecting" : "connecting");
    later(waiting, retryMs, open);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }

  open();

  return {
    /** The microphone and camera changed (another device was chosen, or permission came late). */
    async setLocal(stream) {
      local = stream;
      await attach(attempt);
    },
    /** The document camera is shown (a stream) or put away (null). */
    async setDocument(stream) {
      documents = stream;
      const page = trackOf("document");
      if (page && "contentHint" in page) page.contentHint = "detail";
      await attach(attempt);
    },
    /** kind: "voice", "face" or "document". */
    mute(kind, isMuted = true) {
      muted[kind] = isMuted;
      const track = trackOf(kind);
      if (track) track.enabled = !isMuted;
    },
    /** Begin again with a new peer connection, as after a drop. */
    reconnect() {
      retryMs = FIRST_RETRY_MS;
      comeBack(attempt);
    },
    /** {state, framesDecoded: {face, document}, isFrozen}: what the screen may show of the line's quality. */
    async stats() {
      const current = attempt;
      const decoded = current?.transceivers.size ? await framesDecoded(current) : new Map();
      return { state, framesDecoded: Object.fromEntries(decoded), isFrozen: (current?.frozen ?? 0) >= FROZEN_POLLS };
    },
    /** End the call; the streams stay the page's own and are not stopped. */
    stop() {
      say("stopped");
      const last = attempt;
      attempt = null;
      if (last) discard(last);
    },
  };
}

function preferCodecs(transceiver, media) {
  const all = RTCRtpReceiver.getCapabilities?.(media)?.codecs ?? [];
  const wanted = all.filter((codec) => CODECS[media].includes(codec.mimeType.toLowerCase()));
  if (wanted.length && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}

function gathered(peer) {
  // The offer carries its candidates; those of a slow STUN or TURN server must not hold it up.
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_WITHIN_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function framesDecoded(current) {
  const counts = new Map();
  for (const [kind, transceiver] of current.transceivers) {
    if (kind === "voice" || transceiver.direction === "sendonly") continue;
    const report = await transceiver.receiver.getStats();
    for (const entry of report.values()) {
      if (entry.type === "inbound-rtp") counts.set(kind, entry.framesDecoded ?? 0);
    }
  }
  return counts;
}
