// The auditor's player: the other pictures follow the first one, which carries the sound.

const lead = document.querySelector("[data-leads]");
const others = [...document.querySelectorAll("[data-follows]")];

function follow() {
  for (const video of others) {
    if (Math.abs(video.currentTime - lead.currentTime) > 0.3) video.currentTime = lead.currentTime;
    if (lead.paused) video.pause(); else video.play().catch(() => {});
  }
}

for (const event of ["play", "pause", "seeked", "timeupdate"]) lead?.addEventListener(event, follow);
