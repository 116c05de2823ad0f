// The time of day on kiosk and board, in the page's language and in the portal's zone, whatever the machine's own is.

const clock = document.querySelector("[data-clock]");

function tick() {
  const now = new Date();
  const language = clock.dataset.language.startsWith("en") ? "en-GB" : "zh-CN";
  const words = (parts) => new Intl.DateTimeFormat(language, { timeZone: clock.dataset.zone, ...parts }).format(now);
  const put = (selector, text) => {
    const place = clock.querySelector(selector);
    if (place && place.textContent !== text) place.textContent = text;
  };
  put("[data-clock-time]", words({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
  put("[data-clock-day]", words({ weekday: "long" }));
  put("[data-clock-date]", words({ month: "long", day: "numeric" }));
  window.setTimeout(tick, 1000 * (60 - now.getSeconds()) + 50);
}

if (clock) tick();
