"""What pages and the map say of places: the state now in words, distance, who is near, and a schematic outline."""

import functools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.items.models import in_english
from portal.base.calendars import services as calendars
from portal.base.calendars.services import KnownDays
from portal.base.places.hours import Interval, span, weekday_name
from portal.base.places.models import OpeningException, OpeningInterval, Place
from portal.base.places.positions import distance_m
from portal.base.places.services import planned_changes, status_at, with_planned_changes
from portal.base.places.shapes import cell_around

WALK_M_PER_MIN = 75
# Streets are longer than the straight line.
DETOUR = 1.3
# Above that nobody walks, and kilometres say more.
WALK_MOST_MIN = 30
POINT_COOKIE = "point"
GUESS_KEY, GUESS_S = "points.guess", 60
MARGIN_M = 320
SOON_S = 30
CORNERS = 16
EXCEPTIONS_SHOWN_DAYS = 60
OUTLINES = Path(__file__).parent / "data"


@dataclass(frozen=True)
class PointStatus:
    """A place's state now: a word for badges and pins, the words beside it, and what follows from it.

    `state` is open, unmanned (open, without staff), partly (suspended for a time), closed or unknown.
    """

    state: str
    text: str
    reason: str = ""
    is_open: bool | None = None
    closes_at: datetime | None = None
    next_opening: datetime | None = None


def name_of(place: Place) -> str:
    """The place's name in the reader's language."""
    return place.name_en if in_english() and place.name_en else place.name


def kind_of(place: Place) -> str:
    """The kind as the map's data say it: the point's kind, or "centre"."""
    return "centre" if place.level == Place.Level.CENTRE else place.kind


def kind_name(place: Place) -> str:
    """The kind in words."""
    return str(_("service centre")) if place.level == Place.Level.CENTRE else place.get_kind_display()


def name_of_kind(kind: str) -> str:
    """A kind of the map's data in words."""
    return str(_("service centre")) if kind == "centre" else str(Place.Kind(kind).label)


def shown_places() -> QuerySet[Place]:
    """Points and centres, with what their opening depends on."""
    places = Place.objects.filter(level__in=(Place.Level.POINT, Place.Level.CENTRE)).order_by("path")
    return with_planned_changes(places.prefetch_related("opening_intervals", "opening_exceptions"))


def get_place(code: str) -> Place | None:
    """The point or centre of a code."""
    return shown_places().filter(code=code).first()


def _clock(moment: datetime | time) -> str:
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment).time()
    return f"{moment.hour}:{moment.minute:02d}"


def _day(moment: datetime, now: datetime) -> str:
    """A day as people say it, with its year where that is another one."""
    local = timezone.localtime(moment)
    return formats.date_format(local, _("F j") if local.year == timezone.localtime(now).year else "DATE_FORMAT")


def _day_and_clock(at: datetime, now: datetime) -> str:
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    days = (local.date() - today).days
    if days == 0:
        return _clock(local)
    if days == 1:
        return _("tomorrow %s") % _clock(local)
    return _("%(day)s %(clock)s") % {"day": _day(at, now), "clock": _clock(local)}


def status_now(place: Place, at: datetime, *, days: KnownDays | None = None, with_next: bool = True) -> PointStatus:
    """The state of a place at a moment, in words; `with_next` looks for the next opening of a closed one.

    :param days: what is known of that day; with `with_next`, what `calendars.days_ahead` gives.
    """
    ahead_days = days
    status = status_at(place, at)
    if status != Place.Status.OPEN:
        return _not_open(place, status, at)
    today = timezone.localtime(at).date()
    days = days or calendars.known_days(today, today)
    is_open = calendars.is_open(place, at, days=days)
    if is_open is None:
        if place.opening_intervals.all():
            year = {"year": timezone.localtime(at).year}
            return PointStatus("unknown", _("Holidays of %(year)s not known yet, call first") % year)
        return PointStatus("unknown", _("Hours not known, call first"))
    if not is_open:
        ahead = calendars.opening_ahead(place, at, days=ahead_days) if with_next else calendars.Ahead()
        text = _("Closed now")
        if ahead.at:
            text = _("Closed, opens %s") % _day_and_clock(ahead.at, at)
        elif ahead.unknown_year:
            text = _("Closed; holidays of %(year)s not known yet") % {"year": ahead.unknown_year}
        return PointStatus("closed", text, is_open=False, next_opening=ahead.at)
    hours = calendars.hours_on(place, today, days=days) or []
    clock = timezone.localtime(at).time()
    closes = next((closing for opens, closing in hours if opens <= clock < closing), None)
    is_all_day = any(opens == time(0) and closing >= time(23, 59) for opens, closing in hours)
    is_unmanned = place.kind == Place.Kind.SELF_SERVICE
    if is_all_day:
        text = _("Unmanned, day and night") if is_unmanned else _("Open day and night")
    else:
        until = _clock(closes) if closes else ""
        text = (_("Unmanned, until %s") if is_unmanned else _("Open until %s")) % until
    closes_at = calendars.closes_at(place, at, days=days)
    return PointStatus("unmanned" if is_unmanned else "open", text, is_open=True, closes_at=closes_at)


