"""A district's workbook as rows: its sheets and columns, and what a cell may hold, with faults by sheet, row and column."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.places.models import OpeningInterval

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
            "status_reason": "原因", "status_until": "到何时", "moved_to": "迁往服务点", "moved_address": "迁往地址",
            "demo": "演示数据",
        },
    ),
    "hours": (
        "开放时间",
        {
            "place": "地点代码", "weekdays": "星期", "nth": "每月第几个", "opens": "开门", "closes": "关门",
            "on_holidays": "节假日开放", "on_make_up_days": "补班日开放",
        },
    ),
    "staff": ("人员", {"username": "账号", "display_name": "姓名", "staff_number": "工号", "password": "初始密码"}),
    "roles": ("岗位", {"username": "账号", "role": "岗位", "place": "地点代码"}),
}  # fmt: skip
MAKE_UP_WORDS = ("补班", "调休", "make-up")
YES, NO = {"1", "yes", "true", "是", "有"}, {"0", "no", "false", "否", "无", ""}


@dataclass
class Report:
    """What is wrong, by sheet, row and column; and how many rows were added, changed or left as they were."""

    errors: list[str] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

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


def read_book(path: Path, report: Report) -> dict[str, list[Line]]:
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
            lines[kind] = list(lines_of(kind, name, book[name].iter_rows(values_only=True), columns, report))
    finally:
        book.close()
    return lines


def lines_of(kind: str, sheet: str, rows: Iterable[tuple], columns: dict[str, str], report: Report) -> Iterable[Line]:
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


def cell_needed(line: Line, column: str, report: Report, *, longest: int = 200) -> str:
    value = line.text(column)
    if not value:
        report.refuse(line, column, _("is empty; it is needed."))
    elif len(value) > longest:
        report.refuse(line, column, _("is longer than %(longest)s characters.") % {"longest": longest})
    return value


def cell_flag(line: Line, column: str, report: Report, *, default: bool = False) -> bool:
    if column not in line.cells:
        return default
    value = line.text(column).lower()
    if value not in YES | NO:
        report.refuse(line, column, _("is “%(value)s”; allowed are 是 and 否 (yes, no).") % {"value": value})
    return value in YES


def cell_choice(
    line: Line, column: str, choices: type[models.TextChoices], report: Report, *, default: str = ""
) -> str:
    value = line.text(column) or default
    if value not in choices.values:
        allowed = ", ".join(choice for choice in choices.values if choice)
        report.refuse(
            line, column, _("is “%(value)s”; allowed are: %(allowed)s.") % {"value": value, "allowed": allowed}
        )
    return value


def cell_degrees(line: Line, column: str, report: Report) -> float | None:
    if column not in line.cells:
        return None
    try:
        return float(line.cells[column])
    except (TypeError, ValueError):
        sentence = _("is “%(value)s”; it must be degrees with decimals (WGS-84), such as 31.27.")
        report.refuse(line, column, sentence % {"value": line.text(column)})
        return None


def cell_clock(line: Line, column: str, report: Report) -> time | None:
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


def cell_weekdays(line: Line, report: Report) -> list[int]:
    """`1-5`, `6`, `1,3,5`, `补班`: Monday is 1; answered with Monday as 0, a make-up working day as 7."""
    days: set[int] = set()
    try:
        for part in line.text("weekdays").replace("，", ",").replace("至", "-").split(","):
            if part.strip() in MAKE_UP_WORDS:
                days.add(OpeningInterval.MAKE_UP_DAY + 1)
                continue
            low, _dash, high = part.partition("-")
            days.update(range(int(low), int(high or low) + 1))
    except ValueError:
        days = set()
    if not days or not days <= set(range(1, 9)) or (8 in days and not _says_make_up(line)):
        sentence = _("is “%(value)s”; it must be weekdays such as 1-5 or 6 (1 is Monday), or 补班 (make-up days).")
        report.refuse(line, "weekdays", sentence % {"value": line.text("weekdays")})
        return []
    return sorted(day - 1 for day in days)


def _says_make_up(line: Line) -> bool:
    return any(word in line.text("weekdays") for word in MAKE_UP_WORDS)


def cell_until(line: Line, report: Report) -> datetime | None:
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
