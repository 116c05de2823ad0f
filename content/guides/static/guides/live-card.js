// [data-live-card] asks the service desk for a point's live figures; without an answer the card stays as it is.

const EVERY_MS = 30_000;
const TIMEOUT_MS = 4_000;

async function refresh(card) {
  try {
    const answer = await fetch(card.dataset.liveCard, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    card.replaceChildren(...parsed.body.childNodes);
  } catch {
    // The figures are an extra: a page without them still says where and when.
  }
}

for (const card of document.querySelectorAll("[data-live-card]")) {
  refresh(card);
  setInterval(() => { if (!document.hidden) refresh(card); }, EVERY_MS);
}
