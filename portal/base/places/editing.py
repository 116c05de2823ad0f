"""Changing what is known of a point: a new one, and an existing one's fields with its hours, all or nothing."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.base.places import positions
from portal.base.places.errors import PlaceRefused
from portal.base.places.hours import DayRow, Interval, set_exceptions, set_hours
from portal.base.places.models import Place
from portal.base.places.services import announce

# Code, level and parent say which place it is; its status has a way of its own.
FIELDS = (
    "name", "name_en", "short_name", "kind", "address", "directions", "phone", "latitude", "longitude",
    "is_step_free", "has_remote_window",
)  # fmt: skip


@transaction.atomic
def edit_place(place: Place, fields: Mapping[str, Any], *, hours: list[Interval], exceptions: list[DayRow]) -> Place:
    """Change a place's fields, weekly table and exceptions together.

    Raises:
        PlaceRefused: the position cannot be right, or hours do not go together; nothing is changed.
    """
    place = Place.objects.select_for_update().get(pk=place.pk)
    changed = {name: value for name, value in fields.items() if name in FIELDS and getattr(place, name) != value}
    if changed.keys() & {"latitude", "longitude"}:
        latitude = changed.get("latitude", place.latitude)
        longitude = changed.get("longitude", place.longitude)
        if fault := positions.fault_of(latitude, longitude, positions.neighbours_of(place)):
            raise PlaceRefused(fault, field="latitude")
    for name, value in changed.items():
        setattr(place, name, value)
    if changed:
        place.save(update_fields=[*changed, "changed_at"])
        announce([place])
    set_hours(place, hours)
    set_exceptions(place, exceptions)
    return place


@transaction.atomic
def add_point(subdistrict: Place, *, code: str, kind: str, name: str) -> Place:
    """Add a service point to a subdistrict, planned until somebody says that it is open.

    Raises:
        PlaceRefused: the code is in use.
    """
    if Place.objects.filter(code=code).exists():
        raise PlaceRefused(_("The code %(code)s is in use already. Choose another one.") % {"code": code}, field="code")
    parent = Place.objects.get(pk=subdistrict.pk)
    place = parent.add_child(
        code=code,
        name=name,
        kind=kind,
        level=Place.Level.POINT,
        status=Place.Status.PLANNED,
        status_reason=_("being prepared"),
    )
    announce([place])
    return place
