"""Changing what is known of a place: its fields, weekly table and exceptions, each change with who and why."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.base.places import positions, record
from portal.base.places.errors import PlaceRefused
from portal.base.places.hours import DayRow, Interval, replace_exceptions, replace_week
from portal.base.places.models import Place
from portal.base.places.services import announce

# Code, level and parent say which place it is; its status has a way of its own.
FIELDS = (
    "name", "name_en", "short_name", "kind", "address", "directions", "phone", "latitude", "longitude",
    "is_step_free", "has_remote_window",
)  # fmt: skip


@transaction.atomic
def write_changes(
    place: Place,
    *,
    by: str,
    reason: str = "",
    fields: Mapping[str, Any] | None = None,
    hours: list[Interval] | None = None,
    exceptions: list[DayRow] | None = None,
) -> bool:
    """Make what is given so, and journal what differs; whether anything did. The followers are the caller's to tell.

    :param by: who changes it, as the journal names them, e.g. `user:7`.
    :param hours: the whole weekly table; None leaves it as it is, and so does None for `exceptions`.

    Raises:
        PlaceRefused: hours do not go together; nothing is changed.
    """
    place = Place.objects.select_for_update().get(pk=place.pk)
    changed = {name: value for name, value in (fields or {}).items() if getattr(place, name) != value}
    changes: record.Changes = {name: [getattr(place, name), value] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(place, name, value)
    if hours is not None:
        changes |= replace_week(place, hours)
    if exceptions is not None:
        changes |= replace_exceptions(place, exceptions)
    if not changes:
        return False
    # Hours are rows of their own, but they too say when what is known of the place was last changed.
    place.save(update_fields=[*changed, "changed_at"])
    record.note(place, changes, by=by, reason=reason)
    return True


@transaction.atomic
def change_place(
    place: Place,
    *,
    by: str,
    reason: str = "",
    fields: Mapping[str, Any] | None = None,
    hours: list[Interval] | None = None,
    exceptions: list[DayRow] | None = None,
) -> bool:
    """Change a place's fields, weekly table and exceptions together, and tell the followers; whether anything differed.

    Raises:
        PlaceRefused: the position cannot be right, or hours do not go together; nothing is changed.
    """
    given = {name: value for name, value in (fields or {}).items() if name in FIELDS}
    if given.keys() & {"latitude", "longitude"}:
        where = given.get("latitude", place.latitude), given.get("longitude", place.longitude)
        is_elsewhere = where != (place.latitude, place.longitude)
        if is_elsewhere and (fault := positions.fault_of(*where, positions.neighbours_of(place))):
            raise PlaceRefused(fault, field="latitude")
    is_changed = write_changes(place, by=by, reason=reason, fields=given, hours=hours, exceptions=exceptions)
    if is_changed:
        announce([Place.objects.get(pk=place.pk)])
    return is_changed


@transaction.atomic
def add_place(parent: Place | None, *, by: str, **fields: Any) -> Place:
    """Add a place below its parent, journalled with all that is said of it; the followers are the caller's to tell."""
    place = Place.add_root(**fields) if parent is None else parent.add_child(**fields)
    record.note(place, {name: [None, value] for name, value in fields.items() if value not in (None, "")}, by=by,
                action=record.ADDED)  # fmt: skip
    return place


@transaction.atomic
def move_place(place: Place, parent: Place, *, by: str) -> Place:
    """Let a place belong to another parent; the followers are the caller's to tell."""
    place = Place.objects.select_for_update().get(pk=place.pk)
    before = place.get_parent()
    place.move(parent, "sorted-child")
    place = Place.objects.get(pk=place.pk)
    record.note(place, {"parent": [before.code if before else None, parent.code]}, by=by)
    return place


@transaction.atomic
def add_point(subdistrict: Place, *, code: str, kind: str, name: str, by: str) -> Place:
    """Add a service point to a subdistrict, planned until somebody says that it is open.

    Raises:
        PlaceRefused: the code is in use.
    """
    if Place.objects.filter(code=code).exists():
        raise PlaceRefused(_("The code %(code)s is in use already. Choose another one.") % {"code": code}, field="code")
    place = add_place(
        Place.objects.get(pk=subdistrict.pk),
        by=by,
        code=code,
        name=name,
        kind=kind,
        level=Place.Level.POINT.value,
        status=Place.Status.PLANNED.value,
        status_reason=_("being prepared"),
    )
    announce([place])
    return place
