// A place to sign with finger, pen or mouse: keeps strokes as [x, y, ms] on a scale of 0 to 1000.

/** Wires every [data-signature] in `root`; its `strokes` property holds what was drawn. */
export function wireSignatures(root = document) {
  for (const pad of root.querySelectorAll("[data-signature]:not([data-wired])")) {
    pad.dataset.wired = "1";
    wire(pad);
  }
}

function wire(pad) {
  const canvas = pad.querySelector("canvas");
  const scope = pad.closest("[data-signature-scope]") ?? pad;
  let strokes = [];
  let began = 0;
  let drawing = false;

  function fit() {
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * window.devicePixelRatio);
    canvas.height = Math.round(box.height * window.devicePixelRatio);
    draw();
  }

  function draw() {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineWidth = canvas.height / 40;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], index) => {
        const place = [(x / 1000) * canvas.width, (y / 1000) * canvas.height];
        if (index === 0) context.moveTo(...place); else context.lineTo(...place);
      });
      context.stroke();
    }
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const bound = (value) => Math.max(0, Math.min(1000, Math.round(value * 1000)));
    return [bound((event.clientX - box.left) / box.width), bound((event.clientY - box.top) / box.height), Math.round(event.timeStamp - began)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (strokes.length === 0) began = event.timeStamp;
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    strokes.push([point(event)]);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    strokes.at(-1).push(point(event));
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => { drawing = false; pad.dispatchEvent(new Event("change")); });
  }
  scope.querySelector("[data-sign-again]")?.addEventListener("click", () => { strokes = []; draw(); });
  Object.defineProperty(pad, "strokes", { get: () => strokes });
  new ResizeObserver(fit).observe(canvas);
}
