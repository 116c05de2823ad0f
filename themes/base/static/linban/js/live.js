// One WebSocket that keeps itself alive: snapshot first, then messages in order, a reload when one was missed.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const SILENCE_MS = 45000;
// The screen is not this account's or device's any more; see portal/base/streams/consumers.py.
const REFUSED_CODE = 4403;

/**
 * A stream of numbered messages.
 *
 *   <- {"type": "snapshot", "seq": 12, "data": {...}}     onSnapshot(data, seq)
 *   <- {"type": "...", "seq": 13, ...}                    onMessage(message)
 *   <- {"type": "heartbeat", "seq": 13}                   (kept to itself)
 *   => {"type": "reload"}                                 when a number was skipped
 *
 * A message without "seq" is passed on as it is. onState gets "connecting", "open", "lost", or "refused" for good; every element with
 * [data-live-state] gets the state as data-state, and its text from data-text-connecting, -open, -lost.
 */
export class LiveStream {
  #url;
  #handlers;
  #socket = null;
  #seq = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #silence = 0;
  #closed = false;
  #reloading = false;
  #outbox = [];

  constructor(url, { onSnapshot = () => {}, onMessage = () => {}, onState = () => {} } = {}) {
    const address = new URL(url, window.location.href);
    if (address.protocol === "http:") address.protocol = "ws:";
    if (address.protocol === "https:") address.protocol = "wss:";
    this.#url = address.href;
    this.#handlers = { onSnapshot, onMessage, onState };
    this.#connect();
    window.addEventListener("online", () => this.#connectNow());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#connectNow(); });
  }

  get seq() { return this.#seq; }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  /** Sends now, or as soon as the line is back (at most fifty wait). */
  send(message) {
    if (this.isOpen) { this.#socket.send(JSON.stringify(message)); return true; }
    if (this.#outbox.length < 50) this.#outbox.push(message);
    return false;
  }

  reload() {
    if (!this.isOpen || this.#reloading) return;
    this.#reloading = true;
    this.#socket.send(JSON.stringify({ type: "reload" }));
  }

  close() {
    this.#closed = true;
    window.clearTimeout(this.#timer);
    window.clearTimeout(this.#silence);
    this.#socket?.close();
  }

  #tell(state) {
    for (const element of document.querySelectorAll("[data-live-state]")) {
      element.dataset.state = state;
      const text = element.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
      if (text !== undefined) element.textContent = text;
    }
    this.#handlers.onState(state);
  }

  #connectNow() {
    if (this.#closed || this.#socket) return;
    window.clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  }

  #connect() {
    this.#tell("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS;
      this.#reloading = false;
      this.#tell("open");
      this.#listenForSilence();
      for (const message of this.#outbox.splice(0)) socket.send(JSON.stringify(message));
    });
    socket.addEventListener("message", (event) => {
      this.#listenForSilence();
      this.#take(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (this.#socket !== socket) return;
      if (event.code === REFUSED_CODE) this.#refused(); else this.#lost();
    });
  }

  /** The portal does not let this page in any more; asking again would change nothing. */
  #refused() {
    this.close();
    this.#socket = null;
    this.#tell("refused");
  }

  #lost() {
    this.#socket = null;
    window.clearTimeout(this.#silence);
    if (this.#closed) return;
    this.#tell("lost");
    // Waits grow and are spread, so that a whole district does not come back in the same second.
    const wait = this.#wait * (0.5 + Math.random());
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#timer = window.setTimeout(() => this.#connect(), wait);
  }

  #listenForSilence() {
    window.clearTimeout(this.#silence);
    // A cable pulled out sends no goodbye: three missed heartbeats count as a lost line.
    this.#silence = window.setTimeout(() => {
      const socket = this.#socket;
      this.#lost();
      socket?.close();
    }, SILENCE_MS);
  }

  #take(message) {
    if (message.type === "snapshot") {
      this.#seq = message.seq;
      this.#reloading = false;
      this.#handlers.onSnapshot(message.data, message.seq);
      return;
    }
    if (message.seq === undefined || message.seq === null) {
      this.#handlers.onMessage(message);
      return;
    }
    if (message.type === "heartbeat") {
      if (this.#seq === null || message.seq > this.#seq) {
        // The last request may have been lost: a heartbeat asks again.
        this.#reloading = false;
        this.reload();
      }
      return;
    }
    if (this.#seq !== null && message.seq <= this.#seq) return;
    if (this.#seq === null || message.seq > this.#seq + 1) {
      this.reload();
      return;
    }
    this.#seq = message.seq;
    this.#handlers.onMessage(message);
  }
}
