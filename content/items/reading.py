"""Reading an import file into plain drafts, with every fault named by row and field; nothing is written here."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from django.utils.translation import gettext as _

from content.items.models import KEY_RULE, ItemEdition, lines_of
from content.items.situations import ANY_ONE_OF, MEANS_NOTHING
from content.items.wording import parse_stages, parse_window, split_steps

MAX_BYTES = 30 * 1024 * 1024
MAX_ROWS = 5000
TRUE_WORDS, FALSE_WORDS = {"true", "yes", "是", "1"}, {"false", "no", "否", "0"}
SHEETS = ("items", "materials", "places", "stages", "lines", "shared_materials", "situations")
LONG = 20_000
# Fields of an item's row that are one text in the edition: name in the file, name in the edition, longest.
TEXTS = [
    ("name_en", "name_en", 200), ("summary", "summary", 300), ("summary_en", "summary_en", 400),
    ("conditions", "conditions", LONG), ("conditions_en", "conditions_en", LONG), ("legal_basis", "legal_basis", LONG),
    ("note", "note", LONG), ("note_en", "note_en", LONG), ("source", "source", LONG),
    ("time_limit", "limit_text", 200), ("time_limit_en", "limit_text_en", 200), ("fee", "fee_text", 200),
    ("fee_en", "fee_text_en", 200), ("online_channel", "online_at", 120), ("proxy_next_step", "proxy_next_step", 300),
]  # fmt: skip
OTHER_FIELDS = {
    "no", "key", "name", "aliases", "line", "department", "city_wide", "materials", "procedure", "procedure_en",
    "basic_code", "offline_window", "proxy_allowed", "proxy_text", "receipts", "codes", "channels", "frequency",
    "is_active", "valid_from", "stages", "places", "checked_on", "fee_kind",
}  # fmt: skip
KNOWN_FIELDS = OTHER_FIELDS | {name for name, _target, _longest in TEXTS}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, in which field, and a sentence; a warning does not stop the import."""

    where: str
    field: str
    sentence: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.where} · {self.field}: {self.sentence}" if self.field else f"{self.where}: {self.sentence}"


@dataclass
class MaterialDraft:
    name: str
    form: str = ""
    count: int = 1
    is_required: bool = True
    when_text: str = ""
    situation: str = ""
    # None: the file does not give one, and the text says when.
    rule: dict[str, Any] | None = None
    group: str = ""


@dataclass
class PlaceDraft:
    place: str
    is_offered: bool = True
    is_remote: bool | None = None
    is_onsite: bool | None = None
    note: str = ""
    next_step: str = ""


@dataclass
class ItemDraft:
    """One row; what is None or not in the mappings was not named by the file and stays as it is."""

    where: str
    name: str
    key: str = ""
    line: str = ""
    valid_from: date | None = None
    item_values: dict[str, Any] = field(default_factory=dict)
    edition_values: dict[str, Any] = field(default_factory=dict)
    materials: list[MaterialDraft] | None = None
    stages: list[tuple[str, int, int | None]] | None = None
    codes: dict[str, list[str]] | None = None
    places: list[PlaceDraft] | None = None


@dataclass
class ItemFile:
    """A file as read: drafts of items, and rows of what items share."""

    items: list[ItemDraft] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    shared_materials: list[dict[str, Any]] = field(default_factory=list)
    situations: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if not fault.is_warning]


