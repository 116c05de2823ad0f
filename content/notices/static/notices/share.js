// Hands the notice's address to another app of the device; buttons that need JavaScript appear only where it runs.

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  const { shareTitle: title, shareText: text, shareUrl: url } = button.dataset;
  button.addEventListener("click", () => navigator.share({ title, text, url }).catch(() => {}));
}
for (const field of document.querySelectorAll("#notice-address")) field.addEventListener("focus", () => field.select());
