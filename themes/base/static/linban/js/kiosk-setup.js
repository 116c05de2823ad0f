// The kiosk's set-up: every camera of this machine with its picture, one of them to be chosen for papers.

const form = document.querySelector("[data-cameras]");
const options = form.querySelector(".options");
const pattern = form.querySelector("template");

/** One choice; the camera's label is what the portal keeps, since a browser gives a camera another id in each profile. */
async function offer({ deviceId, label }) {
  const choice = pattern.content.cloneNode(true);
  const input = choice.querySelector("input");
  const video = choice.querySelector("video");
  input.value = label;
  input.checked = label !== "" && label === form.dataset.chosen;
  video.setAttribute("aria-label", label);
  choice.querySelector("[data-label]").textContent = label;
  options.append(choice);
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: deviceId } } });
  } catch (error) {
    console.warn("set-up: this camera gives no picture", error);
  }
}

async function offerAll() {
  // Labels are told only once a camera was allowed.
  const first = await navigator.mediaDevices.getUserMedia({ video: true });
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  for (const track of first.getTracks()) track.stop();
  for (const camera of cameras) await offer(camera);
}

offerAll().catch((error) => {
  form.querySelector("[data-no-camera]").hidden = false;
  console.warn("set-up: no camera", error);
});
