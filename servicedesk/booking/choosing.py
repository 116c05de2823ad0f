"""What the steps before a booking show: items, places with their next free time, days and times of one place."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.items.models import ServiceItem
from content.notices import services as notices
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from content.points import services as points
from portal.base.places.models import Place
from portal.base.places.services import centre_for
from servicedesk.booking import capacity, services
from servicedesk.booking.capacity import Days, Opening
from servicedesk.booking.errors import UnknownBooking
from servicedesk.booking.models import Booking
from servicedesk.booking.states import BookingState
from servicedesk.devices import services as devices

FREQUENT, CENTRES, POINTS, ELSEWHERE = 8, 3, 5, 3
# Days in view at once; later ones are a press away, so that the times are not pushed out of sight.
SOON_DAYS = 8


@dataclass(frozen=True)
class Asked:
    """The choices so far, as the address or the form names them."""

    is_chosen: bool
    item: ServiceItem | None
    place: Place | None
    notice: Notice | None
    changing: Booking | None
    area: str
    at_kiosk: bool

    def url(self, **other: str) -> str:
        """The address of the steps with these choices, some of them different; an empty one is dropped."""
        return f"{reverse('book')}?{urlencode(self.query(**other))}"

    def query(self, **other: str) -> dict[str, str]:
        chosen = {
            "item": (self.item.key if self.item else services.ADVICE) if self.is_chosen else "",
            "place": self.place.code if self.place else "",
            "notice": self.notice.token if self.notice else "",
            "change": self.changing.token if self.changing else "",
            "area": self.area,
        }
        kept = {name: value for name, value in (chosen | other).items() if value}
        return kept | ({"kiosk": "1"} if self.at_kiosk else {})


def asked_of(request: HttpRequest) -> Asked:
    """The choices of an address or a form; what is unknown counts as not chosen yet."""
    # A NUL character, which no text of the database can hold, is nobody's choice.
    sent = request.POST if request.method == "POST" else request.GET
    given = {name: str(value).replace("\0", "") for name, value in sent.items()}
    at_kiosk = "kiosk" in given
    changing = _changing(given.get("change", ""))
    notice = None
    if token := given.get("notice", "")[:40]:
        try:
            notice = notices.notice_by_token(token)
        except UnknownNotice:
            notice = None
    key = given.get("item", "")[:80] or (notice.item_key if notice else "")
    item = changing.item if changing else items.get_item(key) if key and key != services.ADVICE else None
    if item is not None and not item.is_active:
        item = None
    place = capacity.get_place(given.get("place", "")[:30]) if given.get("place") else None
    if place is None and at_kiosk and "elsewhere" not in given:
        device = devices.device_of(request.session)
        place = capacity.get_place(device.place.code) if device else None
    return Asked(
        is_chosen=item is not None or key == services.ADVICE or changing is not None,
        item=item,
        place=place,
        notice=notice if notice and item and notice.item_key == item.key else None,
        changing=changing,
        area=given.get("area", "")[:30],
        at_kiosk=at_kiosk,
    )


def _changing(token: str) -> Booking | None:
    try:
        found = services.by_token(token[:20]) if token else None
    except UnknownBooking:
        return None
    return found if found and found.state == BookingState.BOOKED else None


# --- what it is about ---------------------------------------------------------------------------------------------


def item_step(asked: Asked, words: str) -> dict[str, Any]:
    """Items to choose from: those that are asked for most, and all by line; `words` narrows them."""
    lines = []
    for line, found in items.lines_with_items():
        entries = [
            {"title": item.name, "url": asked.url(item=item.key)}
            for item in found
            if not words or words.lower() in f"{item.name_zh} {item.name_en}".lower()
        ]
        if entries:
            lines.append({"name": line.display_name, "items": entries})
    frequent = [] if words else items.most_frequent(None, FREQUENT)
    return {
        "frequent": [{"title": item.name, "url": asked.url(item=item.key)} for item in frequent],
        "lines": lines,
        "words": words,
        "kept": asked.query(item=""),
        "advice_url": asked.url(item=services.ADVICE),
    }


# --- where --------------------------------------------------------------------------------------------------------


def place_step(asked: Asked, request: HttpRequest) -> dict[str, Any]:
    """Centres and points, nearest first, each with its next free time."""
    areas = points.subdistricts()
    chosen = next((area for area in areas if area.code == asked.area), None)
    places = _suitable(asked.item)
    origin = asked.place or points.point_for_visitor(request)
    if chosen is not None:
        places = [place for place in places if place.path.startswith(chosen.path)]
    elif origin is not None and origin.latitude is not None and origin.longitude is not None:
        near = points.nearest((origin.latitude, origin.longitude), places=places, limit=None)
        known = {place.pk for place, _metres in near}
        places = [place for place, _metres in near] + [place for place in places if place.pk not in known]
    centres = [place for place in places if place.level == Place.Level.CENTRE][:CENTRES]
    around = [place for place in places if place.level == Place.Level.POINT][:POINTS]
    found = capacity.openings([*centres, *around], item=asked.item)
    return {
        "groups": [
            {"title": title, "text": text, "rows": [_row(asked, place, found.get(place.pk, {})) for place in some]}
            for title, text, some in (
                (_("Near home, by video"), _("At a service point's machine; a clerk is on the screen."), around),
                (_("At the service centre"), _("At a counter, face to face."), centres),
            )
            if some
        ],
        "areas": [{"code": area.code, "name": points.name_of(area), "is_on": area == chosen} for area in areas],
        "kept": asked.query(area="", place=""),
        "item_url": asked.url(item="", place=""),
    }


def _suitable(item: ServiceItem | None) -> list[Place]:
    """The places that give appointments, and offer the item."""
    places = capacity.places_with_plans()
    return items.places_that_offer(item, places) if item else places


def _row(asked: Asked, place: Place, by_day: Days) -> dict[str, Any]:
    first = capacity.next_free(by_day)
    return {
        "name": points.name_of(place),
        "address": place.address,
        "is_step_free": place.is_step_free,
        "first": _when(first) if first else "",
        "url": asked.url(place=place.code, area="") if first else "",
    }


def _when(opening: Opening) -> str:
    local = timezone.localtime(opening.starts_at)
    words = {"day": day_name(local.date()), "clock": f"{local.hour}:{local.minute:02d}"}
    return _("%(day)s %(clock)s") % words


def day_name(day: date) -> str:
    """November 27, Friday; today and tomorrow by name."""
    away = (day - timezone.localdate()).days
    if away in (0, 1):
        return _("today") if away == 0 else _("tomorrow")
    return _("%(day)s, %(weekday)s") % {
        "day": formats.date_format(day, _("F j")),
        "weekday": formats.date_format(day, "l"),
    }


# --- when ---------------------------------------------------------------------------------------------------------


def time_step(asked: Asked, wanted: str) -> dict[str, Any]:
    """The days of a place and the times of one of them; without any free time other places that have one."""
    assert asked.place is not None
    by_day = capacity.openings([asked.place], item=asked.item).get(asked.place.pk, {})
    first = capacity.next_free(by_day)
    days: list[dict[str, Any]] = [
        {
            "day": day,
            "name": day_name(day),
            "free": sum(row.free for row in by_day[day]),
            "url": f"{asked.url()}&day={day.isoformat()}",
        }
        for day in sorted(by_day)
    ]
    chosen = next((row for row in days if row["day"].isoformat() == wanted), None)
    if chosen is None and first is not None:
        chosen = next(row for row in days if row["day"] == timezone.localtime(first.starts_at).date())
    rows = [_time(opening) for opening in by_day.get(chosen["day"], [])] if chosen else []
    return {
        "soon": days[:SOON_DAYS],
        "later": days[SOON_DAYS:],
        "chosen": chosen,
        "halves": [
            {"name": name, "times": times}
            for name, times in (
                (_("Morning"), [row for row in rows if row["hour"] < 12]),
                (_("Afternoon"), [row for row in rows if row["hour"] >= 12]),
            )
            if times
        ],
        "first_free": _when(first) if first else "",
        "first_free_url": f"{asked.url()}&day={timezone.localtime(first.starts_at).date().isoformat()}"
        if first
        else "",
        "elsewhere": [] if first else _elsewhere(asked),
        "place_name": points.name_of(asked.place),
        "place_address": asked.place.address,
        "is_remote": asked.place.level != Place.Level.CENTRE,
        "fields": asked.query(),
        "place_url": asked.url(place="") + ("&elsewhere" if asked.at_kiosk else ""),
        "window": _window(asked.item),
    }


def _time(opening: Opening) -> dict[str, Any]:
    local = timezone.localtime(opening.starts_at)
    return {
        "hour": local.hour,
        "clock": f"{local.hour}:{local.minute:02d}",
        "value": opening.starts_at.isoformat(),
        "free": opening.free,
    }


def _window(item: ServiceItem | None) -> str:
    edition = items.current_edition(item) if item else None
    return items.window_text(edition) if edition else ""


def _elsewhere(asked: Asked) -> list[dict[str, Any]]:
    """The nearest places that have a time: the point's own centre among them."""
    assert asked.place is not None
    places = [place for place in _suitable(asked.item) if place.pk != asked.place.pk]
    if asked.place.latitude is not None and asked.place.longitude is not None:
        near = points.nearest((asked.place.latitude, asked.place.longitude), places=places, limit=CENTRES + POINTS)
        centre = centre_for(asked.place)
        places = [place for place in places if centre and place.pk == centre.pk]
        places += [place for place, _metres in near if place not in places]
    places = places[: CENTRES + POINTS]
    found = capacity.openings(places, item=asked.item)
    rows = [_row(replace(asked, area=""), place, found.get(place.pk, {})) for place in places]
    return [row for row in rows if row["url"]][:ELSEWHERE]
