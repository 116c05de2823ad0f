// The kiosk's second screen: the paper in hand, line by line as the clerk fills it, and the place to sign.

import { command, showRefusal, takeAnswer, useStream } from "./commands.js";
import { drawRegions } from "./regions.js";
import { LiveStream } from "./live.js";
import { wireSignatures } from "./signature.js";

const page = document.querySelector("[data-second]");
let shown = "";
let refusedFor = "";

const live = new LiveStream(page.dataset.stream, {
  onSnapshot: (data) => {
    // While somebody signs, the paper stays as it is unless its content changed; then the signature would not hold anyway.
    const signing = document.querySelector("[data-signature]")?.strokes?.length > 0;
    const next = new DOMParser().parseFromString(data.regions.screen, "text/html").querySelector("[data-paper]");
    if (signing && next?.dataset.sha256 === document.querySelector("[data-paper]")?.dataset.sha256 && next?.dataset.state === document.querySelector("[data-paper]")?.dataset.state) return;
    // What was refused about the paper before is not said of this one.
    const paper = [next?.dataset.paperId, next?.dataset.sha256, next?.dataset.state].join(" ");
    if (paper !== refusedFor) showRefusal(null, null);
    refusedFor = paper;
    document.documentElement.toggleAttribute("data-quiet", data.is_quiet);
    drawRegions(data.regions);
    if (data.screen !== shown) { shown = data.screen; window.scrollTo(0, 0); }
    document.querySelector("[data-focus-row]")?.scrollIntoView({ block: "nearest" });
    wireSignatures();
  },
  onMessage: takeAnswer,
  onState: (state) => {
    document.querySelector("[data-offline]").hidden = state !== "lost";
    if (state === "refused") window.location.reload();
  },
});
useStream(live);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-sign]");
  if (!button) return;
  const paper = button.closest("[data-paper]");
  const pad = paper.querySelector("[data-signature]");
  if (!pad.strokes.length) {
    showRefusal(button, new Error(page.dataset.textNotSigned));
    return;
  }
  try {
    await command("sign", { paper: paper.dataset.paper, paper_id: paper.dataset.paperId, sha256: paper.dataset.sha256, strokes: pad.strokes });
    showRefusal(button, null);
  } catch (error) {
    showRefusal(button, error);
  }
});
