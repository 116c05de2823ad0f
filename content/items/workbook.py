"""Writing rows of the import format as a workbook whose bytes depend on nothing but the rows."""

import json
import re
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from content.items.columns import EDITION_LISTS, HOURS, ITEM_COLUMNS, MATERIALS, PLACES, SHARED, SHARED_LISTS
from portal.base.errors import DomainError

LONGEST_CELL = 32_767
FIRST_COLUMNS = ("key", "valid_from", "name", "line")
MADE = "2026-01-01T00:00:00Z"


class CellTooLong(DomainError):
    """A text does not fit into a cell of a workbook."""


def write_workbook(content: dict[str, list[dict[str, Any]]]) -> bytes:
    """All lists as sheets: one for items, one for each list of an item, of a place, and of what items share.

    Raises:
        CellTooLong: a text has more characters than a cell can hold; the message names it.
    """
    sheets = _sheets(content)
    _refuse_too_long(sheets)
    book = openpyxl.Workbook(write_only=True)
    for name, (head, rows) in sheets.items():
        _write_sheet(book, name, head, rows)
    data = BytesIO()
    book.save(data)
    return _without_clock(data.getvalue())


def _refuse_too_long(sheets: dict[str, tuple[list[str], list[dict[str, Any]]]]) -> None:
    # Before the first row is written: a workbook that was begun cannot be dropped cleanly.
    for head, rows in sheets.values():
        for row in rows:
            for column in head:
                if len(str(row.get(column) or "")) > LONGEST_CELL:
                    label = f"{row.get('key') or row.get('item_key') or row.get('owner_key')} · {column}"
                    sentence = _("“%(label)s” is too long for a cell of a workbook. Export as JSON, or shorten it.")
                    raise CellTooLong(sentence % {"label": label})


def _names(columns: Any) -> list[str]:
    return [column.name for column in columns]


def _sheets(content: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[list[str], list[dict[str, Any]]]]:
    lists = {"materials": _names(MATERIALS), "places": _names(PLACES)}
    lists |= {name: _names(columns) for name, columns in EDITION_LISTS.items()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*lists, "hours")}
    items = []
    for item in content["items"]:
        row = dict(item)
        owner = {"item_key": item["key"], "item_name": item["name"], "item_valid_from": item["valid_from"]}
        for name in lists:
            rows[name] += [owner | entry for entry in row.pop(name)]
        items.append(row)
    for place in rows["places"]:
        owner = {name: place[name] for name in (*ITEM_COLUMNS, "place")}
        rows["hours"] += [owner | entry for entry in place.pop("hours")]
    head = list(items[0]) if items else list(FIRST_COLUMNS)
    head = [*FIRST_COLUMNS, *(name for name in head if name not in FIRST_COLUMNS)]
    sheets = {"items": (head, items)}
    sheets |= {name: ([*ITEM_COLUMNS, *names], rows[name]) for name, names in lists.items()}
    sheets["hours"] = ([*ITEM_COLUMNS, "place", *_names(HOURS)], rows["hours"])
    for shared in SHARED:
        own = [dict(row) for row in content[shared.sheet]]
        for child, sheet in shared.children.items():
            entries = [{"owner_key": row[shared.key]} | entry for row in own for entry in row.pop(child)]
            sheets[sheet] = (["owner_key", *_names(SHARED_LISTS[sheet])], entries)
        sheets[shared.sheet] = (_names(shared.columns), own)
    return sheets


def _write_sheet(book: openpyxl.Workbook, name: str, head: list[str], rows: list[dict[str, Any]]) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    titles = []
    for title in head:
        cell = WriteOnlyCell(sheet, value=title)
        cell.font = bold
        titles.append(cell)
    sheet.append(titles)
    for row in rows:
        sheet.append([_cell(sheet, row.get(column)) for column in head])


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, list):
        value = "\n".join(value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    if not isinstance(value, str):
        return value
    if value == "":
        return None
    cell = WriteOnlyCell(sheet, value=value)
    # A text that begins with "=" is a text, not a formula.
    cell.data_type = "s"
    return cell


def _without_clock(data: bytes) -> bytes:
    """The same workbook without the time at which it was written, so that equal content gives equal bytes."""
    packed = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", MADE.encode(), content)
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            new.writestr(entry, content)
    return packed.getvalue()
