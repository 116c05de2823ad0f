"""Loading a district from a workbook: places, centres, counters, points, hours, staff and roles, all or nothing.

Every sheet's first row names its columns, by the English key or the Chinese label of SHEETS. What the file names is
added or changed; what it does not name is left alone. Dates and times are local.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.places import services
from portal.base.places.models import Counter, OpeningInterval, Place
from portal.base.rights import services as rights
from portal.base.rights.models import Role

SHEETS: dict[str, tuple[str, dict[str, str]]] = {
    "places": (
        "区划",
        {
            "code": "代码", "parent": "上级代码", "level": "层级", "name": "名称", "name_en": "英文名称",
            "short_name": "简称",
        },
    ),
    "centres": (
        "受理中心",
        {
            "code": "代码", "subdistrict": "街镇代码", "name": "名称", "name_en": "英文名称", "short_name": "简称",
            "address": "地址", "directions": "怎么走", "phone": "电话", "latitude": "纬度", "longitude": "经度",
            "step_free": "无障碍", "demo": "演示数据",
        },
    ),
    "counters": ("窗口", {"centre": "受理中心代码", "number": "窗口号", "name": "名称"}),
    "points": (
        "服务点",
        {
            "code": "代码", "subdistrict": "街镇代码", "kind": "类别", "name": "名称", "name_en": "英文名称",
            "short_name": "简称", "address": "地址", "directions": "怎么走", "phone": "电话", "latitude": "纬度",
            "longitude": "经度", "step_free": "无障碍", "remote_window": "远程窗口", "status": "状态",
            "status_reason": "原因", "status_until": "到何时", "demo": "演示数据",
        },
    ),
    "hours": (
        "开放时间",
        {
            "place": "地点代码", "weekdays": "星期", "nth": "每月第几个", "opens": "开门", "closes": "关门",
            "on_holidays": "节假日开放",
        },
    ),
    "staff": ("人员", {"username": "账号", "display_name": "姓名", "staff_number": "工号", "password": "初始密码"}),
    "roles": ("岗位", {"username": "账号", "role": "岗位", "place": "地点代码"}),
}  # fmt: skip
YES, NO = {"1", "yes", "true", "是", "有"}, {"0", "no", "false", "否", "无", ""}
# Jing'an and all of Shanghai lie well inside this; a swapped or mistyped pair does not.
LATITUDES, LONGITUDES = (3.0, 54.0), (73.0, 136.0)


@dataclass
class Report:
    """What is wrong, by sheet, row and column; and how many rows were added, changed or left as they were."""

    errors: list[str] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)

    def refuse(self, line: "Line", column: str, sentence: str) -> None:
        self.errors.append(
            _("%(sheet)s, row %(row)s, %(column)s: %(sentence)s")
            % {"sheet": line.sheet, "row": line.row, "column": line.label(column), "sentence": sentence}
        )

    def note(self, kind: str, *, is_new: bool, is_changed: bool = False) -> None:
        table = self.added if is_new else self.changed if is_changed else self.same
        table[kind] = table.get(kind, 0) + 1


class DistrictRefused(Exception):
    """The workbook has errors; nothing was changed. `report.errors` names each."""

    def __init__(self, report: Report) -> None:
        super().__init__("\n".join(report.errors))
        self.report = report


@dataclass(frozen=True)
class Line:
    """One row of a sheet; cells by the column's English key."""

    kind: str
    sheet: str
    row: int
    cells: dict[str, Any]

    def label(self, column: str) -> str:
        labels = SHEETS[self.kind][1]
        return f"{column} ({labels[column]})" if column in labels else column

    def text(self, column: str) -> str:
        value = self.cells.get(column)
        if value is None:
            return ""
        # Excel keeps a code typed as digits as a number.
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


# --- reading ------------------------------------------------------------------------------------------------------