class _Row:
    """One mapping of a file; its readers note a fault and give a harmless value back."""

    def __init__(self, values: dict[str, Any], where: str, faults: list[Fault], prefix: str = "") -> None:
        self.values, self.where, self.faults, self.prefix = values, where, faults, prefix

    def has(self, name: str) -> bool:
        return name in self.values

    def fault(self, name: str, sentence: str, *, is_warning: bool = False) -> None:
        self.faults.append(Fault(self.where, self.prefix + name, sentence, is_warning))

    def text(self, name: str, longest: int = LONG, *, is_required: bool = False) -> str:
        value = self.values.get(name)
        if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float)):
            self.fault(name, _("This must be text."))
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value).strip()
        if is_required and not text:
            self.fault(name, _("This is missing. Fill it in."))
        if len(text) > longest:
            sentence = _("This has %(count)s characters; at most %(longest)s fit.")
            self.fault(name, sentence % {"count": len(text), "longest": longest})
            return ""
        if "\x00" in text:
            self.fault(name, _("This contains characters that cannot be kept. Type it again."))
            return ""
        return text

    def texts(self, name: str, longest: int = 200) -> list[str]:
        value = self.values.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, str):
            value = lines_of(value)
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            self.fault(name, _("This must be a list of texts."))
            return []
        if any(len(part) > longest for part in value):
            self.fault(name, _("An entry has more than %(longest)s characters.") % {"longest": longest})
            return []
        return [part.strip() for part in value if part.strip()]

    def flag(self, name: str, default: bool | None) -> bool | None:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in TRUE_WORDS | FALSE_WORDS:
            return word in TRUE_WORDS
        self.fault(name, _("“%(value)s” is neither yes nor no. Write TRUE or FALSE.") % {"value": value})
        return default

    def number(self, name: str, *, least: int = 0, most: int = 10**9) -> int | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not re.fullmatch(r"\d+(\.0+)?", str(value).strip()):
            self.fault(name, _("“%(value)s” is not a whole number.") % {"value": value})
            return None
        number = int(float(value))
        if not least <= number <= most:
            sentence = _("%(value)s is not between %(least)s and %(most)s.")
            self.fault(name, sentence % {"value": number, "least": least, "most": most})
            return None
        return number

    def day(self, name: str) -> date | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            self.fault(name, _("“%(value)s” is not a date. Write it as 2026-01-31.") % {"value": value})
            return None

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object, or in a workbook's cell its JSON text; None when nothing is given."""
        value = self.values.get(name)
        if isinstance(value, str) and value.strip():
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                self.fault(name, _("This is not JSON. Leave it empty, or copy a condition from an export."))
                return None
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            self.fault(name, _("This must be an object with fields."))
            return None
        return value

    def rows(self, name: str) -> list["_Row"]:
        value = self.values.get(name) or []
        if not isinstance(value, list):
            self.fault(name, _("This must be a list."))
            return []
        rows = []
        for number, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.fault(f"{name}[{number}]", _("This must be an object with fields."))
                continue
            where = entry.pop("__where__", self.where) if "__where__" in entry else self.where
            prefix = "" if where != self.where else f"{name}[{number}]."
            rows.append(_Row(entry, where, self.faults, prefix))
        return rows


