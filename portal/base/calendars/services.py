"""The two calendars: when a place is open, and which days count as working days for a case's clock.

Opening goes by the place's own weekly intervals, its exceptions and, where an interval says so, public holidays; many
places open 365 days. The case clock goes by weekdays, public holidays and make-up working days. What depends on a year
whose table is not loaded is answered "not known" (None, or UnknownYear), never guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.calendars.holidays import HolidayFileError, load_holidays, load_shipped_holidays
from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.errors import DomainError
from portal.base.places.hours import Interval
from portal.base.places.models import OpeningInterval, Place
from portal.base.places.services import open_periods, planned_changes, status_at

__all__ = ["HolidayFileError", "load_holidays", "load_shipped_holidays"]
# A fifth Friday can be 14 weeks away, and be a holiday then.
LOOK_AHEAD_DAYS = 200


class UnknownYear(DomainError):
    """The public holidays of a year are not loaded, so a date in it cannot be worked out."""

    code: ClassVar[str] = "unknown_year"


@dataclass(frozen=True)
class KnownDays:
    """The loaded years, and the days in them that differ from their weekday."""

    years: frozenset[int]
    kinds: dict[date, str]

    def is_holiday(self, day: date) -> bool | None:
        """Whether the day is a public holiday; None when its year is not loaded."""
        if day.year not in self.years:
            return None
        return self.kinds.get(day) == Holiday.Kind.HOLIDAY

    def is_make_up_day(self, day: date) -> bool | None:
        """Whether the day is a weekend day that is worked; None when its year is not loaded."""
        if day.weekday() < 5:
            return False
        if day.year not in self.years:
            return None
        return self.kinds.get(day) == Holiday.Kind.MAKE_UP_WORKDAY

    def is_working_day(self, day: date) -> bool | None:
        """Whether the day is worked; None when its year is not loaded."""
        if day.year not in self.years:
            return None
        kind = self.kinds.get(day)
        if kind is None:
            return day.weekday() < 5
        return kind == Holiday.Kind.MAKE_UP_WORKDAY


def known_days(first: date, last: date) -> KnownDays:
    """What is loaded of the years from one date to another: two queries."""
    years = HolidayYear.objects.filter(year__range=(first.year, last.year)).values_list("year", flat=True)
    kinds = dict(Holiday.objects.filter(date__range=(first, last)).values_list("date", "kind"))
    return KnownDays(years=frozenset(years), kinds=kinds)


def _local(at: datetime) -> datetime:
    return timezone.localtime(at)


# --- opening ------------------------------------------------------------------------------------------------------


def hours_on(place: Place, day: date, *, days: KnownDays | None = None) -> list[tuple[time, time]] | None:
    """The place's hours on a date by its table alone (status aside), sorted; None when they are not known.

    Prefetch `opening_intervals` and `opening_exceptions` where many places are asked about.
    """
    exceptions = [row for row in place.opening_exceptions.all() if row.date == day]
    if exceptions:
        return sorted((row.opens, row.closes) for row in exceptions if row.opens and row.closes)
    intervals = list(place.opening_intervals.all())
    if not intervals:
        return None
    days = days or known_days(day, day)
    make_up = [row for row in intervals if row.weekday == OpeningInterval.MAKE_UP_DAY]
    if make_up:
        is_make_up = days.is_make_up_day(day)
        if is_make_up is None:
            return None
        if is_make_up:
            return sorted((row.opens, row.closes) for row in make_up)
    today = [row for row in intervals if row.weekday == day.weekday() and row.nth in (None, (day.day - 1) // 7 + 1)]
    if any(not row.on_holidays for row in today):
        holiday = days.is_holiday(day)
        if holiday is None:
            return None
        if holiday:
            today = [row for row in today if row.on_holidays]
    return sorted((row.opens, row.closes) for row in today)


def opening_today(place: Place, at: datetime, *, days: KnownDays | None = None) -> list[tuple[time, time]] | None:
    """The hours of that day, empty when it is closed all day (by its status too); None when not known."""
    if status_at(place, at) != Place.Status.OPEN:
        return []
    return hours_on(place, _local(at).date(), days=days)


def is_open(place: Place, at: datetime, *, days: KnownDays | None = None) -> bool | None:
    """Whether the place is open at that moment; None when that is not known."""
    hours = opening_today(place, at, days=days)
    if hours is None:
        return None
    clock = _local(at).time()
    return any(opens <= clock < closes for opens, closes in hours)


def closes_at(place: Place, at: datetime, *, days: KnownDays | None = None) -> datetime | None:
    """When the place closes for the day; None when it is closed for the rest of it, or that is not known."""
    local = _local(at)
    hours = opening_today(place, at, days=days)
    if not hours or hours[-1][1] <= local.time():
        return None
    closing = local.replace(hour=hours[-1][1].hour, minute=hours[-1][1].minute, second=0, microsecond=0)
    ends = [change.starts_at for change in planned_changes(place) if change.status != Place.Status.OPEN]
    return min([closing, *(_local(end) for end in ends if end > at)])


@dataclass(frozen=True)
class Ahead:
    """When a place opens next; without a time either it does not, or a year's holidays are not known."""

    at: datetime | None = None
    unknown_year: int | None = None


