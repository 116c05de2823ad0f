"""The hours of a place: its weekly table, its own exceptions, and the rules that both keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from django.db import transaction
from django.utils.translation import gettext as _

from portal.base.places.errors import PlaceRefused
from portal.base.places.models import OpeningException, OpeningInterval, Place
from portal.base.places.services import announce


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


@transaction.atomic
def set_hours(place: Place, rows: list[Interval]) -> bool:
    """Make the weekly table what is given; whether that changed anything.

    Raises:
        PlaceRefused: two intervals overlap, or one closes before it opens; nothing is changed.
    """
    if fault := fault_of_week(rows):
        raise PlaceRefused(fault, field="hours")
    place = Place.objects.select_for_update().get(pk=place.pk)
    present = [
        Interval(row.weekday, row.opens, row.closes, row.nth, row.on_holidays) for row in place.opening_intervals.all()
    ]
    if _ordered(present) == _ordered(rows):
        return False
    place.opening_intervals.all().delete()
    OpeningInterval.objects.bulk_create(OpeningInterval(place=place, **vars(row)) for row in rows)
    touch([place])
    return True


@transaction.atomic
def set_exceptions(place: Place, rows: list[DayRow]) -> bool:
    """Make the exceptions what is given; whether that changed anything.

    Raises:
        PlaceRefused: rows of one day do not go together, or one lacks its reason; nothing is changed.
    """
    if fault := fault_of_exceptions(rows):
        raise PlaceRefused(fault, field="exceptions")
    place = Place.objects.select_for_update().get(pk=place.pk)
    present = {(row.date, row.opens, row.closes, row.reason) for row in place.opening_exceptions.all()}
    wanted = {(row.date, row.opens, row.closes, row.reason.strip()) for row in rows}
    if present == wanted:
        return False
    place.opening_exceptions.all().delete()
    OpeningException.objects.bulk_create(
        OpeningException(place=place, date=day, opens=opens, closes=closes, reason=reason)
        for day, opens, closes, reason in wanted
    )
    touch([place])
    return True


def touch(places: list[Place]) -> None:
    """Note that the places changed although none of their own fields did, and tell the followers."""
    for place in places:
        place.save(update_fields=["changed_at"])
    announce(places)


def _ordered(rows: list[Interval]) -> list[tuple]:
    return sorted((row.weekday, row.opens, row.closes, row.nth or 0, row.on_holidays) for row in rows)
