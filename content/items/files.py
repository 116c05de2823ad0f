"""Opening an import file: a JSON object or a workbook becomes one mapping of lists, with the place of every row."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from content.items.cells import Fault, Place
from content.items.columns import ITEM_COLUMNS, ITEM_LISTS, SHARED, SHEETS

MAX_BYTES = 30 * 1024 * 1024
# A workbook of 30 MB may unpack to gigabytes.
MAX_UNPACKED = 400 * 1024 * 1024
MAX_ROWS = 5000


def open_file(name: str, data: bytes, faults: list[Fault]) -> dict[str, Any] | None:
    """The file's lists by name; None when it cannot be read, which `faults` then says."""
    if len(data) > MAX_BYTES:
        faults.append(Fault(name, "", _("The file is larger than 30 MB. Split it.")))
        return None
    readers: dict[str, Callable[[str, bytes, list[Fault]], dict[str, Any] | None]] = {
        ".json": _open_json, ".xlsx": _open_workbook,
    }  # fmt: skip
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        faults.append(Fault(name, "", _("Only .json and .xlsx files can be imported.")))
        return None
    return reader(name, data, faults)


def _open_json(name: str, data: bytes, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        faults.append(Fault(name, "", _("The file is not UTF-8 text. Save it as UTF-8.")))
        return None
    except json.JSONDecodeError as error:
        sentence = _("The file is not JSON: line %(line)s, column %(column)s.")
        faults.append(Fault(name, "", sentence % {"line": error.lineno, "column": error.colno}))
        return None
    except RecursionError:
        faults.append(Fault(name, "", _("The file is nested too deeply to be a list of items.")))
        return None
    if not isinstance(content, dict) or not isinstance(content.get("items"), list):
        faults.append(Fault(name, "items", _("The file must be an object with a list “items”.")))
        return None
    return content


def _open_workbook(name: str, data: bytes, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        with ZipFile(BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                faults.append(Fault(name, "", _("The file is larger than 30 MB. Split it.")))
                return None
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
    except Exception:  # openpyxl raises whatever its zip and XML layers raise for a broken file.
        faults.append(Fault(name, "", _("The file cannot be opened as a workbook. Save it again as .xlsx.")))
        return None
    if "items" not in book.sheetnames:
        faults.append(Fault(name, "items", _("The workbook needs a sheet “items”.")))
        return None
    for sheet in book.sheetnames:
        if sheet not in SHEETS:
            sentence = _("The sheet “%s” is not known and is left out.") % sheet
            faults.append(Fault(name, "", sentence, is_warning=True))
    content: dict[str, Any] = {sheet: _sheet_rows(book[sheet], faults) for sheet in SHEETS if sheet in book.sheetnames}
    book.close()
    _gather_hours(content, faults)
    _gather_item_lists(content, faults)
    _gather_shared_lists(content, faults)
    return content


def _sheet_rows(sheet: Any, faults: list[Fault]) -> list[dict[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    head = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    letters = {name: get_column_letter(number) for number, name in enumerate(head, start=1) if name}
    found = []
    for number, cells in enumerate(rows, start=2):
        if all(cell is None or cell == "" for cell in cells):
            continue
        values = {name: cell for name, cell in zip(head, cells, strict=False) if name}
        words = _("sheet %(sheet)s, row %(row)s") % {"sheet": sheet.title, "row": number}
        values["__place__"] = Place(words, number, letters)
        found.append(values)
        if len(found) > MAX_ROWS * 20:
            faults.append(Fault(sheet.title, "", _("The sheet has too many rows. Split it.")))
            break
    return found


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _lost(row: dict[str, Any], name: str, sentence: str, faults: list[Fault]) -> None:
    place = row["__place__"]
    faults.append(Fault(place.words, name, sentence, cell=place.cell(name)))


def _owner(row: dict[str, Any], prefix: str = "") -> tuple[str, str, str]:
    """What names an item's row in a workbook: its key, else its name; and the edition's first day."""
    key, name, day = (_text(row, f"{prefix}{part}") for part in ("key", "name", "valid_from"))
    return (key, "" if key else name, day[:10])


def _gather_hours(content: dict[str, Any], faults: list[Fault]) -> None:
    if "hours" not in content:
        return
    rules = {(*_owner(row, "item_")[:2], _text(row, "place")): row for row in content.get("places", ())}
    for row in content.get("places", ()):
        row.setdefault("hours", [])
    for row in content.pop("hours"):
        owner = rules.get((*_owner(row, "item_")[:2], _text(row, "place")))
        if owner is None:
            _lost(row, "place", _("No row of the sheet “%s” has this key or name.") % "places", faults)
            continue
        owner["hours"].append({name: row[name] for name in row if name not in (*ITEM_COLUMNS, "place")})


def _gather_item_lists(content: dict[str, Any], faults: list[Fault]) -> None:
    owners = {_owner(row): row for row in content["items"]}
    for child in ITEM_LISTS:
        if child not in content:
            continue
        for row in content["items"]:
            row.setdefault(child, [])
        for row in content.pop(child):
            owner = owners.get(_owner(row, "item_")) or owners.get(("", _text(row, "item_name"), ""))
            if owner is None:
                _lost(row, "item_key", _("No row of the sheet “%s” has this key or name.") % "items", faults)
                continue
            owner[child].append({name: row[name] for name in row if name not in ITEM_COLUMNS})


def _gather_shared_lists(content: dict[str, Any], faults: list[Fault]) -> None:
    for shared in SHARED:
        owners = {_text(row, "key"): row for row in content.get(shared.sheet, ())}
        for child, sheet in shared.children.items():
            if sheet not in content:
                continue
            for row in owners.values():
                row.setdefault(child, [])
            for row in content.pop(sheet):
                owner = owners.get(_text(row, "owner_key"))
                if owner is None:
                    _lost(row, "owner_key", _("No row of the sheet “%s” has this key or name.") % shared.sheet, faults)
                    continue
                owner[child].append({name: row[name] for name in row if name != "owner_key"})