def _not_open(place: Place, status: str, now: datetime) -> PointStatus:
    reason = place.status_reason
    if status == Place.Status.SUSPENDED:
        if place.status_until is None:
            return PointStatus("partly", _("Out of use for now"), reason, is_open=False)
        until = _day(place.status_until, now)
        return PointStatus("partly", _("Out of use until %s") % until, reason, is_open=False)
    words = {
        Place.Status.MOVED: _("Has moved"),
        Place.Status.CLOSED: _("No longer there"),
        Place.Status.PLANNED: _("Not open yet"),
    }
    return PointStatus("closed", words[Place.Status(status)], reason, is_open=False)


def where_to(place: Place) -> tuple[str, Place | None]:
    """Where a moved place is now: the words, and the place when it is one of ours."""
    if place.status != Place.Status.MOVED:
        return "", None
    if place.moved_to is not None:
        return name_of(place.moved_to), place.moved_to
    return place.moved_address, None


def coming_changes(place: Place, at: datetime) -> list[str]:
    """What is planned and what differs on single days ahead, one sentence each, soonest first."""
    found: list[tuple[datetime, str]] = []
    for change in planned_changes(place):
        words = {
            "start": _date_and_clock(change.starts_at, at),
            "status": change.get_status_display(),
            "reason": change.reason,
        }
        if change.until:
            words["end"] = _date_and_clock(change.until, at)
            sentence = _("From %(start)s to %(end)s: %(status)s. %(reason)s") % words
        else:
            sentence = _("From %(start)s: %(status)s. %(reason)s") % words
        found.append((change.starts_at, sentence))
    local = timezone.localtime(at)
    days: dict[date, list[OpeningException]] = {}
    for row in place.opening_exceptions.all():
        if local.date() <= row.date <= local.date() + timedelta(days=EXCEPTIONS_SHOWN_DAYS):
            days.setdefault(row.date, []).append(row)
    for day, rows in days.items():
        spans = [
            span(row.opens, row.closes)
            for row in sorted(rows, key=lambda row: row.opens or time())
            if row.opens and row.closes
        ]
        words = {"day": formats.date_format(day, _("F j")), "hours": _(", ").join(spans), "reason": rows[0].reason}
        sentence = _("%(day)s: %(hours)s. %(reason)s") if spans else _("%(day)s: closed all day. %(reason)s")
        found.append((datetime.combine(day, time(), tzinfo=local.tzinfo), sentence % words))
    return [sentence for _moment, sentence in sorted(found, key=lambda pair: pair[0])]


def _date_and_clock(moment: datetime, now: datetime) -> str:
    return _("%(day)s %(clock)s") % {"day": _day(moment, now), "clock": _clock(moment)}


def seconds_until_change(status: PointStatus | None, now: datetime, *, at_most: float) -> float:
    """For how long a state holds if nobody changes it; states that do not say when they end are looked at soon."""
    if status is None:
        return at_most
    ends = status.closes_at or status.next_opening
    if ends is None:
        return min(at_most, SOON_S)
    return max(0.0, min(at_most, (ends - now).total_seconds()))


def statuses(places: Iterable[Place], at: datetime, *, with_next: bool = False) -> dict[int, PointStatus]:
    """`status_now` for many places by primary key, with one look at the holidays."""
    places, day = list(places), timezone.localtime(at).date()
    days = calendars.days_ahead(places, at) if with_next else calendars.known_days(day, day)
    return {place.pk: status_now(place, at, days=days, with_next=with_next) for place in places}


