// Nobody there: after a while asks, and ten seconds later leaves for the start page so that nothing personal stays.

const dialog = document.querySelector("[data-idle]");

/** Starts the timer; returns a handle whose `pause()` and `resume()` hold it during a call, and `touch()` restarts it. */
export function startIdle(element) {
  const afterMs = Number(element.dataset.idleAfter) * 1000;
  const graceS = Number(element.dataset.idleGrace);
  const left = element.querySelector("[data-idle-left]");
  let waiting = 0;
  let counting = 0;
  let paused = false;

  const leave = () => window.location.replace(element.dataset.idleUrl);

  function ask() {
    let seconds = graceS;
    left.textContent = String(seconds);
    element.showModal();
    counting = window.setInterval(() => {
      seconds -= 1;
      left.textContent = String(Math.max(seconds, 0));
      if (seconds <= 0) { window.clearInterval(counting); leave(); }
    }, 1000);
  }

  function touch() {
    window.clearTimeout(waiting);
    if (!paused && !element.open) waiting = window.setTimeout(ask, afterMs);
  }

  function stay() {
    window.clearInterval(counting);
    if (element.open) element.close();
    touch();
  }

  for (const event of ["pointerdown", "keydown", "input", "scroll"]) {
    document.addEventListener(event, touch, { passive: true, capture: true });
  }
  element.querySelector("[data-idle-stay]").addEventListener("click", stay);
  // Escape closes a dialog by itself; that too means that somebody is there.
  element.addEventListener("close", stay);
  touch();
  return {
    touch,
    pause() { paused = true; window.clearTimeout(waiting); window.clearInterval(counting); if (element.open) element.close(); },
    resume() { paused = false; touch(); },
  };
}

export const idle = dialog ? startIdle(dialog) : null;
