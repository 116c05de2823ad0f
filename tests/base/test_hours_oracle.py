"""Two thousand made-up places against a slow reference that knows nothing of the product's way to reckon."""

import random
from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.base.calendars import services as calendars
from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.places.models import OpeningException, OpeningInterval, Place, PlaceStatusChange

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
CASES, SEED = 2000, 20261126
# Every generated time lies on this grid, so a walk along it sees every minute at which an answer can change.
STEP = timedelta(minutes=5)
ORIGIN_DAYS, HORIZON_DAYS = 2, 10
# Far ahead, so that what is planned lies ahead of the day on which the test runs.
KNOWN, UNKNOWN = 2091, 2092
HOLIDAYS = {date(KNOWN, 12, day) for day in range(20, 25)} | {date(KNOWN, 6, day) for day in (9, 10, 11)}
MAKE_UP_DAYS = {date(KNOWN, 12, 16), date(KNOWN, 12, 29), date(KNOWN, 6, 2)}


@dataclass
class Made:
    """One made-up place as plain values: what the reference reads."""

    at: datetime
    weekly: list[tuple[int, int | None, time, time, bool]] = field(default_factory=list)
    exceptions: dict[date, list[tuple[time, time]]] = field(default_factory=dict)
    status: tuple[str, datetime | None] = ("open", None)
    planned: list[tuple[datetime, str, datetime | None]] = field(default_factory=list)