def hours_in_words(place: Place) -> list[tuple[str, str]]:
    """The weekly table as (days, hours) for reading, e.g. ("Monday to Friday", "9:00–11:30, 13:00–17:00")."""
    return week_in_words(place.opening_intervals.all())


def week_in_words(rows: Iterable[OpeningInterval | Interval]) -> list[tuple[str, str]]:
    """Rows of a weekly table as (days, hours) for reading."""
    names = [weekday_name(day) for day in range(8)]
    by_day: dict[tuple[int, int | None], list[tuple[time, time, bool]]] = {}
    for row in rows:
        by_day.setdefault((row.weekday, row.nth), []).append((row.opens, row.closes, row.on_holidays))
    # Days with the same hours stand together: nobody puts a day's hours together from two lines.
    grouped: dict[tuple[int | None, tuple[tuple[time, time, bool], ...]], list[int]] = {}
    for (weekday, nth), spans in sorted(by_day.items(), key=lambda entry: (entry[0][0], entry[0][1] or 0)):
        grouped.setdefault((nth, tuple(sorted(spans))), []).append(weekday)
    found = []
    for (nth, lines), days_together in grouped.items():
        weekdays = tuple(days_together)
        hours = [
            _("Round the clock") if opens == time(0) and closes >= time(23, 59) else span(opens, closes)
            for opens, closes, _on_holidays in lines
        ]
        if weekdays == tuple(range(7)):
            days = _("Every day")
        elif len(weekdays) > 2 and list(weekdays) == list(range(weekdays[0], weekdays[-1] + 1)):
            days = _("%(first)s to %(last)s") % {"first": names[weekdays[0]], "last": names[weekdays[-1]]}
        else:
            days = _(", ").join(names[day] for day in weekdays)
        if nth:
            days = _("%(days)s, the %(nth)s. of the month") % {"days": days, "nth": nth}
        text = _(", ").join(hours)
        if not all(on_holidays for _opens, _closes, on_holidays in lines):
            text = _("%s, not on public holidays") % text
        found.append((days, text))
    return found


# --- where --------------------------------------------------------------------------------------------------------


def distance_in_words(metres: float) -> str:
    """A distance as people say it: minutes on foot up to half an hour, else kilometres."""
    minutes = max(1, round(metres * DETOUR / WALK_M_PER_MIN))
    if minutes <= WALK_MOST_MIN:
        return ngettext("%(minutes)s minute on foot", "%(minutes)s minutes on foot", minutes) % {"minutes": minutes}
    return _("%.1f km away") % (metres / 1000)


def distance_words() -> dict[str, str]:
    """`distance_in_words` for the browser (points/distance.js): its two sentences with {n}, and when which is said."""
    walk = ngettext("%(minutes)s minute on foot", "%(minutes)s minutes on foot", WALK_MOST_MIN)
    return {
        "walk": walk % {"minutes": "{n}"},
        "far": _("%.1f km away").replace("%.1f", "{n}"),
        "metres_a_minute": f"{WALK_M_PER_MIN / DETOUR:.2f}",
        "walk_most": str(WALK_MOST_MIN),
    }


def nearest(
    position: tuple[float, float], *, places: Iterable[Place] | None = None, limit: int | None = 5
) -> list[tuple[Place, float]]:
    """Places with a position, nearest first, each with its distance in metres."""
    found = [
        (place, distance_m(position, (place.latitude, place.longitude)))
        for place in (places if places is not None else shown_places())
        if place.latitude is not None and place.longitude is not None
    ]
    found.sort(key=lambda pair: pair[1])
    return found[:limit]


def point_for_visitor(request: HttpRequest) -> Place | None:
    """The point that a page shows as its lit window: the one the visitor looked at last, else one that is lit.

    The cookie holds a place's code and nothing of the person.
    """
    code = request.COOKIES.get(POINT_COOKIE, "")
    if code:
        chosen = get_place(code[:30])
        if chosen is not None:
            return chosen
    now = timezone.now()
    guessed = get_place(cache.get(GUESS_KEY, ""))
    if guessed is not None and status_now(guessed, now, with_next=False).state == "open":
        return guessed
    return _guess(now)


