// Keeps the demo's inbox fresh: loads the page again every few seconds and swaps the part that lists the messages.
const list = document.querySelector("[data-inbox]");

async function refresh() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector("[data-inbox]");
      if (fresh && fresh.innerHTML !== list.innerHTML) list.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // The portal may be starting again; the next turn tries once more.
  }
  setTimeout(refresh, Number(list.dataset.every));
}

if (list) setTimeout(refresh, Number(list.dataset.every));