def some_time(dice: random.Random, first: int, last: int) -> time:
    minutes = dice.randrange(first * 12, last * 12) * 5
    return time(minutes // 60, minutes % 60)


def some_hours(dice: random.Random) -> list[tuple[time, time]]:
    morning = (some_time(dice, 6, 9), some_time(dice, 10, 12))
    afternoon = (some_time(dice, 13, 15), some_time(dice, 16, 22))
    return dice.choice([[morning], [afternoon], [morning, afternoon], [(time(0), time.max)]])


def make(dice: random.Random) -> Made:
    first = dice.choice([date(KNOWN, 12, 10), date(KNOWN, 12, 22), date(KNOWN, 12, 29), date(KNOWN, 6, 1)])
    day = first + timedelta(days=dice.randrange(10))
    made = Made(at=datetime.combine(day, some_time(dice, 0, 24), tzinfo=ZONE))
    on_holidays = dice.random() < 0.5
    for weekday in range(7):
        if dice.random() < (0.85 if weekday < 5 else 0.3):
            nth = dice.choice([1, 2, 3, 4, 5]) if dice.random() < 0.2 else None
            made.weekly += [(weekday, nth, opens, closes, on_holidays) for opens, closes in some_hours(dice)]
    if dice.random() < 0.3:
        made.weekly += [(7, None, opens, closes, True) for opens, closes in some_hours(dice)]
    for _turn in range(dice.choice([0, 0, 0, 1, 2])):
        on = day + timedelta(days=dice.randrange(5))
        made.exceptions[on] = dice.choice([[], some_hours(dice)])
    if dice.random() < 0.3:
        ends = made.at + STEP * dice.randrange(-500, 1500)
        made.status = (dice.choice(["suspended", "planned"]), ends if dice.random() < 0.85 else None)
    for _turn in range(dice.choice([0, 0, 0, 1, 2])):
        begins = made.at + STEP * dice.randrange(-400, 1200)
        ends = begins + STEP * dice.randrange(1, 900) if dice.random() < 0.8 else None
        made.planned.append((begins, dice.choice(["suspended", "closed", "open"]), ends))
    made.planned.sort(key=lambda change: change[0])
    return made


def reference(made: Made) -> tuple[bool | None, datetime | str | None]:
    """Open at the moment asked about; and the first moment of opening, "unknown", or None within the horizon.

    It plays the days from before the moment on, one small step after the other, as a person with a watch would.
    """
    status, until = made.status
    waiting = list(made.planned)
    step = made.at - timedelta(days=ORIGIN_DAYS)
    open_then: bool | None = None
    while step <= made.at + timedelta(days=HORIZON_DAYS):
        while waiting and waiting[0][0] <= step:
            _begins, status, until = waiting.pop(0)
        if until is not None and until <= step:
            status, until = "open", None
        answer = door(made, step) if status == "open" and step >= made.at else False
        if step == made.at:
            open_then = answer
        if answer is None:
            return open_then, "unknown"
        if answer:
            return open_then, step
        step += STEP
    return open_then, None


def door(made: Made, moment: datetime) -> bool | None:
    """Whether the door is open by the tables alone."""
    day, clock = moment.date(), moment.time()
    if day in made.exceptions:
        return any(opens <= clock < closes for opens, closes in made.exceptions[day])
    is_weekend = day.isoweekday() > 5
    if is_weekend and any(weekday == 7 for weekday, *_rest in made.weekly):
        if day.year == UNKNOWN:
            return None
        if day in MAKE_UP_DAYS:
            return any(row[0] == 7 and row[2] <= clock < row[3] for row in made.weekly)
    rows = []
    for weekday, nth, opens, closes, on_holidays in made.weekly:
        if weekday != day.isoweekday() - 1:
            continue
        if nth is not None:
            before = day - timedelta(weeks=nth - 1)
            if before.month != day.month or (before - timedelta(weeks=1)).month == day.month:
                continue
        rows.append((opens, closes, on_holidays))
    for opens, closes, on_holidays in rows:
        if not on_holidays:
            if day.year == UNKNOWN:
                return None
            if day in HOLIDAYS:
                continue
        if opens <= clock < closes:
            return True
    return False


def as_place(number: int, made: Made) -> Place:
    """The same place in the product's own shape, with everything prefetched and nothing in the database."""
    place = Place(pk=number, code=f"X{number}", level="point", status=made.status[0], status_until=made.status[1])
    intervals = [
        OpeningInterval(weekday=weekday, nth=nth, opens=opens, closes=closes, on_holidays=on_holidays)
        for weekday, nth, opens, closes, on_holidays in made.weekly
    ]
    exceptions = []
    for day, hours in made.exceptions.items():
        exceptions += [OpeningException(date=day, opens=opens, closes=closes) for opens, closes in hours]
        if not hours:
            exceptions.append(OpeningException(date=day))
    place._prefetched_objects_cache = {"opening_intervals": intervals, "opening_exceptions": exceptions}
    place.planned = [
        PlaceStatusChange(starts_at=begins, status=status, until=ends) for begins, status, ends in made.planned
    ]
    return place


def test_open_now_and_next_open_are_right_on_two_thousand_cases():
    year = HolidayYear.objects.create(year=KNOWN, source="made up")
    Holiday.objects.bulk_create(Holiday(year=year, date=day, name="x", kind="holiday") for day in HOLIDAYS)
    Holiday.objects.bulk_create(Holiday(year=year, date=day, name="x", kind="make_up_workday") for day in MAKE_UP_DAYS)
    days = calendars.known_days(date(KNOWN, 1, 1), date(UNKNOWN + 1, 12, 31))
    dice = random.Random(SEED)
    seen: Tally[str] = Tally()
    for number in range(1, CASES + 1):
        made = make(dice)
        place = as_place(number, made)
        if not made.weekly and not made.exceptions:
            continue
        open_then, ahead_then = reference(made)
        ahead = calendars.opening_ahead(place, made.at)
        assert calendars.is_open(place, made.at, days=days) is open_then, (number, made)
        if ahead_then == "unknown":
            assert (ahead.at, ahead.unknown_year) == (None, UNKNOWN if made.weekly else None), (number, made)
        elif ahead_then is None:
            assert ahead.at is None or ahead.at > made.at + timedelta(days=HORIZON_DAYS), (number, made, ahead)
        else:
            assert ahead.at == ahead_then, (number, made, ahead)
        seen[f"open {open_then}"] += 1
        seen["unknown" if ahead_then == "unknown" else "never" if ahead_then is None else "ahead"] += 1
        seen["planned"] += bool(made.planned)
        seen["suspended with an end"] += made.status[0] != "open" and made.status[1] is not None
        seen["exception"] += bool(made.exceptions)
        seen["nth"] += any(row[1] for row in made.weekly)
    # The dice must not have left out what the test is about.
    assert min(seen.values()) > 60, seen
    assert seen["open True"] > 300 and seen["unknown"] > 100 and seen["planned"] > 400, seen