def days_ahead(places: Iterable[Place], at: datetime) -> KnownDays:
    """What `opening_ahead` needs to know of the days for many places, in two queries."""
    begins = [at, *(start for place in places for start, _end in open_periods(place, at))]
    return known_days(_local(at).date(), _local(max(begins)).date() + timedelta(days=LOOK_AHEAD_DAYS))


def opening_ahead(place: Place, at: datetime, *, days: KnownDays | None = None) -> Ahead:
    """When the place opens next (`at` itself when it is open then), through suspensions and what is planned.

    :param days: from `days_ahead`, where many places are asked about.
    """
    periods = open_periods(place, at)
    if not periods:
        return Ahead()
    local = _local(at)
    first = _local(periods[0][0]).date()
    last = _local(periods[-1][0]).date() + timedelta(days=LOOK_AHEAD_DAYS)
    days = days or known_days(first, last)
    for offset in range((last - first).days):
        day = first + timedelta(days=offset)
        midnight = datetime.combine(day, time(), tzinfo=local.tzinfo)
        if not any(start < midnight + timedelta(days=1) and (end is None or end > midnight) for start, end in periods):
            continue
        hours = hours_on(place, day, days=days)
        if hours is None:
            has_table = bool(place.opening_intervals.all())
            return Ahead(unknown_year=day.year if has_table else None)
        for opens, closes in hours:
            begins = datetime.combine(day, opens, tzinfo=local.tzinfo)
            ends = datetime.combine(day, closes, tzinfo=local.tzinfo)
            for start, end in periods:
                earliest = max(begins, start)
                if earliest < (ends if end is None else min(ends, end)):
                    return Ahead(at=_local(earliest))
    return Ahead()


def next_opening(place: Place, at: datetime) -> datetime | None:
    """When the place opens next: `at` itself when it is open then; None when it does not, or that is not known."""
    return opening_ahead(place, at).at


def year_in_the_way(place: Place, at: datetime) -> int | None:
    """The year whose missing holidays are why nobody can say whether the place is open that day; None when one can."""
    day = _local(at).date()
    if hours_on(place, day) is None and place.opening_intervals.all():
        return day.year
    return None


def open_now(places: Iterable[Place], at: datetime) -> dict[int, bool | None]:
    """`is_open` for many places by primary key; prefetch their intervals and exceptions."""
    day = _local(at).date()
    days = known_days(day, day)
    return {place.pk: is_open(place, at, days=days) for place in places}


@dataclass(frozen=True)
class HoursLine:
    """Hours that a run of weekdays shares, for showing."""

    weekdays: tuple[int, ...]
    nth: int | None
    opens: time
    closes: time
    on_holidays: bool


def weekly_hours(week: Iterable[OpeningInterval | Interval]) -> list[HoursLine]:
    """A weekly table with equal days together, e.g. Monday to Friday 9:00–17:00."""
    groups: dict[tuple, list[OpeningInterval | Interval]] = {}
    for row in sorted(week, key=lambda row: (row.opens, row.weekday)):
        groups.setdefault((row.nth, row.opens, row.closes, row.on_holidays), []).append(row)
    lines = [
        HoursLine(tuple(row.weekday for row in rows), nth, opens, closes, on_holidays)
        for (nth, opens, closes, on_holidays), rows in groups.items()
    ]
    return sorted(lines, key=lambda line: (line.weekdays[0], line.opens))


# --- the case clock -----------------------------------------------------------------------------------------------


def is_working_day(day: date) -> bool:
    """Whether a case's clock runs on the date.

    Raises:
        UnknownYear: the year's holidays are not loaded.
    """
    answer = known_days(day, day).is_working_day(day)
    if answer is None:
        raise UnknownYear(_unknown(day.year))
    return answer


def add_working_days(start: date, count: int) -> date:
    """The date `count` working days after `start`, which itself is not counted.

    Raises:
        UnknownYear: the way leads into a year whose holidays are not loaded.
    """
    day = start
    days = known_days(start, start + timedelta(days=count * 3 + 30))
    while count > 0:
        day += timedelta(days=1)
        answer = days.is_working_day(day)
        if answer is None:
            raise UnknownYear(_unknown(day.year))
        count -= answer
    return day


def _unknown(year: int) -> str:
    return _("The public holidays of %(year)s are not known yet, so the day cannot be said.") % {"year": year}
