// The kiosk page's line to the bridge on the same machine: proves the device, reads cards, wipes.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

const KEPT = "linban-kiosk-";

/** What the kiosk's start address may say once, kept for this window: ?bridge=PORT. */
function keptSetting(name) {
  const given = new URLSearchParams(window.location.search).get(name);
  if (given) window.sessionStorage.setItem(KEPT + name, given);
  return window.sessionStorage.getItem(KEPT + name) || "";
}

/** Forgets everything of the person in this browser; the machine's own settings stay. */
export function clearStorage() {
  const settings = Object.entries(window.sessionStorage).filter(([name]) => name.startsWith(KEPT));
  window.sessionStorage.clear();
  window.localStorage.clear();
  for (const [name, value] of settings) window.sessionStorage.setItem(name, value);
}

/** Where the bridge listens. */
export function bridgeUrl(fallback) {
  const port = keptSetting("bridge");
  return /^\d{2,5}$/.test(port) ? `ws://127.0.0.1:${port}/` : fallback;
}

/** connectBridge(url, {onMessage(message), onState("open"|"lost")}) -> {send(message), request(message) -> Promise, close()} */
export function connectBridge(url, { onMessage, onState }) {
  let socket = null;
  let wait = FIRST_WAIT_MS;
  let counter = 0;
  let closed = false;
  const pending = new Map();

  function connect() {
    socket = new WebSocket(url);
    socket.addEventListener("open", () => { wait = FIRST_WAIT_MS; onState?.("open"); });
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      if (message.id && pending.has(message.id)) {
        pending.get(message.id)(message);
        pending.delete(message.id);
        return;
      }
      onMessage?.(message);
    });
    socket.addEventListener("close", () => {
      if (closed) return;
      onState?.("lost");
      window.setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  const send = (message) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  connect();
  return {
    send,
    request: (message) => new Promise((resolve) => {
      const id = `p${++counter}`;
      pending.set(id, resolve);
      send({ ...message, id });
    }),
    close() { closed = true; socket?.close(); },
  };
}
