// [data-print] prints the page; without a printer dialog (kiosk) the button belongs to the kiosk's own printing.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
