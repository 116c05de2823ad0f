"""What the front page, the list of guides and the pages of life's events tell."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from content.guides.models import GuideIndexPage, HomePage
from content.items import services as items
from content.items.models import LifeEvent, ServiceItem, in_english
from content.points import services as points
from portal.base.places.services import subdistrict_of

POPULAR_WORDS = 4


def url_of(item: ServiceItem) -> str:
    """The address of an item's guide in the reader's language."""
    prefix = "/en" if in_english() else ""
    return f"{prefix}/guides/{item.key}/"


def book_url(**query: str) -> str:
    """Where a time is booked, with what is chosen already; empty in an installation without appointments."""
    try:
        return f"{reverse('book')}?{urlencode(query)}"
    except NoReverseMatch:
        return ""


def crumbs(*steps: tuple[str, str]) -> list[dict[str, str]]:
    """Breadcrumbs from the guides on."""
    prefix = "/en" if in_english() else ""
    return [{"title": _("Guides"), "url": f"{prefix}/guides/"}, *({"title": title, "url": url} for title, url in steps)]


def lit_window(request: HttpRequest) -> dict[str, Any]:
    """The point that a page shows as its lit window, and its state."""
    point = points.point_for_visitor(request)
    if point is None:
        return {"point": None}
    area = subdistrict_of(point)
    return {
        "point": point,
        "point_name": points.name_of(point),
        "point_area": points.name_of(area) if area else "",
        "status": points.status_now(point, timezone.now()),
    }


def home_context(page: HomePage, *, request: HttpRequest) -> dict[str, Any]:
    """The front door's words and its one lit window."""
    popular = []
    for item in items.most_frequent(None, limit=40):
        aliases = [] if in_english() else item.edition.alias_list
        word = aliases[0] if aliases else (item.name if in_english() else "")
        if word:
            popular.append({"title": word, "url": f"{reverse('search')}?q={word}"})
        if len(popular) == POPULAR_WORDS:
            break
    return {
        "popular": popular,
        **lit_window(request),
        "prefix": "/en" if in_english() else "",
        "life_events": life_events(),
    }


def index_context(page: GuideIndexPage, *, request: HttpRequest) -> dict[str, Any]:
    """All guides by line; `?line=` keeps one."""
    lines = items.lines_with_items()
    chosen = request.GET.get("line", "")
    shown = [(line, found) for line, found in lines if not chosen or line.code == chosen]
    return {
        "lines": [line for line, _found in lines],
        "chosen": chosen if any(line.code == chosen for line, _found in lines) else "",
        "sections": [
            {
                "line": line,
                "entries": [
                    {"title": item.name, "url": url_of(item), "summary": item.edition.said("summary")} for item in found
                ],
            }
            for line, found in (shown or lines)
        ],
        "frequent": []
        if chosen
        else [{"title": item.name, "url": url_of(item)} for item in items.most_frequent(None, 8)],
        "life_events": [] if chosen else life_events(),
        "total": sum(len(found) for _line, found in lines),
        "nav_current": "guides",
    }


def life_events() -> list[dict[str, str]]:
    """The events of life as links, in the editors' order."""
    return [
        {"title": event.display_name, "url": reverse("life_event", args=[event.key])}
        for event in LifeEvent.objects.all()
    ]


def life_list_context() -> dict[str, Any]:
    """All events of life with their kind words."""
    events = LifeEvent.objects.all()
    return {
        "events": [
            {"title": event.display_name, "words": event.display_words, "url": reverse("life_event", args=[event.key])}
            for event in events
        ],
        "breadcrumbs": crumbs((_("Things that happen in a life"), "")),
        "nav_current": "guides",
    }


def life_context(key: str) -> dict[str, Any] | None:
    """One event of life: its words, and what is then to be done, in the order in which people meet it; None if unknown."""
    event = LifeEvent.objects.filter(key=key).first()
    if event is None:
        return None
    editions = {
        edition.item_id: edition for edition in items.editions_in_force().filter(item__life_events__event=event)
    }
    entries = []
    for entry in event.entries.select_related("item"):
        edition = editions.get(entry.item_id)
        if edition is None or not entry.item.is_active:
            continue
        note = (entry.note_en if in_english() else "") or ("" if in_english() else entry.note)
        name = edition.said("name")
        # On a page of mourning the plain words lead, and the office's name stands small below.
        title, text = (note, name) if event.is_bereavement and note else (name, note)
        entries.append({"title": title, "text": text, "url": url_of(entry.item)})
    return {
        "event": event,
        "entries": entries,
        "others": [other for other in life_events() if other["title"] != event.display_name],
        "points_url": reverse("points"),
        "breadcrumbs": crumbs((_("Things that happen in a life"), reverse("life")), (event.display_name, "")),
        "nav_current": "guides",
    }