def _guess(now: datetime) -> Place | None:
    """The best guess for somebody of whom nothing is known: the point with a window that is open longest.

    It reads every point, so it is kept for a minute.
    """
    remote = list(
        shown_places().filter(has_remote_window=True, status=Place.Status.OPEN, level=Place.Level.POINT)[:400]
    )
    lit = statuses(remote, now)
    open_places = [place for place in remote if lit[place.pk].state == "open"]
    open_places.sort(key=lambda place: lit[place.pk].closes_at or now, reverse=True)
    if not open_places:
        return remote[0] if remote else None
    cache.set(GUESS_KEY, open_places[0].code, GUESS_S)
    return open_places[0]


def subdistricts() -> list[Place]:
    """All subdistricts in the order of their codes."""
    return list(Place.objects.filter(level=Place.Level.SUBDISTRICT).order_by("path"))


def find_places(words: str) -> QuerySet[Place]:
    """Points and centres whose name, address or code has the words."""
    return shown_places().filter(
        Q(name__icontains=words) | Q(name_en__icontains=words) | Q(address__icontains=words) | Q(code__iexact=words)
    )


# --- a schematic outline ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outline:
    """A district's boundary from a published source: pairs of (longitude, latitude), and where they come from."""

    ring: list[tuple[float, float]]
    source: str


@functools.cache
def outline_of(code: str) -> Outline | None:
    """The boundary that ships for a district's code; None where none does."""
    path = OUTLINES / f"outline_{code}.json"
    if not code.isdecimal() or not path.exists():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    return Outline(ring=[(x, y) for x, y in read["ring"]], source=read["source"])


def shown_outline() -> Outline | None:
    """The boundary of the one district that has points here, if it ships."""
    codes = Place.objects.filter(level=Place.Level.DISTRICT).order_by("path").values_list("code", flat=True)[:2]
    return outline_of(codes[0]) if len(codes) == 1 else None


def schematic_areas(places: Iterable[Place]) -> list[dict[str, Any]]:
    """A drawing of the subdistricts: a cell around each one's centre (else the middle of its places), cut out of the outline.

    The outline is real where one ships; the lines between subdistricts lie halfway and are no survey, and the page says
    so. It stands under the pins where no map tiles are set. Each area has `code`, `name`, `middle` (longitude,
    latitude) and `ring` of such pairs.
    """
    groups: dict[str, list[Place]] = {}
    for place in places:
        if place.latitude is not None and place.longitude is not None:
            groups.setdefault(place.path[: -Place.steplen], []).append(place)
    names = {place.path: place for place in subdistricts()}
    groups = {path: found for path, found in groups.items() if path in names}
    if not groups:
        return []
    everyone = [place for found in groups.values() for place in found]
    outline = shown_outline()
    stretch = math.cos(math.radians(sum(place.latitude or 0 for place in everyone) / len(everyone)))
    metre = 1 / 111_320

    def flat(place: Place) -> tuple[float, float]:
        return ((place.longitude or 0) * stretch, place.latitude or 0)

    middles: dict[str, tuple[float, float]] = {}
    for path, found in groups.items():
        centres = [place for place in found if place.level == Place.Level.CENTRE]
        xs, ys = zip(*map(flat, centres or found), strict=True)
        middles[path] = sum(xs) / len(xs), sum(ys) / len(ys)
    areas = []
    for path, found in groups.items():
        middle = middles[path]
        reach = max(math.dist(flat(place), middle) for place in found) + MARGIN_M * metre
        turn = math.tau / CORNERS
        ring = [
            (middle[0] + reach * math.cos(n * turn), middle[1] + reach * math.sin(n * turn)) for n in range(CORNERS)
        ]
        if outline is not None:
            ring = [(x * stretch, y) for x, y in outline.ring]
        ring = cell_around(middle, [middles[key] for key in groups if key != path], ring)
        area = names[path]
        areas.append(
            {
                "code": area.code,
                "name": (name_of(area) if in_english() else area.short_name or area.name),
                "middle": (round(middle[0] / stretch, 6), round(middle[1], 6)),
                "ring": [(round(x / stretch, 6), round(y, 6)) for x, y in [*ring, ring[0]]] if ring else [],
            }
        )
    return areas
