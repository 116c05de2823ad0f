// The kiosk's microphone and its two cameras, and a still of the document camera.

const FACE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 25 } };
const PAGE = { width: { ideal: 1280 }, height: { ideal: 960 }, frameRate: { ideal: 10 } };
const DOCUMENT_LABEL = /document|文档|高拍|scanner|visualiser/i;

/** {local: voice and face, documents: the document camera or null}; `label` names it, else its usual names, else its place. */
export async function startMedia(label = "") {
  const local = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true }, video: FACE });
  const faceId = local.getVideoTracks()[0]?.getSettings().deviceId;
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const others = cameras.filter((device) => device.deviceId !== faceId);
  const named = label && others.find((device) => device.label.includes(label));
  const second = named || others.find((device) => DOCUMENT_LABEL.test(device.label)) || others[0];
  let documents = null;
  if (second) {
    documents = await navigator.mediaDevices.getUserMedia({ video: { ...PAGE, deviceId: { exact: second.deviceId } } }).catch(() => null);
  }
  return { local, documents };
}

/** Switches every camera and the microphone off. */
export function stopMedia(cameras) {
  for (const stream of [cameras?.local, cameras?.documents]) {
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}

/** A JPEG of what lies under the document camera now (the face camera where there is no other); null without any. */
export async function grabStill(cameras) {
  const stream = cameras?.documents || cameras?.local;
  const track = stream?.getVideoTracks()[0];
  if (!track) return null;
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  await video.play();
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  video.srcObject = null;
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}
