"""The hours of a place: its weekly table, its own exceptions, and the rules that both keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from django.utils.translation import gettext as _

from portal.base.places.errors import PlaceRefused
from portal.base.places.models import OpeningException, OpeningInterval, Place
from portal.base.places.record import Changes


@dataclass(frozen=True)
class Interval:
    """One interval of the weekly table; weekday 7 is a make-up working day."""

    weekday: int
    opens: time
    closes: time
    nth: int | None = None
    on_holidays: bool = True


@dataclass(frozen=True)
class DayRow:
    """One interval of a single date, or that date closed all day (without times)."""

    date: date
    reason: str
    opens: time | None = None
    closes: time | None = None


def weekday_name(weekday: int) -> str:
    """The day in words; the eighth is a make-up working day."""
    names = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
    return str(names[weekday] if weekday < len(names) else _("make-up working day"))


def span(opens: time, closes: time) -> str:
    """An interval in words, 9:00–17:00; the end of a day is 24:00."""
    ends = "24:00" if closes >= time(23, 59) else f"{closes.hour}:{closes.minute:02d}"
    return f"{opens.hour}:{opens.minute:02d}–{ends}"


def fault_of_week(rows: Iterable[Interval]) -> str:
    """What is wrong with a weekly table, as a sentence; empty when nothing is."""
    given = list(rows)
    ordered = sorted(set(given), key=lambda row: (row.weekday, row.opens, row.closes))
    if len(ordered) != len(given):
        return _("One interval stands there twice. Take one away.")
    for position, row in enumerate(ordered):
        if row.closes <= row.opens:
            return _("%(day)s %(span)s: it closes before it opens.") % _words(row)
        if row.nth is not None and row.weekday == OpeningInterval.MAKE_UP_DAY:
            return _("A make-up working day has no “nth of the month”. Leave that empty.")
        for other in ordered[position + 1 :]:
            meet = row.nth is None or other.nth is None or row.nth == other.nth
            if meet and other.weekday == row.weekday and other.opens < row.closes:
                return _("%(day)s: %(span)s and %(other)s overlap. Make one of them, or set them apart.") % (
                    _words(row) | {"other": span(other.opens, other.closes)}
                )
    return ""


def _words(row: Interval) -> dict[str, str]:
    return {"day": weekday_name(row.weekday), "span": span(row.opens, row.closes)}


def fault_of_exceptions(rows: Iterable[DayRow]) -> str:
    """What is wrong with a place's exceptions, as a sentence; empty when nothing is."""
    by_day: dict[date, list[DayRow]] = {}
    for row in rows:
        if (row.opens is None) != (row.closes is None):
            return _("%(day)s: give both times, or neither when it is closed all day.") % {"day": row.date}
        if row.opens is not None and row.closes is not None and row.closes <= row.opens:
            return _("%(day)s: it closes before it opens.") % {"day": row.date}
        if not row.reason.strip():
            return _("%(day)s: say why; people read it on the point's page.") % {"day": row.date}
        by_day.setdefault(row.date, []).append(row)
    for day, found in by_day.items():
        spans = sorted((row.opens, row.closes) for row in found if row.opens and row.closes)
        if len(found) > 1 and any(row.opens is None for row in found):
            return _("%(day)s is closed all day in one row and has other rows too. Keep one of them.") % {"day": day}
        if any(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:], strict=False)):
            return _("%(day)s: two intervals overlap. Make one of them, or set them apart.") % {"day": day}
    return ""


def replace_week(place: Place, rows: list[Interval]) -> Changes:
    """Make the weekly table of a locked place what is given; what that changed, empty when nothing.

    Raises:
        PlaceRefused: two intervals overlap, or one closes before it opens; nothing is changed.
    """
    if fault := fault_of_week(rows):
        raise PlaceRefused(fault, field="hours")
    present = [
        Interval(row.weekday, row.opens, row.closes, row.nth, row.on_holidays) for row in place.opening_intervals.all()
    ]
    before, after = _plain_week(present), _plain_week(rows)
    if before == after:
        return {}
    place.opening_intervals.all().delete()
    OpeningInterval.objects.bulk_create(OpeningInterval(place=place, **vars(row)) for row in rows)
    return {"hours": [before, after]}


def _plain_week(rows: Iterable[Interval]) -> list[list]:
    plain = [[row.weekday, row.opens.isoformat(), row.closes.isoformat(), row.nth, row.on_holidays] for row in rows]
    return sorted(plain, key=lambda row: (*row[:3], row[3] or 0, row[4]))


def week_of(plain: Iterable[list]) -> list[Interval]:
    """The rows of a weekly table as the record keeps them."""
    return [
        Interval(weekday, time.fromisoformat(opens), time.fromisoformat(closes), nth, on_holidays)
        for weekday, opens, closes, nth, on_holidays in plain
    ]


def replace_exceptions(place: Place, rows: list[DayRow]) -> Changes:
    """Make the exceptions of a locked place what is given; what that changed, empty when nothing.

    Raises:
        PlaceRefused: rows of one day do not go together, or one lacks its reason; nothing is changed.
    """
    if fault := fault_of_exceptions(rows):
        raise PlaceRefused(fault, field="exceptions")
    present = [DayRow(row.date, row.reason, row.opens, row.closes) for row in place.opening_exceptions.all()]
    before, after = _plain_days(present), _plain_days(rows)
    if before == after:
        return {}
    place.opening_exceptions.all().delete()
    OpeningException.objects.bulk_create(OpeningException(place=place, **vars(row)) for row in days_of(after))
    return {"exceptions": [before, after]}


def _plain_days(rows: Iterable[DayRow]) -> list[list]:
    found = {
        (
            row.date.isoformat(),
            row.opens.isoformat() if row.opens else None,
            row.closes.isoformat() if row.closes else None,
            row.reason.strip(),
        )
        for row in rows
    }
    return [list(row) for row in sorted(found, key=lambda row: (row[0], row[1] or ""))]


def days_of(plain: Iterable[list]) -> list[DayRow]:
    """The rows of single days as the record keeps them."""
    return [
        DayRow(
            date.fromisoformat(day),
            reason,
            time.fromisoformat(opens) if opens else None,
            time.fromisoformat(closes) if closes else None,
        )
        for day, opens, closes, reason in plain
    ]
