"""Loading a year's public holidays from a file or an upload: all of the year, or nothing and clear words."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from django.db import transaction
from django.utils.translation import gettext as _

from portal.base.calendars.models import Holiday, HolidayYear

# What else must follow when a year was loaded, e.g. pages that say what is open.
on_loaded: list[Callable[[], None]] = []
SHIPPED = Path(__file__).parent / "data"
LARGEST_FILE = 1_000_000
# The seven festivals of 《全国年节及纪念日放假办法》; a year's table that lacks one is not whole.
FESTIVALS = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
KINDS = {
    "holiday": Holiday.Kind.HOLIDAY, "放假": Holiday.Kind.HOLIDAY, "休": Holiday.Kind.HOLIDAY,
    "make_up_workday": Holiday.Kind.MAKE_UP_WORKDAY, "上班": Holiday.Kind.MAKE_UP_WORKDAY,
    "补班": Holiday.Kind.MAKE_UP_WORKDAY, "班": Holiday.Kind.MAKE_UP_WORKDAY,
}  # fmt: skip
COLUMNS = {"日期": "date", "date": "date", "名称": "name", "name": "name", "类别": "kind", "kind": "kind"}


class HolidayFileError(ValueError):
    """A file of holidays cannot be loaded; each of `sentences` names one fault."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read_table(name: str, content: bytes) -> dict[str, Any]:
    """A file (.json, .csv or .xlsx) as the table that `load_holidays` takes; the year is that of its first day.

    Raises:
        HolidayFileError: it is none of the three, or too large.
    """
    if len(content) > LARGEST_FILE:
        raise HolidayFileError(_("This file is too large to be one year's holidays."))
    suffix = Path(name).suffix.lower()
    try:
        if suffix == ".json":
            return json.loads(content)
        if suffix == ".csv":
            rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        elif suffix == ".xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            rows = [list(row) for row in book.active.iter_rows(values_only=True)]
        else:
            raise HolidayFileError(_("Choose a file that ends in .xlsx, .csv or .json."))
    except (UnicodeDecodeError, json.JSONDecodeError, zipfile.BadZipFile, KeyError, OSError, csv.Error) as error:
        sentence = _("This file cannot be read as %(kind)s. Save it once more as an Excel workbook or UTF-8 CSV.")
        raise HolidayFileError(sentence % {"kind": suffix}) from error
    return _table_of(rows, source=name)


def _table_of(rows: list[list[Any]], *, source: str) -> dict[str, Any]:
    heads = [COLUMNS.get(str(head or "").strip().lower()) for head in (rows[0] if rows else [])]
    if not {"date", "name", "kind"} <= set(heads):
        raise HolidayFileError(_("The first row must name three columns: 日期, 名称, 类别 (放假 or 上班)."))
    days = []
    for row in rows[1:]:
        cells = {head: cell for head, cell in zip(heads, row, strict=False) if head and cell not in (None, "")}
        if cells:
            days.append({key: _cell(value) for key, value in cells.items()})
    year = next((entry["date"][:4] for entry in days if "date" in entry), "")
    return {"year": int(year) if year.isdecimal() else 0, "source": source, "days": days}


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    written = str(value).strip()
    parts = written.replace("/", "-").replace("年", "-").replace("月", "-").removesuffix("日").split("-")
    if len(parts) == 3 and all(part.isdecimal() for part in parts):
        return f"{int(parts[0]):04d}-{int(parts[1]):02d}-{int(parts[2]):02d}"
    return written


@transaction.atomic
def load_holidays(table: Any) -> HolidayYear:
    """Load one year: {"year", "source", "days": [{"date", "name", "kind"}]}; it replaces the year's former table.

    Raises:
        HolidayFileError: an entry is not right or the table has a gap; nothing is changed.
    """
    if not isinstance(table, dict) or not isinstance(table.get("year"), int) or not isinstance(table.get("days"), list):
        raise HolidayFileError(_('The file must be an object with "year", "source" and a list "days".'))
    year = table["year"]
    days: dict[date, Holiday] = {}
    faults = []
    for number, entry in enumerate(table["days"], start=1):
        try:
            day = date.fromisoformat(entry["date"])
            kind = KINDS[entry["kind"]]
            name = str(entry["name"])[:40]
        except (KeyError, TypeError, ValueError):
            faults.append(_("Entry %(place)s: date, name and kind (放假 or 上班) are needed.") % {"place": number})
            continue
        words = {"place": number, "day": day, "year": year}
        if day.year != year or day in days:
            faults.append(_("Entry %(place)s: %(day)s is twice in the file, or not in %(year)s.") % words)
        elif kind == Holiday.Kind.MAKE_UP_WORKDAY and day.weekday() < 5:
            faults.append(
                _("Entry %(place)s: %(day)s is no weekend day, so it cannot be a make-up working day.") % words
            )
        else:
            days[day] = Holiday(date=day, name=name, kind=kind)
    if faults := faults or _gaps(year, days):
        raise HolidayFileError(*faults)
    row, _created = HolidayYear.objects.update_or_create(
        year=year, defaults={"source": str(table.get("source", ""))[:200]}
    )
    row.days.all().delete()
    for holiday in days.values():
        holiday.year = row
    Holiday.objects.bulk_create(days.values())
    for follow in on_loaded:
        follow()
    return row


def _gaps(year: int, days: dict[date, Holiday]) -> list[str]:
    """What a whole year's table lacks: a festival, or a day in the middle of one."""
    found = []
    free = sorted(day for day, row in days.items() if row.kind == Holiday.Kind.HOLIDAY)
    for festival in FESTIVALS:
        own = [day for day in free if festival in days[day].name]
        if not own:
            # Mid-autumn may fall into the National Day holiday, which then may bear that name alone.
            if festival == "中秋" and any(day.month == 10 for day in free):
                continue
            found.append(
                _("The table of %(year)s has a gap: %(festival)s is missing. Nothing was changed.")
                % {"year": year, "festival": festival}
            )
            continue
        missing = [
            day
            for day in (own[0] + timedelta(days=offset) for offset in range((own[-1] - own[0]).days))
            if day not in days
        ]
        if missing and (own[-1] - own[0]).days < 20:
            found.append(
                _(
                    "The table of %(year)s has a gap: %(days)s lie within %(festival)s and are missing. Nothing was changed."
                )
                % {"year": year, "festival": festival, "days": _(", ").join(day.isoformat() for day in missing)}
            )
    return found


def load_shipped_holidays() -> list[int]:
    """Load the tables that ship with the product for years that are not loaded yet; those years."""
    loaded = []
    for path in sorted(SHIPPED.glob("holidays_*.json")):
        table = json.loads(path.read_text(encoding="utf-8"))
        if not HolidayYear.objects.filter(year=table["year"]).exists():
            loaded.append(load_holidays(table).year)
    return loaded
