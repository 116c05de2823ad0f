"""Which times a place has to give: by its plan, its hours and status, its centre's, and the item; a reading, no promise.

What is promised is decided under the slot's lock in `services`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from content.items import services as items
from content.items.models import ServiceItem
from content.points import services as points
from portal.base.calendars import services as calendars
from portal.base.places.models import Place
from portal.base.places.services import status_at
from servicedesk.booking.models import Slot, SlotPlan
from servicedesk.booking.states import SEATED, BookingState

DAYS_AHEAD = 28
# Nobody books a time to which they cannot come any more.
LEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Opening:
    """One time that a place gives: how many it takes and how many are taken; the times are local."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.taken)


type Days = dict[date, list[Opening]]


def last_day(now: datetime) -> date:
    """The last day that can be booked."""
    return timezone.localtime(now).date() + timedelta(days=DAYS_AHEAD)


def places_with_plans() -> list[Place]:
    """Centres and points with a remote window that give appointments, with what their opening depends on."""
    planned = points.shown_places().filter(slot_plans__capacity__gt=0).distinct()
    return list(planned.filter(Q(level=Place.Level.CENTRE) | Q(has_remote_window=True)))


def get_place(code: str) -> Place | None:
    """The place of a code, if it gives appointments."""
    place = points.get_place(code)
    if place is None or not SlotPlan.objects.filter(place=place, capacity__gt=0).exists():
        return None
    return place if place.level == Place.Level.CENTRE or place.has_remote_window else None


def centres_of(places: Iterable[Place]) -> dict[int, Place]:
    """By place the centre that serves it; without one nobody is taken there."""
    centres = {
        centre.path[: -Place.steplen]: centre for centre in points.shown_places().filter(level=Place.Level.CENTRE)
    }
    found = {}
    for place in places:
        above = (place.path[:end] for end in range(len(place.path) - Place.steplen, 0, -Place.steplen))
        centre = next((centres[step] for step in above if step in centres), None)
        if centre is not None:
            found[place.pk] = place if place.level == Place.Level.CENTRE else centre
    return found


def openings(
    places: list[Place], *, item: ServiceItem | None = None, first: date | None = None, last: date | None = None
) -> dict[int, Days]:
    """By place and day the times from now on, full ones too; days without any are left out.

    Give places as `points.shown_places` does, with hours, exceptions and planned changes.
    """
    now = timezone.now()
    today = timezone.localtime(now).date()
    first = max(first or today, today)
    last = min(last or last_day(now), last_day(now))
    if first > last:
        return {}
    days = calendars.known_days(first, last)
    plans: dict[int, list[SlotPlan]] = defaultdict(list)
    for plan in SlotPlan.objects.filter(place__in=places):
        plans[plan.place_id].append(plan)
    taken = _taken(places, first, last)
    centres = centres_of(places)
    editions = items.editions_ahead(item) if item else []
    found: dict[int, Days] = {}
    for place in places:
        if place.pk not in centres:
            continue
        needed = [place] if centres[place.pk].pk == place.pk else [place, centres[place.pk]]
        rule = items.rules_at(place, [item.pk]).get(item.pk) if item else None
        by_day: Days = {}
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            if item is not None:
                edition = next((row for row in editions if row.valid_from <= day), None)
                if edition is None or not item.is_active:
                    continue
                if not items.is_taken_on(edition, rule, day, channel=items.channel_at(place), days=days):
                    continue
            times = [
                Opening(starts_at, ends_at, capacity, taken.get((place.pk, starts_at), 0))
                for starts_at, ends_at, capacity in _times(plans[place.pk], needed, day, days)
                if starts_at > now + LEAD
                and all(status_at(where, starts_at) == Place.Status.OPEN for where in needed)
                and items.is_in_hours(rule, starts_at)
            ]
            if times:
                by_day[day] = times
        found[place.pk] = by_day
    return found


def opening_at(place: Place, starts_at: datetime, *, item: ServiceItem | None) -> Opening | None:
    """The time that begins at a moment, if the place gives it for the item; a moment without an offset is none."""
    day = day_of(starts_at)
    if day is None:
        return None
    found = openings([place], item=item, first=day, last=day).get(place.pk, {})
    return next((opening for opening in found.get(day, []) if opening.starts_at == starts_at), None)


def day_of(moment: datetime) -> date | None:
    """The local day of a moment; None for one without an offset, or at the end of all time."""
    try:
        return timezone.localtime(moment).date()
    except (ValueError, OverflowError):
        return None


def next_free(by_day: Days) -> Opening | None:
    """The first time with a seat."""
    return next((opening for day in sorted(by_day) for opening in by_day[day] if opening.free), None)


def _taken(places: list[Place], first: date, last: date) -> dict[tuple[int, datetime], int]:
    begins = timezone.make_aware(datetime.combine(first, time.min))
    ends = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    is_kept = Q(bookings__state__in=[state for state in SEATED if state != BookingState.HELD])
    is_held = Q(bookings__state=BookingState.HELD, bookings__held_until__gt=timezone.now())
    rows = Slot.objects.filter(place__in=places, starts_at__gte=begins, starts_at__lt=ends)
    counted = rows.annotate(seats=Count("bookings", filter=is_kept | is_held)).values_list(
        "place_id", "starts_at", "seats"
    )
    return {(place, starts_at): seats for place, starts_at, seats in counted}


def _times(
    plans: list[SlotPlan], needed: list[Place], day: date, days: calendars.KnownDays
) -> list[tuple[datetime, datetime, int]]:
    """The plan's times on a day that lie whole in the hours of all places that are needed for it."""
    own = [plan for plan in plans if plan.weekday == day.weekday()]
    hours = [calendars.hours_on(place, day, days=days) or [] for place in needed]
    found: dict[datetime, tuple[datetime, datetime, int]] = {}
    for plan in own or [plan for plan in plans if plan.weekday is None]:
        if plan.capacity == 0:
            continue
        for opens, closes in hours[0]:
            starts_at = _moment(day, max(opens, plan.starts or opens))
            until = _moment(day, min(closes, plan.ends or closes))
            while (ends_at := starts_at + timedelta(minutes=plan.slot_minutes)) <= until:
                if all(
                    any(_moment(day, opens) <= starts_at and ends_at <= _moment(day, closes) for opens, closes in rows)
                    for rows in hours[1:]
                ):
                    found.setdefault(starts_at, (starts_at, ends_at, plan.capacity))
                starts_at = ends_at
    return [found[starts_at] for starts_at in sorted(found)]


def _moment(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))
