// The time of day on kiosk and board, in the page's language.

const clock = document.querySelector("[data-clock]");

function tick() {
  const now = new Date();
  const language = clock.dataset.language.startsWith("en") ? "en-GB" : "zh-CN";
  const put = (selector, text) => {
    const place = clock.querySelector(selector);
    if (place && place.textContent !== text) place.textContent = text;
  };
  const two = (number) => String(number).padStart(2, "0");
  put("[data-clock-time]", `${two(now.getHours())}:${two(now.getMinutes())}`);
  put("[data-clock-day]", new Intl.DateTimeFormat(language, { weekday: "long" }).format(now));
  put("[data-clock-date]", new Intl.DateTimeFormat(language, { month: "long", day: "numeric" }).format(now));
  window.setTimeout(tick, 1000 * (60 - now.getSeconds()) + 50);
}

if (clock) tick();
