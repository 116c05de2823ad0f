"""The list of service points with its map, the page of one point, and the map's data."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from content.bulletin import services as bulletin
from content.items import services as items
from content.items.models import ServiceItem
from content.items.taking import hours_text
from content.points import directions, services
from content.points.services import PointStatus
from portal.base.calendars import services as calendars
from portal.base.places.models import Place
from portal.base.places.services import centre_for
from portal.base.public_pages import for_everyone, keep_for

PAGE_SIZE = 20
WINDOWS_SHOWN = 12
FRESH_S = 30
KINDS = [*[kind for kind in Place.Kind.values if kind], "centre"]
WITHIN_KM = ("1", "2", "5")
VIEW_W, VIEW_H = 560, 800
PIN_W, PIN_H = 28, 37
# Where somebody is does not come here at all: the browser sorts the rows by its own position (points/near.js).
FILTERS = ("open", "stepfree", "remote", "kind", "area", "item", "q", "page", "near", "within")


def _start(request: HttpRequest) -> Place | None:
    """The place with a position that the address names (`near`), from which the list is sorted."""
    near = request.GET.get("near", "")[:30]
    place = services.get_place(near) if near else None
    return place if place is not None and place.latitude is not None and place.longitude is not None else None


def _filtered(request: HttpRequest) -> tuple[list[Place], dict[int, PointStatus], dict[str, Any]]:
    """Places as the query asks for them, their states, and the query as understood."""
    asked = {
        "open": request.GET.get("open") == "1",
        "stepfree": request.GET.get("stepfree") == "1",
        "remote": request.GET.get("remote") == "1",
        "kind": request.GET.get("kind", "") if request.GET.get("kind") in KINDS else "",
        "area": request.GET.get("area", "")[:30],
        "item": request.GET.get("item", "")[:80],
        "q": request.GET.get("q", "").strip()[:40],
        "within": request.GET.get("within", "") if request.GET.get("within") in WITHIN_KM else "",
    }
    places = services.find_places(asked["q"]) if asked["q"] else services.shown_places()
    if asked["stepfree"]:
        places = places.filter(is_step_free=True)
    if asked["remote"]:
        places = places.filter(has_remote_window=True)
    if asked["kind"] == "centre":
        places = places.filter(level=Place.Level.CENTRE)
    elif asked["kind"]:
        places = places.filter(kind=asked["kind"])
    if asked["area"]:
        area = Place.objects.filter(code=asked["area"]).first()
        places = places.filter(path__startswith=area.path) if area else places.none()
    found = list(places)
    if asked["item"]:
        found = _offering(found, asked["item"])
    states = services.statuses(found, timezone.now())
    if asked["open"]:
        found = [place for place in found if states[place.pk].is_open]
    return found, states, asked


def _offering(places: list[Place], key: str) -> list[Place]:
    """Those places where an item is offered on the spot or by video; none for an unknown one."""
    item = ServiceItem.objects.filter(key=key).first()
    return items.places_that_offer(item, places) if item else []


def _row(place: Place, status: PointStatus, areas: dict[str, Place], metres: float | None) -> dict[str, Any]:
    area = areas.get(place.path[: -Place.steplen])
    return {
        "place": place,
        "name": services.name_of(place),
        "url": reverse("point", args=[place.code]),
        "status": status,
        "area": services.name_of(area) if area else "",
        "kind": services.kind_name(place),
        "distance": services.distance_in_words(metres) if metres is not None else "",
    }


def _query(asked: dict[str, Any], start: Place | None, **changes: Any) -> str:
    """The query string of the present filters with changes; what is empty is left out."""
    values = {name: ("1" if value is True else value) for name, value in (asked | changes).items()}
    if start:
        values["near"] = start.code
    else:
        values.pop("within", None)
    return urlencode({name: value for name, value in values.items() if value})


@for_everyone(parameters=FILTERS, cookies=(services.POINT_COOKIE,), typed=("q",))
@require_safe
def point_list(request: HttpRequest) -> HttpResponse:
    """Points as a list and a map; works by links and a form alone."""
    found, states, asked = _filtered(request)
    near_to = _start(request)
    metres: dict[int, float] = {}
    if near_to:
        near = services.nearest((near_to.latitude or 0, near_to.longitude or 0), places=found, limit=None)
        metres = {place.pk: distance for place, distance in near}
        if asked["within"]:
            # What has no position cannot be said to lie within a distance.
            found = [place for place, distance in near if distance <= float(asked["within"]) * 1000]
        else:
            found = [place for place, _distance in near] + [place for place in found if place.pk not in metres]
    elif not asked["area"] and not asked["q"]:
        # Without a position the list starts from the point looked at last, or from one that is lit.
        start = services.point_for_visitor(request)
        if start is not None and start.latitude is not None and start.longitude is not None:
            near = services.nearest((start.latitude, start.longitude), places=found, limit=None)
            known = {place.pk for place, _distance in near}
            found = [place for place, _distance in near] + [place for place in found if place.pk not in known]
        # What is open comes first; the sort keeps the rest in order.
        found.sort(key=lambda place: not states[place.pk].is_open)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    subdistricts = services.subdistricts()
    areas = {area.path: area for area in subdistricts}
    rows = [_row(place, states[place.pk], areas, metres.get(place.pk)) for place in page]
    first = page.start_index()
    for number, row in enumerate(rows, start=first):
        row["number"] = number
    chosen_area = next((area for area in subdistricts if area.code == asked["area"]), None)
    chips = [
        {"text": text, "is_on": asked[name], "url": f"?{_query(asked, near_to, **{name: not asked[name]})}"}
        for name, text in (("open", _("Open now")), ("remote", _("Remote window")), ("stepfree", _("Step-free")))
    ]
    if near_to:
        chips += [
            {
                "text": _("Within %(km)s km") % {"km": km},
                "is_on": asked["within"] == km,
                "url": f"?{_query(asked, near_to, within='' if asked['within'] == km else km)}",
            }
            for km in WITHIN_KM
        ]
    outline = services.shown_outline()
    context = {
        "title": _title(near_to, chosen_area),
        "where": services.name_of(chosen_area) if chosen_area else _("The whole district"),
        "near": near_to,
        "rows": rows,
        "page": page,
        "query": _query(asked, near_to),
        "asked": asked,
        "chips": chips,
        "kinds": [
            {"code": kind, "name": services.name_of_kind(kind), "is_on": kind == asked["kind"]} for kind in KINDS
        ],
        "choose_item_url": f"{reverse('points_choose_item')}?{_query(asked, near_to, item='')}",
        "leaflet_url": f"{reverse('points_leaflet')}?{urlencode({'area': asked['area']} if asked['area'] else {})}",
        "outline_source": outline.source.partition(",")[0] if outline else "",
        "areas": [{"code": area.code, "name": services.name_of(area)} for area in subdistricts],
        "chosen_item": ServiceItem.objects.filter(key=asked["item"]).first() if asked["item"] else None,
        "without_item": f"?{_query(asked, near_to, item='')}",
        "rows_url": f"{reverse('points_rows')}?{_query(asked, None)}",
        "distance_words": services.distance_words(),
        "drawing": _drawing(rows, found, states),
        "geojson_url": f"{reverse('points_geojson')}?{_query(asked, None)}",
        "outline_url": reverse("points_outline"),
        "tiles": settings.MAP_TILES,
        "as_of": timezone.now(),
        "has_demo": any(place.is_demo for place in found),
        "nav_current": "points",
    }
    return keep_for(render(request, "points/point_list.html", context), seconds=FRESH_S)


@for_everyone(parameters=FILTERS, typed=("q",))
@require_safe
def point_rows(request: HttpRequest) -> HttpResponse:
    """All rows of the list without pages, for the browser to sort by where it is."""
    found, states, _asked = _filtered(request)
    areas = {area.path: area for area in services.subdistricts()}
    rows = [_row(place, states[place.pk], areas, None) for place in found]
    return keep_for(render(request, "points/rows.html", {"rows": rows}), seconds=FRESH_S)


def _title(start: Place | None, area: Place | None) -> str:
    if start:
        return _("Service points near %s") % services.name_of(start)
    if area:
        return _("Service points in %s") % services.name_of(area)
    return _("Service points")


def _drawing(rows: list[dict[str, Any]], found: list[Place], states: dict[int, PointStatus]) -> dict[str, Any] | None:
    """The map as a drawing for pages without JavaScript: areas, dots, and the pins of the rows on this page."""
    everyone = list(
        Place.objects.filter(
            level__in=(Place.Level.POINT, Place.Level.CENTRE), latitude__isnull=False, longitude__isnull=False
        )
    )
    areas = services.schematic_areas(everyone)
    corners = [corner for area in areas for corner in area["ring"]]
    if not corners:
        return None
    west, east = min(x for x, _y in corners), max(x for x, _y in corners)
    south, north = min(y for _x, y in corners), max(y for _x, y in corners)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude; 0.854 holds at 31.3° north.
    scale = min((VIEW_W - 40) / ((east - west) * 0.854), (VIEW_H - 40) / (north - south))
    left = (VIEW_W - (east - west) * 0.854 * scale) / 2

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        return round(left + (longitude - west) * 0.854 * scale, 1), round(20 + (north - latitude) * scale, 1)

    numbered = {row["place"].pk for row in rows}
    placed = [(row, at(row["place"].longitude, row["place"].latitude)) for row in rows if row["place"].longitude]
    quiet = _quiet_pins(placed)
    return {
        "width": VIEW_W,
        "height": VIEW_H,
        "areas": [
            {
                "name": area["name"],
                "points": " ".join("{},{}".format(*at(*corner)) for corner in area["ring"]),
                "x": at(*area["middle"])[0],
                "y": at(*area["middle"])[1],
            }
            for area in areas
        ],
        "dots": [
            at(place.longitude, place.latitude) for place in found if place.pk not in numbered and place.longitude
        ],
        "pins": [
            {"number": row["number"], "state": row["status"].state, "name": row["name"], "url": row["url"], "x": x, "y": y,
             "is_quiet": row["number"] in quiet}
            for row, (x, y) in reversed(placed)
        ],
    }  # fmt: skip


def _quiet_pins(placed: list[tuple[dict[str, Any], tuple[float, float]]]) -> set[int]:
    """Numbers of the rows that get a small mark: what is closed, and what would cover a pin before it in the list."""
    quiet: set[int] = set()
    standing: list[tuple[float, float]] = []
    for row, (x, y) in placed:
        is_covering = any(abs(x - left) < PIN_W and abs(y - top) < PIN_H for left, top in standing)
        if row["status"].state == "closed" or is_covering:
            quiet.add(row["number"])
        else:
            standing.append((x, y))
    return quiet


def _with_windows(place: Place, offered: list[ServiceItem], prefix: str) -> list[dict[str, str]]:
    """Items that are not handled whenever the place is open, most frequent first, each with its days and hours there."""
    rules = items.rules_at(place, [item.pk for item in offered])
    found = []
    for item in offered:
        # items_for_place gives each item its edition in force.
        words = items.window_text(item.edition)  # type: ignore[attr-defined]
        rule = rules.get(item.pk)
        if rule is not None and rule.hours.all():
            words = f"{words} {hours_text(rule)}".strip()
        if words:
            found.append({"title": item.name, "url": f"{prefix}/guides/{item.key}/", "window": words})
    return found[:WINDOWS_SHOWN]


@require_safe
def choose_item(request: HttpRequest) -> HttpResponse:
    """The items by line, each leading to the points that take it; the filters chosen so far are kept."""
    asked = {name: request.GET.get(name, "")[:30] for name in ("open", "stepfree", "remote", "kind", "area", "near")}
    words = request.GET.get("words", "").strip()[:40]
    kept = {name: value for name, value in asked.items() if value}
    lines = []
    for line, found in items.lines_with_items():
        entries = [
            {"title": item.name, "url": f"{reverse('points')}?{urlencode(kept | {'item': item.key})}"}
            for item in found
            if not words or words.lower() in f"{item.name_zh} {item.name_en}".lower()
        ]
        if entries:
            lines.append({"name": line.name, "items": entries})
    context = {
        "lines": lines,
        "words": words,
        "kept": kept,
        "nav_current": "points",
        "breadcrumbs": [
            {"title": _("Service points"), "url": reverse("points")},
            {"title": _("Choose a service item"), "url": ""},
        ],
    }
    return render(request, "points/choose_item.html", context)


@require_safe
def leaflet(request: HttpRequest) -> HttpResponse:
    """All points on paper: by subdistrict, with hours, telephone and what to know; an area alone on request."""
    chosen = request.GET.get("area", "")[:30]
    places, now = list(services.shown_places().select_related("moved_to")), timezone.now()
    day = timezone.localdate()
    days = calendars.known_days(day, day)
    groups = []
    for area in services.subdistricts():
        if chosen and area.code != chosen:
            continue
        rows: list[dict[str, Any]] = [
            {
                "place": place,
                "name": services.name_of(place),
                "hours": services.hours_in_words(place),
                "note": _note(place, services.status_now(place, now, days=days, with_next=False)),
            }
            for place in places
            if place.path.startswith(area.path)
        ]
        rows.sort(key=lambda row: row["place"].level != Place.Level.CENTRE)
        if rows:
            groups.append({"code": area.code, "name": services.name_of(area), "rows": rows})
    context = {
        "groups": groups,
        "as_of": now,
        "nav_current": "points",
        "address": request.build_absolute_uri(reverse("points")),
        "has_demo": any(place.is_demo for place in places),
        "breadcrumbs": [
            {"title": _("Service points"), "url": reverse("points")},
            {"title": _("All on one list"), "url": ""},
        ],
    }
    return render(request, "points/leaflet.html", context)


def _note(place: Place, status: PointStatus) -> str:
    """What a printed list must say of a place that is not simply open at its hours."""
    if place.status == Place.Status.OPEN:
        return ""
    words, _there = services.where_to(place)
    return _(", ").join(part for part in (status.text, status.reason, words) if part)


@for_everyone()
@require_safe
def point_page(request: HttpRequest, code: str) -> HttpResponse:
    """One point or centre: open or not, hours, where, what can be done there."""
    place = services.get_place(code)
    if place is None:
        raise Http404(_("There is no service point with this code."))
    now = timezone.now()
    centre = centre_for(place)
    channel = items.channel_at(place)
    offered = items.items_for_place(place, channel) if channel else []
    area = next((found for found in services.subdistricts() if place.path.startswith(found.path)), None)
    around = []
    if place.latitude is not None and place.longitude is not None:
        others = [other for other in services.shown_places() if other.pk != place.pk]
        near = services.nearest((place.latitude, place.longitude), places=others, limit=4)
        states = services.statuses([other for other, _distance in near], now)
        around = [_row(other, states[other.pk], {}, metres) for other, metres in near]
    prefix = "/en" if reverse("points").startswith("/en") else ""
    page = render(
        request,
        "points/point_page.html",
        {
            "place": place,
            "name": services.name_of(place),
            "kind": services.kind_name(place),
            "area": area,
            "area_name": services.name_of(area) if area else "",
            "centre": centre if centre and centre.pk != place.pk else None,
            "status": services.status_now(place, now),
            "hours": services.hours_in_words(place),
            "frequent": [{"title": item.name, "url": f"{prefix}/guides/{item.key}/"} for item in offered[:8]],
            "offered_count": len(offered),
            "with_windows": _with_windows(place, offered, prefix),
            "coming": services.coming_changes(place, now),
            "where_to": services.where_to(place),
            "ways": directions.links_to(place, services.name_of(place)),
            "near_url": f"{reverse('points')}?near={place.code}" if place.latitude is not None else "",
            "around": around,
            "announcements": bulletin.current_announcements(place=place),
            "live_url": f"/live/point/{place.code}/"
            if place.has_remote_window and place.level == Place.Level.POINT
            else "",
            "as_of": now,
            "breadcrumbs": [
                {"title": _("Service points"), "url": reverse("points")},
                *([{"title": services.name_of(area), "url": f"{reverse('points')}?area={area.code}"}] if area else []),
                {"title": services.name_of(place), "url": ""},
            ],
            "nav_current": "points",
        },
    )
    return keep_for(page, seconds=FRESH_S)


@for_everyone(parameters=FILTERS, typed=("q",))
@require_safe
def points_geojson(request: HttpRequest) -> JsonResponse:
    """Points and centres for maps; the same filters as the page."""
    found, states, _asked = _filtered(request)
    centres = {
        centre.path[: -Place.steplen]: centre.code
        for centre in Place.objects.filter(level=Place.Level.CENTRE).only("path", "code")
    }
    features = []
    for place in found:
        status = states[place.pk]
        has_position = place.latitude is not None and place.longitude is not None
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]}
                if has_position
                else None,
                "properties": {
                    "code": place.code,
                    "name": services.name_of(place),
                    "kind": services.kind_of(place),
                    "centre": centres.get(place.path[: -Place.steplen], ""),
                    "status": place.status if status.state in ("partly", "closed") else Place.Status.OPEN,
                    "open_now": status.is_open,
                    "state": status.state,
                    "text": status.text,
                    "url": reverse("point", args=[place.code]),
                    "is_demo": place.is_demo,
                },
            }
        )
    response = JsonResponse({"type": "FeatureCollection", "as_of": timezone.now(), "features": features})
    response["Content-Type"] = "application/geo+json"
    patch_cache_control(response, public=True, max_age=FRESH_S)
    return keep_for(response, seconds=FRESH_S)


@for_everyone()
@require_safe
def points_outline(request: HttpRequest) -> JsonResponse:
    """The schematic areas under the pins; a drawing, not a survey."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [area["ring"]]},
            "properties": {"code": area["code"], "name": area["name"], "middle": area["middle"]},
        }
        for area in services.schematic_areas(services.shown_places().prefetch_related(None))
        if area["ring"]
    ]
    note = _("A schematic drawing, not a survey.")
    outline = services.shown_outline()
    source = outline.source if outline else ""
    response = JsonResponse({"type": "FeatureCollection", "note": note, "source": source, "features": features})
    response["Content-Type"] = "application/geo+json"
    patch_cache_control(response, public=True, max_age=300)
    return keep_for(response, seconds=300)
