// The kiosk page's line to the bridge on the same machine: proves the device, reads cards, wipes.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Where the bridge listens; another port can be given once as ?bridge=PORT and is kept for this window. */
export function bridgeUrl(fallback) {
  const port = new URLSearchParams(window.location.search).get("bridge");
  if (port && /^\d{2,5}$/.test(port)) window.sessionStorage.setItem("linban-bridge", port);
  const kept = window.sessionStorage.getItem("linban-bridge");
  return kept ? `ws://127.0.0.1:${kept}/` : fallback;
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