def _read(path: Path, report: Report) -> dict[str, list[Line]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises many kinds for what is no workbook.
        report.errors.append(_("%(file)s is no Excel workbook (.xlsx): %(error)s") % {"file": path, "error": error})
        return {}
    lines: dict[str, list[Line]] = {}
    try:
        for kind, (label, columns) in SHEETS.items():
            name = next((name for name in (kind, label) if name in book.sheetnames), None)
            if name is None:
                report.errors.append(_("The sheet %(kind)s (%(label)s) is missing.") % {"kind": kind, "label": label})
                continue
            lines[kind] = list(_lines(kind, name, book[name].iter_rows(values_only=True), columns, report))
    finally:
        book.close()
    return lines


def _lines(kind: str, sheet: str, rows: Iterable[tuple], columns: dict[str, str], report: Report) -> Iterable[Line]:
    by_label = {label: key for key, label in columns.items()} | {key: key for key in columns}
    rows = iter(rows)
    heads = [by_label.get(str(head).strip()) if head else None for head in next(rows, ())]
    if not any(heads):
        report.errors.append(_("%(sheet)s: the first row must name the columns.") % {"sheet": sheet})
        return
    for number, row in enumerate(rows, start=2):
        cells = {head: cell for head, cell in zip(heads, row, strict=False) if head and cell not in (None, "")}
        if cells:
            yield Line(kind=kind, sheet=sheet, row=number, cells=cells)


# --- cells --------------------------------------------------------------------------------------------------------


def _needed(line: Line, column: str, report: Report, *, longest: int = 200) -> str:
    value = line.text(column)
    if not value:
        report.refuse(line, column, _("is empty; it is needed."))
    elif len(value) > longest:
        report.refuse(line, column, _("is longer than %(longest)s characters.") % {"longest": longest})
    return value


def _flag(line: Line, column: str, report: Report, *, default: bool = False) -> bool:
    if column not in line.cells:
        return default
    value = line.text(column).lower()
    if value not in YES | NO:
        report.refuse(line, column, _("is “%(value)s”; allowed are 是 and 否 (yes, no).") % {"value": value})
    return value in YES


def _choice(line: Line, column: str, choices: type[models.TextChoices], report: Report, *, default: str = "") -> str:
    value = line.text(column) or default
    if value not in choices.values:
        allowed = ", ".join(choice for choice in choices.values if choice)
        report.refuse(
            line, column, _("is “%(value)s”; allowed are: %(allowed)s.") % {"value": value, "allowed": allowed}
        )
    return value


def _degrees(line: Line, column: str, bounds: tuple[float, float], report: Report) -> float | None:
    if column not in line.cells:
        return None
    try:
        value = float(line.cells[column])
    except (TypeError, ValueError):
        value = float("nan")
    if not bounds[0] <= value <= bounds[1]:
        sentence = _("is “%(value)s”; it must be degrees (WGS-84) between %(low)s and %(high)s.")
        report.refuse(line, column, sentence % {"value": line.text(column), "low": bounds[0], "high": bounds[1]})
        return None
    return value


def _clock(line: Line, column: str, report: Report) -> time | None:
    value = line.cells.get(column)
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    written = line.text(column).replace("：", ":")
    if written == "24:00":
        return time.max
    try:
        return time.fromisoformat(written if len(written) > 4 else f"0{written}")
    except ValueError:
        report.refuse(line, column, _("is “%(value)s”; it must be a time such as 8:30.") % {"value": written})
        return None


def _weekdays(line: Line, report: Report) -> list[int]:
    """`1-5`, `6`, `1,3,5`: Monday is 1; answered with Monday as 0."""
    days: set[int] = set()
    try:
        for part in line.text("weekdays").replace("，", ",").replace("至", "-").split(","):
            low, _dash, high = part.partition("-")
            days.update(range(int(low), int(high or low) + 1))
    except ValueError:
        days = set()
    if not days or not days <= set(range(1, 8)):
        sentence = _("is “%(value)s”; it must be weekdays such as 1-5 or 6 (1 is Monday).")
        report.refuse(line, "weekdays", sentence % {"value": line.text("weekdays")})
        return []
    return sorted(day - 1 for day in days)


def _until(line: Line, report: Report) -> datetime | None:
    value = line.cells.get("status_until")
    if value is None:
        return None
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(line.text("status_until"))
        except ValueError:
            report.refuse(line, "status_until", _("must be a date and time such as 2026-12-31 17:00."))
            return None
    return value if timezone.is_aware(value) else timezone.make_aware(value)


# --- writing ------------------------------------------------------------------------------------------------------


def load(path: Path | str, dry_run: bool = False, report: Report | None = None) -> Report:
    """Load the workbook in one transaction; a dry run does all of it and takes it back.

    Raises:
        DistrictRefused: something in it is wrong; nothing was changed.
    """
    report = report or Report()
    lines = _read(Path(path), report)
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
    for line in lines["centres"]:
        _write_site(line, places, report, level=Place.Level.CENTRE)
    for line in lines["points"]:
        _write_site(line, places, report, level=Place.Level.POINT)
    for line in lines["counters"]:
        _write_counter(line, places, report)
    _write_hours(lines["hours"], places, report)
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
    code = _needed(line, "code", report, longest=30)
    level = _choice(line, "level", Place.Level, report)
    if level in (Place.Level.CENTRE, Place.Level.POINT):
        report.refuse(line, "level", _("belongs on a sheet of its own: centres or points."))
    parent = None
    if line.text("parent"):
        parent = _parent(line, "parent", places, report)
        if parent is None:
            return
    fields = {
        "name": _needed(line, "name", report, longest=80),
        "name_en": line.text("name_en"),
        "short_name": line.text("short_name"),
        "level": level,
    }
    _save(code, parent, fields, kind="places", places=places, report=report)


def _write_site(line: Line, places: dict[str, Place], report: Report, *, level: str) -> None:
    """A centre or a service point below its subdistrict."""
    code = _needed(line, "code", report, longest=30)
    parent = _parent(line, "subdistrict", places, report, level=Place.Level.SUBDISTRICT)
    fields: dict[str, Any] = {
        "name": _needed(line, "name", report, longest=80),
        "level": level,
        "latitude": _degrees(line, "latitude", LATITUDES, report),
        "longitude": _degrees(line, "longitude", LONGITUDES, report),
        "is_step_free": _flag(line, "step_free", report),
        "is_demo": _flag(line, "demo", report),
    }
    for column, longest in (("name_en", 120), ("short_name", 40), ("address", 200), ("directions", 200), ("phone", 40)):
        fields[column] = line.text(column)
        if len(fields[column]) > longest:
            report.refuse(line, column, _("is longer than %(longest)s characters.") % {"longest": longest})
    status, reason, until = Place.Status.OPEN.value, "", None
    if level == Place.Level.POINT:
        kind = _choice(line, "kind", Place.Kind, report)
        if not kind:
            report.refuse(line, "kind", _("is empty; it is needed."))
        fields |= {"kind": kind, "has_remote_window": _flag(line, "remote_window", report)}
        status = _choice(line, "status", Place.Status, report, default=Place.Status.OPEN)
        reason, until = line.text("status_reason"), _until(line, report)
        if status != Place.Status.OPEN and not reason:
            report.refuse(line, "status_reason", _("is empty; a point that is not open needs its reason."))
    if parent is None or report.errors:
        return
    kind = "centres" if level == Place.Level.CENTRE else "points"
    place = _save(code, parent, fields, kind=kind, places=places, report=report)
    if until is not None and until <= timezone.now():
        status, reason, until = Place.Status.OPEN.value, "", None
    if place and (place.status, place.status_reason, place.status_until) != (status, reason, until):
        places[code] = services.change_status(place, status, reason=reason, by="setup_district", until=until)


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
        place = Place.add_root(code=code, **fields) if parent is None else parent.add_child(code=code, **fields)
        report.note(kind, is_new=True)
    else:
        changed = {name: value for name, value in fields.items() if getattr(place, name) != value}
        for name, value in changed.items():
            setattr(place, name, value)
        if changed:
            place.save(update_fields=[*changed, "changed_at"])
        moved = parent is not None and place.path[: -Place.steplen] != parent.path
        if moved:
            place.move(parent, "sorted-child")
            place = Place.objects.get(pk=place.pk)
        report.note(kind, is_new=False, is_changed=bool(changed) or moved)
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
    wanted: dict[str, list[tuple[int, int | None, time, time, bool]]] = {}
    for line in lines:
        place = _parent(line, "place", places, report)
        opens, closes = _clock(line, "opens", report), _clock(line, "closes", report)
        on_holidays = _flag(line, "on_holidays", report, default=True)
        nth = None
        if line.text("nth"):
            nth = int(line.text("nth")) if line.text("nth").isdecimal() else 0
            if not 1 <= nth <= 5:
                report.refuse(line, "nth", _("must be a whole number from 1 to 5."))
        if opens and closes and closes <= opens:
            report.refuse(line, "closes", _("is not after the opening."))
        weekdays = _weekdays(line, report)
        if place and opens is not None and closes:
            rows = wanted.setdefault(place.code, [])
            rows += [(weekday, nth, opens, closes, on_holidays) for weekday in weekdays]
    if report.errors:
        return
    present: dict[int, set] = {}
    for row in OpeningInterval.objects.filter(place__code__in=wanted):
        entry = (row.weekday, row.nth, row.opens, row.closes, row.on_holidays)
        present.setdefault(row.place_id, set()).add(entry)
    new: list[OpeningInterval] = []
    replaced: list[int] = []
    for code, rows in wanted.items():
        place = places[code]
        if present.get(place.pk) == set(rows):
            report.note("hours", is_new=False)
            continue
        replaced.append(place.pk)
        new += [
            OpeningInterval(place=place, weekday=weekday, nth=nth, opens=opens, closes=closes, on_holidays=on_holidays)
            for weekday, nth, opens, closes, on_holidays in rows
        ]
        report.note("hours", is_new=place.pk not in present, is_changed=True)
    OpeningInterval.objects.filter(place_id__in=replaced).delete()
    OpeningInterval.objects.bulk_create(new)


def _write_staff(line: Line, report: Report) -> None:
    username = _needed(line, "username", report, longest=150)
    fields = {
        "display_name": _needed(line, "display_name", report, longest=60),
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
        role = _choice(line, "role", Role, report)
        place = _parent(line, "place", places, report)
        if report.errors or user is None or place is None:
            continue
        is_new = (user.pk, role, place.pk) not in held
        if is_new:
            rights.grant(user, role, place, by="setup_district")
        report.note("roles", is_new=is_new)
