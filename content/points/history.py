"""A place's record in words: what each change made of what."""

from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from content.points.services import week_in_words
from portal.base.places.hours import DayRow, days_of, span, week_of
from portal.base.places.models import Place
from portal.base.places.record import PlaceChange


def lines_of(change: PlaceChange) -> list[dict[str, str]]:
    """What a change made of what: `field`, `old` and `new` as people read them, in the order of the form."""
    fields = [field.name for field in Place._meta.fields]
    names = sorted(change.changes, key=lambda name: fields.index(name) if name in fields else len(fields))
    return [
        {"field": _label(name), "old": _words(name, old), "new": _words(name, new)}
        for name, (old, new) in ((name, change.changes[name]) for name in names)
    ]


def _label(name: str) -> str:
    apart = {"hours": _("Weekly hours"), "exceptions": _("Single days that differ"), "parent": _("belongs to")}
    return apart[name] if name in apart else str(Place._meta.get_field(name).verbose_name)


def _words(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "—"
    if name == "hours":
        return _("; ").join(f"{days} {hours}" for days, hours in week_in_words(week_of(value)))
    if name == "exceptions":
        return _("; ").join(_day_in_words(row) for row in days_of(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = getattr(Place._meta.get_field(name), "flatchoices", []) if name != "parent" else []
    return str(dict(choices).get(value, value))


def _day_in_words(row: DayRow) -> str:
    hours = span(row.opens, row.closes) if row.opens and row.closes else _("closed all day")
    return f"{formats.date_format(row.date, 'Y-m-d')} {hours} · {row.reason}"
