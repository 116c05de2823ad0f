"""Loading a district from a workbook: places, centres, counters, points, hours, staff and roles, all or nothing.

Every sheet's first row names its columns, by the English key or the Chinese label of SHEETS. What the file names is
added or changed; what it does not name is left alone. Dates and times are local.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.places import editing, positions, services
from portal.base.places.hours import Interval, fault_of_week
from portal.base.places.models import Counter, OpeningInterval, Place
from portal.base.places.workbook import (
    SHEETS,
    DistrictRefused,
    Line,
    Report,
    cell_choice,
    cell_clock,
    cell_degrees,
    cell_flag,
    cell_needed,
    cell_until,
    cell_weekdays,
    read_book,
)
from portal.base.rights import services as rights
from portal.base.rights.models import Role

BY = "setup_district"
__all__ = ["SHEETS", "DistrictRefused", "Report", "load"]


def load(path: Path | str, dry_run: bool = False, report: Report | None = None) -> Report:
    """Load the workbook in one transaction; a dry run does all of it and takes it back.

    Raises:
        DistrictRefused: something in it is wrong; nothing was changed.
    """
    report = report or Report()
    lines = read_book(Path(path), report)
    with transaction.atomic():
        if not report.errors:
            _write(lines, report)
        if report.errors or dry_run:
            transaction.set_rollback(True)
    if report.errors:
        raise DistrictRefused(report)
    return report


def _write(lines: dict[str, list[Line]], report: Report) -> None:
    _refuse_twice(lines, report)
    places = {place.code: place for place in Place.objects.all()}
    for line in lines["places"]:
        _write_place(line, places, report)
    sites = [(line, Place.Level.CENTRE) for line in lines["centres"]]
    sites += [(line, Place.Level.POINT) for line in lines["points"]]
    rows = [_write_site(line, places, report, level=level) for line, level in sites]
    if not report.errors:
        _refuse_positions([line for line, _level in sites], report)
    if not report.errors:
        for row in rows:
            if row is not None:
                _write_status(row, report)
    for line in lines["counters"]:
        _write_counter(line, places, report)
    _write_hours(lines["hours"], places, report)
    if report.touched and not report.errors:
        services.announce(list(Place.objects.filter(pk__in=report.touched)))
    for line in lines["staff"]:
        _write_staff(line, report)
    _write_roles(lines["roles"], places, report)


def _refuse_twice(lines: dict[str, list[Line]], report: Report) -> None:
    seen: dict[str, Line] = {}
    for kind in ("places", "centres", "points"):
        for line in lines[kind]:
            code = line.text("code")
            if code and code in seen:
                where = {"sheet": seen[code].sheet, "row": seen[code].row}
                report.refuse(line, "code", _("stands already in %(sheet)s, row %(row)s.") % where)
            seen[code] = line
    staff: dict[str, int] = {}
    for line in lines["staff"]:
        username = line.text("username")
        if username in staff:
            where = {"sheet": line.sheet, "row": staff[username]}
            report.refuse(line, "username", _("stands already in %(sheet)s, row %(row)s.") % where)
        staff[username] = line.row


def _parent(line: Line, column: str, places: dict[str, Place], report: Report, *, level: str = "") -> Place | None:
    code = line.text(column)
    place = places.get(code)
    if place is None:
        report.refuse(line, column, _("%(code)s is no place above this one, nor in the file.") % {"code": code or "“”"})
    elif level and place.level != level:
        report.refuse(line, column, _("%(code)s is no %(level)s.") % {"code": code, "level": Place.Level(level).label})
        return None
    return place


def _write_place(line: Line, places: dict[str, Place], report: Report) -> None:
    code = cell_needed(line, "code", report, longest=30)
    level = cell_choice(line, "level", Place.Level, report)
    if level in (Place.Level.CENTRE, Place.Level.POINT):
        report.refuse(line, "level", _("belongs on a sheet of its own: centres or points."))
    parent = None
    if line.text("parent"):
        parent = _parent(line, "parent", places, report)
        if parent is None:
            return
    fields = {
        "name": cell_needed(line, "name", report, longest=80),
        "name_en": line.text("name_en"),
        "short_name": line.text("short_name"),
        "level": level,
    }
    _save(code, parent, fields, kind="places", places=places, report=report)


def _write_site(line: Line, places: dict[str, Place], report: Report, *, level: str) -> "StatusRow | None":
    """A centre or a service point below its subdistrict; the status that it is to have."""
    code = cell_needed(line, "code", report, longest=30)
    parent = _parent(line, "subdistrict", places, report, level=Place.Level.SUBDISTRICT)
    fields: dict[str, Any] = {
        "name": cell_needed(line, "name", report, longest=80),
        "level": level,
        "latitude": cell_degrees(line, "latitude", report),
        "longitude": cell_degrees(line, "longitude", report),
        "is_step_free": cell_flag(line, "step_free", report),
        "is_demo": cell_flag(line, "demo", report),
    }
    if fault := positions.fault_of(fields["latitude"], fields["longitude"]):
        column = "latitude" if "latitude" in line.cells else "longitude"
        report.refuse(line, column, _("is “%(value)s”. %(fault)s") % {"value": line.text(column), "fault": fault})
    for column, longest in (("name_en", 120), ("short_name", 40), ("address", 200), ("directions", 200), ("phone", 40)):
        fields[column] = line.text(column)
        if len(fields[column]) > longest:
            report.refuse(line, column, _("is longer than %(longest)s characters.") % {"longest": longest})
    wanted = StatusRow(line, code)
    if level == Place.Level.POINT:
        kind = cell_choice(line, "kind", Place.Kind, report)
        if not kind:
            report.refuse(line, "kind", _("is empty; it is needed."))
        fields |= {"kind": kind, "has_remote_window": cell_flag(line, "remote_window", report)}
        wanted = _wanted_status(line, code, report)
    if parent is None or report.errors:
        return None
    kind = "centres" if level == Place.Level.CENTRE else "points"
    _save(code, parent, fields, kind=kind, places=places, report=report)
    return wanted


@dataclass(frozen=True)
class StatusRow:
    """The status that a row asks for; it is set when all places are there, since a point may have moved to a later one."""

    line: Line
    code: str
    status: str = Place.Status.OPEN.value
    reason: str = ""
    until: datetime | None = None
    moved_to: str = ""
    moved_address: str = ""


def _wanted_status(line: Line, code: str, report: Report) -> StatusRow:
    status = cell_choice(line, "status", Place.Status, report, default=Place.Status.OPEN)
    until = cell_until(line, report)
    if status != Place.Status.OPEN and not line.text("status_reason"):
        report.refuse(line, "status_reason", _("is empty; a point that is not open needs its reason."))
    moved_to, moved_address = line.text("moved_to"), line.text("moved_address")
    if status == Place.Status.MOVED and not moved_to and not moved_address:
        report.refuse(line, "moved_to", _("is empty; say where it moved to: a point's code or an address."))
    if status == Place.Status.OPEN or (until is not None and until <= timezone.now()):
        return StatusRow(line, code)
    if status != Place.Status.MOVED:
        moved_to = moved_address = ""
    return StatusRow(line, code, status, line.text("status_reason"), until, moved_to, moved_address)


def _write_status(row: StatusRow, report: Report) -> None:
    place = Place.objects.select_related("moved_to").get(code=row.code)
    present = (place.status, place.status_reason, place.status_until, place.moved_address)
    where_to = place.moved_to.code if place.moved_to else ""
    if (*present, where_to) == (row.status, row.reason, row.until, row.moved_address, row.moved_to):
        return
    moved_to = Place.objects.filter(code=row.moved_to).first() if row.moved_to else None
    if row.moved_to and (moved_to is None or moved_to.pk == place.pk):
        report.refuse(row.line, "moved_to", _("%(code)s is no other place in the file.") % {"code": row.moved_to})
        return
    services.change_status(
        place,
        row.status,
        reason=row.reason,
        by=BY,
        until=row.until,
        moved_to=moved_to,
        moved_address=row.moved_address,
    )


def _refuse_positions(lines: list[Line], report: Report) -> None:
    """Name each row whose position lies far from the other places of its district."""
    by_district: dict[str, dict[str, tuple[float, float]]] = {}
    rows = Place.objects.filter(latitude__isnull=False, longitude__isnull=False)
    for path, code, latitude, longitude in rows.values_list("path", "code", "latitude", "longitude"):
        by_district.setdefault(path[: 2 * Place.steplen], {})[code] = (latitude, longitude)
    for line in lines:
        code = line.text("code")
        for found in by_district.values():
            if code in found and "latitude" in line.cells:
                fault = positions.fault_of(*found[code], [where for other, where in found.items() if other != code])
                if fault:
                    value = f"{line.text('latitude')}, {line.text('longitude')}"
                    report.refuse(line, "latitude", _("is “%(value)s”. %(fault)s") % {"value": value, "fault": fault})


def _save(
    code: str, parent: Place | None, fields: dict[str, Any], *, kind: str, places: dict[str, Place], report: Report
) -> Place | None:
    """Add the place below its parent, or change what differs; None while the file has errors."""
    if report.errors:
        return None
    # Both are read anew: adding a sibling in order rewrites the paths of those behind it and of all below them.
    if parent is not None:
        parent = Place.objects.get(pk=parent.pk)
    place = Place.objects.get(code=code) if code in places else None
    if place is None:
        place = editing.add_place(parent, by=BY, code=code, **fields)
        report.note(kind, is_new=True)
    else:
        is_changed = editing.write_changes(place, by=BY, fields=fields)
        if parent is not None and place.path[: -Place.steplen] != parent.path:
            editing.move_place(place, parent, by=BY)
            is_changed = True
        place = Place.objects.get(pk=place.pk)
        report.note(kind, is_new=False, is_changed=is_changed)
        if not is_changed:
            places[code] = place
            return place
    report.touched.add(place.pk)
    places[code] = place
    return place


def _write_counter(line: Line, places: dict[str, Place], report: Report) -> None:
    centre = _parent(line, "centre", places, report, level=Place.Level.CENTRE)
    try:
        number = int(line.text("number"))
    except ValueError:
        number = 0
    if not 1 <= number <= 200:
        report.refuse(line, "number", _("must be a whole number from 1 to 200."))
    if centre is None or report.errors:
        return
    name = line.text("name")
    counter, is_new = Counter.objects.get_or_create(centre=centre, number=number, defaults={"name": name})
    is_changed = not is_new and counter.name != name
    if is_changed:
        counter.name = name
        counter.save(update_fields=["name"])
    report.note("counters", is_new=is_new, is_changed=is_changed)


def _write_hours(lines: list[Line], places: dict[str, Place], report: Report) -> None:
    """The hours of every place that the sheet names are what the sheet says."""
    wanted: dict[str, list[Interval]] = {}
    for line in lines:
        place = _parent(line, "place", places, report)
        opens, closes = cell_clock(line, "opens", report), cell_clock(line, "closes", report)
        on_holidays = cell_flag(line, "on_holidays", report, default=True)
        nth = None
        if line.text("nth"):
            nth = int(line.text("nth")) if line.text("nth").isdecimal() else 0
            if not 1 <= nth <= 5:
                report.refuse(line, "nth", _("must be a whole number from 1 to 5."))
        if opens and closes and closes <= opens:
            report.refuse(line, "closes", _("is not after the opening."))
            continue
        weekdays = cell_weekdays(line, report)
        if cell_flag(line, "on_make_up_days", report) and OpeningInterval.MAKE_UP_DAY not in weekdays:
            weekdays.append(OpeningInterval.MAKE_UP_DAY)
        if place is None or opens is None or closes is None:
            continue
        rows = wanted.setdefault(place.code, [])
        for weekday in weekdays:
            is_make_up = weekday == OpeningInterval.MAKE_UP_DAY
            interval = Interval(weekday, opens, closes, None if is_make_up else nth, is_make_up or on_holidays)
            if is_make_up and interval in rows:
                continue
            if fault := fault_of_week([*rows, interval]):
                report.refuse(line, "opens", fault)
                break
            rows.append(interval)
    if report.errors:
        return
    known = set(OpeningInterval.objects.filter(place__code__in=wanted).values_list("place_id", flat=True))
    for code, rows in wanted.items():
        place = places[code]
        is_changed = editing.write_changes(place, by=BY, hours=rows)
        report.note("hours", is_new=place.pk not in known, is_changed=is_changed)
        if is_changed:
            report.touched.add(place.pk)


def _write_staff(line: Line, report: Report) -> None:
    username = cell_needed(line, "username", report, longest=150)
    fields = {
        "display_name": cell_needed(line, "display_name", report, longest=60),
        "staff_number": line.text("staff_number"),
    }
    if len(fields["staff_number"]) > 20:
        report.refuse(line, "staff_number", _("is longer than %(longest)s characters.") % {"longest": 20})
    password = line.text("password")
    if password:
        try:
            validate_password(password)
        except ValidationError as error:
            report.refuse(line, "password", " ".join(error.messages))
    if report.errors:
        return
    user = User.objects.filter(username=username).first()
    if user is None:
        User.objects.create_user(username, password=password or None, **fields)
        report.note("staff", is_new=True)
        return
    if user.is_service:
        report.refuse(line, "username", _("is a service account; choose another name."))
        return
    # A password is given once; a workbook that is loaded again must not undo what the person chose since.
    changed = [name for name, value in fields.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, fields[name])
    if changed:
        user.save(update_fields=changed)
    report.note("staff", is_new=False, is_changed=bool(changed))


def _write_roles(lines: list[Line], places: dict[str, Place], report: Report) -> None:
    users = {user.username: user for user in User.objects.filter(is_service=False)}
    held = set(rights.RoleAssignment.objects.values_list("user_id", "role", "place_id"))
    for line in lines:
        user = users.get(line.text("username"))
        if user is None and not report.errors:
            report.refuse(line, "username", _("is neither in the file nor an account."))
        role = cell_choice(line, "role", Role, report)
        place = _parent(line, "place", places, report)
        if report.errors or user is None or place is None:
            continue
        is_new = (user.pk, role, place.pk) not in held
        if is_new:
            rights.grant(user, role, place, by="setup_district")
        report.note("roles", is_new=is_new)