def read_file(path: Path) -> ItemFile:
    """Read a JSON object with `items`, or a workbook with a sheet `items`; faults are collected, never raised."""
    read = ItemFile()
    where = path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            read.faults.append(Fault(where, "", _("The file is larger than 30 MB. Split it.")))
            return read
    except OSError:
        read.faults.append(Fault(where, "", _("There is no such file. Check the path.")))
        return read
    readers: dict[str, Callable[[Path, list[Fault]], dict[str, Any] | None]] = {
        ".json": _read_json,
        ".xlsx": _read_workbook,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        read.faults.append(Fault(where, "", _("Only .json and .xlsx files can be imported.")))
        return read
    content = reader(path, read.faults)
    if content is not None:
        _read_content(content, read)
    return read


def _read_json(path: Path, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        faults.append(Fault(path.name, "", _("The file is not UTF-8 text. Save it as UTF-8.")))
        return None
    except json.JSONDecodeError as error:
        sentence = _("The file is not JSON: line %(line)s, column %(column)s.")
        faults.append(Fault(path.name, "", sentence % {"line": error.lineno, "column": error.colno}))
        return None
    if not isinstance(content, dict) or not isinstance(content.get("items"), list):
        faults.append(Fault(path.name, "items", _("The file must be an object with a list “items”.")))
        return None
    return content


def _sheet_rows(sheet: Any, faults: list[Fault]) -> list[dict[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    head = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    found = []
    for number, cells in enumerate(rows, start=2):
        if all(cell is None or cell == "" for cell in cells):
            continue
        values = {name: cell for name, cell in zip(head, cells, strict=False) if name}
        values["__where__"] = _("sheet %(sheet)s, row %(row)s") % {"sheet": sheet.title, "row": number}
        found.append(values)
        if len(found) > MAX_ROWS * 20:
            faults.append(Fault(sheet.title, "", _("The sheet has too many rows. Split it.")))
            break
    return found


def _read_workbook(path: Path, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception:  # openpyxl raises whatever its zip and XML layers raise for a broken file.
        faults.append(Fault(path.name, "", _("The file cannot be opened as a workbook. Save it again as .xlsx.")))
        return None
    if "items" not in book.sheetnames:
        faults.append(Fault(path.name, "items", _("The workbook needs a sheet “items”.")))
        return None
    content = {name: _sheet_rows(book[name], faults) for name in SHEETS if name in book.sheetnames}
    book.close()
    owners = {_owner(row): row for row in content["items"]}
    for child in ("materials", "places", "stages"):
        if child not in content:
            continue
        for row in content["items"]:
            row.setdefault(child, [])
        for row in content.pop(child):
            owner = owners.get(_owner(row, "item")) or owners.get(("", str(row.get("item_name") or "").strip(), ""))
            if owner is None:
                sentence = _("No row of the sheet “items” has this key or name.")
                faults.append(Fault(row["__where__"], "item_key", sentence))
                continue
            owner[child].append({name: value for name, value in row.items() if name not in ITEM_COLUMNS})
    return content


ITEM_COLUMNS = ("item_key", "item_name", "item_valid_from")


def _owner(row: dict[str, Any], prefix: str = "") -> tuple[str, str, str]:
    """What names an item's row in a workbook: its key, else its name; and the edition's first day."""
    names = [f"{prefix}_{name}" if prefix else name for name in ("key", "name", "valid_from")]
    key, name, day = (str(row.get(name) or "").strip()[: 10 if name.endswith("from") else None] for name in names)
    return (key, "" if key else name, day)


def _read_content(content: dict[str, Any], read: ItemFile) -> None:
    rows = content["items"]
    if len(rows) > MAX_ROWS:
        read.faults.append(
            Fault("items", "", _("The file has more than %(most)s items. Split it.") % {"most": MAX_ROWS})
        )
        return
    above: ItemDraft | None = None
    for number, values in enumerate(rows, start=1):
        if not isinstance(values, dict):
            where = _("item %(number)s") % {"number": number}
            read.faults.append(Fault(where, "", _("This must be an object with fields.")))
            continue
        name = str(values.get("name") or values.get("key") or "")[:40]
        place_in_file = values.pop("__where__", None) if "__where__" in values else None
        where = place_in_file or _("item %(number)s") % {"number": number}
        draft = _read_item(_Row(values, f"{where} ({name})" if name else where, read.faults), above)
        read.items.append(draft)
        above = draft
    _refuse_doubles(read)
    for shared in ("lines", "shared_materials", "situations"):
        given = content.get(shared)
        if given is None:
            continue
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            read.faults.append(Fault(shared, "", _("This must be a list.")))
            continue
        setattr(read, shared, [_read_shared(shared, dict(row), read.faults) for row in given])


SHARED_TEXTS = {
    "lines": {"code": 40, "name": 40, "name_en": 80},
    "shared_materials": {"key": 80, "name": 200, "name_en": 200, "explanation": 300, "where_from": 300},
    "situations": {"key": 80, "name": 120, "name_en": 120, "question": 200, "question_en": 200},
}


def _read_shared(shared: str, values: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    row = _Row(values, values.pop("__where__", shared), faults)
    needed = {"key", "code", "name"}
    found: dict[str, Any] = {
        name: row.text(name, longest, is_required=name in needed) for name, longest in SHARED_TEXTS[shared].items()
    }
    key_name = "code" if shared == "lines" else "key"
    _check_key(row, key_name, found[key_name])
    if shared == "lines":
        found["order"] = row.number("order", most=30_000) or 0
    return found


def _check_key(row: _Row, name: str, key: str) -> None:
    if key and not re.match(KEY_RULE.regex, key):
        row.fault(name, _("A key has small Latin letters, digits and single hyphens only."))


def _read_item(row: _Row, above: ItemDraft | None) -> ItemDraft:
    for name in row.values:
        if name not in KNOWN_FIELDS:
            row.fault(str(name), _("This field is not known and is left out."), is_warning=True)
    draft = ItemDraft(row.where, name=row.text("name", 120, is_required=not row.has("key")), key=row.text("key", 80))
    _check_key(row, "key", draft.key)
    draft.line = row.text("line", 40, is_required=row.has("line"))
    draft.valid_from = row.day("valid_from")
    if row.has("department"):
        draft.item_values["department"] = row.text("department", 80)
    if row.has("no"):
        draft.item_values["list_number"] = row.number("no", most=10**6)
    if row.has("frequency"):
        draft.item_values["frequency"] = row.number("frequency") or 0
    if row.has("is_active"):
        draft.item_values["is_active"] = bool(row.flag("is_active", True))
    if row.has("name") and draft.name:
        draft.edition_values["name"] = draft.name
    for name, target, longest in TEXTS:
        if row.has(name):
            draft.edition_values[target] = row.text(name, longest)
    _read_lists(row, draft)
    _read_limit(row, draft, above)
    _read_window(row, draft)
    _read_rules(row, draft)
    if row.has("materials"):
        draft.materials = [_read_material(child) for child in row.rows("materials")]
    if row.has("places"):
        draft.places = [_read_place(child) for child in row.rows("places")]
    _read_codes(row, draft)
    return draft


def _read_lists(row: _Row, draft: ItemDraft) -> None:
    for name in ("aliases", "receipts"):
        if row.has(name):
            draft.edition_values[name] = "\n".join(row.texts(name))
    for name in ("procedure", "procedure_en"):
        if row.has(name):
            draft.edition_values[name] = split_steps(row.text(name))
    if row.has("checked_on"):
        draft.edition_values["checked_on"] = row.day("checked_on")
    if row.has("channels"):
        channels = row.texts("channels")
        unknown = set(channels) - {"remote", "onsite"}
        if unknown:
            row.fault("channels", _("Channels are “remote” and “onsite”; online is said in “online_channel”."))
        draft.edition_values |= {"is_remote": "remote" in channels, "is_onsite": "onsite" in channels}


def _read_limit(row: _Row, draft: ItemDraft, above: ItemDraft | None) -> None:
    limit = draft.edition_values.get("limit_text")
    if limit == "同上":
        if above is None or "limit_text" not in above.edition_values:
            row.fault("time_limit", _("“As above” has nothing above it. Write the limit itself."))
            return
        limit = draft.edition_values["limit_text"] = above.edition_values["limit_text"]
        row.fault("time_limit", _("“As above” was replaced by “%(limit)s”.") % {"limit": limit}, is_warning=True)
    if row.has("stages"):
        draft.stages = []
        for child in row.rows("stages"):
            days = child.number("working_days", most=400)
            if days is None:
                child.fault("working_days", _("This is missing. Fill it in."))
                continue
            draft.stages.append((child.text("office", 60), days, child.number("extension_days", most=400)))
    elif limit is not None:
        draft.stages = parse_stages(limit)


def _read_window(row: _Row, draft: ItemDraft) -> None:
    if not row.has("offline_window"):
        return
    text = row.text("offline_window")
    try:
        first, last, skips = parse_window(text)
    except ValueError:
        sentence = _("“%(value)s” is not understood. Write it as 每月5日至26日 or 每月5日至26日（法定节假日除外）.")
        row.fault("offline_window", sentence % {"value": text})
        return
    draft.edition_values |= {"window_from_day": first, "window_to_day": last, "window_skips_holidays": skips}


def _read_rules(row: _Row, draft: ItemDraft) -> None:
    values = draft.edition_values
    if row.has("city_wide"):
        flag = row.flag("city_wide", None)
        scopes = {True: ItemEdition.Scope.CITY, False: ItemEdition.Scope.LOCAL, None: ItemEdition.Scope.UNKNOWN}
        values["scope"] = scopes[flag]
    if row.has("proxy_allowed"):
        given = row.values["proxy_allowed"]
        word = str(given).strip() if isinstance(given, str) else given
        if isinstance(word, str) and word.lower() not in TRUE_WORDS | FALSE_WORDS | {""}:
            named = {ItemEdition.Proxy.RELATIVE.value, ItemEdition.Proxy.GUARDIAN.value}
            values["proxy_rule"] = word if word in named else ItemEdition.Proxy.CONDITIONAL
            values["proxy_text"] = row.text("proxy_text", 300) if word in named else row.text("proxy_allowed", 300)
        else:
            flag = row.flag("proxy_allowed", None)
            rules = {True: ItemEdition.Proxy.ANYONE, False: ItemEdition.Proxy.NONE, None: ItemEdition.Proxy.UNKNOWN}
            values["proxy_rule"] = rules[flag]
            values["proxy_text"] = row.text("proxy_text", 300)
    if "fee_text" in values:
        values["fee_kind"] = _fee_kind(values["fee_text"])
    if row.has("fee_kind"):
        kind = row.text("fee_kind", 8) or ItemEdition.FeeKind.UNKNOWN
        if kind not in ItemEdition.FeeKind.values:
            row.fault("fee_kind", _("The kind of fee is one of: %s.") % ", ".join(ItemEdition.FeeKind.values))
        else:
            values["fee_kind"] = kind


def _fee_kind(fee: str) -> str:
    if fee in ("免费", "无", "不收费"):
        return ItemEdition.FeeKind.FREE
    if "每年公布" in fee:
        return ItemEdition.FeeKind.TABLE
    return ItemEdition.FeeKind.FIXED if fee else ItemEdition.FeeKind.UNKNOWN


def _read_material(row: _Row) -> MaterialDraft:
    when = row.text("when", 120)
    group = row.text("group", 40)
    means_nothing = when in MEANS_NOTHING
    if means_nothing:
        when = ""
    elif when.startswith(ANY_ONE_OF) and not group:
        group = ANY_ONE_OF
    default = not when and not group
    is_required = default if means_nothing else bool(row.flag("required", default)) and not group
    return MaterialDraft(
        name=row.text("name", 200, is_required=True),
        form=row.text("form", 60),
        count=row.number("count", least=1, most=99) or 1,
        is_required=is_required,
        when_text=when,
        situation=row.text("situation", 80),
        rule=row.mapping("rule"),
        group=group,
    )


def _read_place(row: _Row) -> PlaceDraft:
    return PlaceDraft(
        place=row.text("place", 30, is_required=True),
        is_offered=bool(row.flag("offered", True)),
        is_remote=row.flag("remote", None),
        is_onsite=row.flag("onsite", None),
        note=row.text("note", 200),
        next_step=row.text("next_step", 200),
    )


def _read_codes(row: _Row, draft: ItemDraft) -> None:
    if not row.has("basic_code") and not row.has("codes"):
        return
    draft.codes = {}
    if row.has("basic_code"):
        code = row.text("basic_code", 200)
        draft.codes["basic_code"] = [code] if code else []
    for entry in row.texts("codes", 240):
        system, separator, code = entry.partition("=")
        if not separator or not system.strip() or not code.strip() or len(system.strip()) > 40:
            row.fault("codes", _("“%(value)s” must be written as system=code.") % {"value": entry})
            continue
        draft.codes.setdefault(system.strip(), []).append(code.strip())


def _refuse_doubles(read: ItemFile) -> None:
    seen: dict[tuple[str, str, date | None], str] = {}
    for draft in read.items:
        names = [("key", draft.key)] if draft.key else [("name", draft.name)]
        for name, value in names:
            if not value:
                continue
            first = seen.setdefault((name, value, draft.valid_from), draft.where)
            if first != draft.where:
                sentence = _("“%(value)s” stands twice in the file, first at %(first)s.")
                read.faults.append(Fault(draft.where, name, sentence % {"value": value, "first": first}))
