// A kiosk browser that the portal does not know yet: the bridge proves which device it is, then the page loads again.

import { bridgeUrl, connectBridge } from "./bridge.js";

const root = document.querySelector("[data-connect]");
const say = (name) => {
  for (const line of root.querySelectorAll("[data-step]")) line.hidden = line.dataset.step !== name;
};

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.csrf },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

say("looking");
const bridge = connectBridge(bridgeUrl(root.dataset.bridge), {
  onState: (state) => { if (state === "lost") say("no-bridge"); },
  onMessage: async (message) => {
    if (message.type !== "bridge.hello") return;
    say("proving");
    try {
      const { nonce } = await post(root.dataset.nonceUrl, {});
      const proof = await bridge.request({ type: "device.prove", nonce });
      await post(root.dataset.proveUrl, { device: proof.device, nonce, signature: proof.signature });
      window.location.reload();
    } catch {
      say("not-paired");
    }
  },
});
