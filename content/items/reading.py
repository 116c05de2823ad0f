"""Reading an import file into plain drafts, with every fault named by row and field; nothing is written here."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from content.items.cells import FALSE_WORDS, TRUE_WORDS, Fault, Place, Row
from content.items.columns import (
    BY_SHEET,
    EDITION,
    EDITION_LISTS,
    HOURS,
    IDENTITY,
    KNOWN_FIELDS,
    MATERIAL_WORDS,
    MATERIALS,
    PLACES,
    SCOPES,
    SHARED,
    SHARED_LISTS,
)  # fmt: skip
from content.items.deriving import kind_of_form, parse_bases, parse_fees, parse_proxies
from content.items.files import MAX_BYTES, MAX_ROWS, open_file
from content.items.models import ItemEdition
from content.items.situations import ANY_ONE_OF, MEANS_NOTHING
from content.items.wording import parse_stages, parse_window


@dataclass
class ItemDraft:
    """One row; what is None or not in the mappings was not named by the file and stays as it is."""

    place: Place
    name: str
    key: str = ""
    line: str = ""
    valid_from: date | None = None
    item_values: dict[str, Any] = field(default_factory=dict)
    edition_values: dict[str, Any] = field(default_factory=dict)
    # Lists of the edition by name; those in `derived` were read out of a text and never displace an editor's own.
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    derived: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict)
    codes: dict[str, list[str]] | None = None
    places: list[dict[str, Any]] | None = None
    related: list[str] | None = None
    people: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return self.place.words

    def fault(self, name: str, sentence: str, *, is_warning: bool = False) -> Fault:
        return Fault(self.where, name, sentence, is_warning=is_warning, cell=self.place.cell(name))


@dataclass
class SharedDraft:
    """One row of what items share: its fields, and the lists that belong to it."""

    place: Place
    values: dict[str, Any]
    lists: dict[str, list[dict[str, Any]]]


@dataclass
class ItemFile:
    """A file as read: drafts of items, and of what items share by sheet."""

    items: list[ItemDraft] = field(default_factory=list)
    shared: dict[str, list[SharedDraft]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if not fault.is_warning]


def read_file(path: Path) -> ItemFile:
    """Read a JSON object with `items`, or a workbook with a sheet `items`; faults are collected, never raised."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b"\0" * (MAX_BYTES + 1)
    except OSError:
        return ItemFile(faults=[Fault(path.name, "", _("There is no such file. Check the path."))])
    return read_bytes(path.name, data)


def read_bytes(name: str, data: bytes) -> ItemFile:
    """Read a file that is already in memory; its name says which kind it is."""
    read = ItemFile()
    content = open_file(name, data, read.faults)
    if content is not None:
        read_content(content, read)
    return read


def read_content(content: dict[str, Any], read: ItemFile) -> None:
    """Read lists of rows into `read`."""
    rows = content["items"]
    if len(rows) > MAX_ROWS:
        sentence = _("The file has more than %(most)s items. Split it.") % {"most": MAX_ROWS}
        read.faults.append(Fault("items", "", sentence))
        return
    above: ItemDraft | None = None
    for number, values in enumerate(rows, start=1):
        where = _("item %(number)s") % {"number": number}
        if not isinstance(values, dict):
            read.faults.append(Fault(where, "", _("This must be an object with fields.")))
            continue
        name = str(values.get("name") or values.get("key") or "")[:40]
        found = values.get("__place__") or Place(where)
        place = Place(f"{found.words} ({name})" if name else found.words, found.row, found.letters)
        above = _read_item(Row(values, place, read.faults), above)
        read.items.append(above)
    for shared in SHARED:
        given = content.get(shared.sheet)
        if given is None:
            continue
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            read.faults.append(Fault(shared.sheet, "", _("This must be a list.")))
            continue
        read.shared[shared.sheet] = [_read_shared(shared.sheet, row, read.faults) for row in given]
    _refuse_doubles(read)


# --- what items share -------------------------------------------------------------------------------------------------


def _read_shared(sheet: str, values: dict[str, Any], faults: list[Fault]) -> SharedDraft:
    shared = BY_SHEET[sheet]
    label = str(values.get(shared.key) or "")[:40]
    row = Row(values, values.get("__place__") or Place(f"{sheet} ({label})" if label else sheet), faults)
    known = {column.name for column in shared.columns} | set(shared.children) | {"__place__"}
    for name in values:
        if name not in known:
            row.fault(str(name), _("This field is not known and is left out."), is_warning=True)
    found = row.read(shared.columns)
    row.check_key(shared.key, found.get(shared.key, ""))
    for needed in {shared.key, "name"} & ({shared.key} | set(values)):
        if not found.get(needed):
            row.fault(needed, _("This is missing. Fill it in."))
    lists = {}
    for child, child_sheet in shared.children.items():
        if row.has(child):
            lists[child] = [part.read_all(SHARED_LISTS[child_sheet]) for part in row.rows(child)]
    return SharedDraft(row.place, found, lists)


# --- an item ----------------------------------------------------------------------------------------------------------


def _read_item(row: Row, above: ItemDraft | None) -> ItemDraft:
    for name in row.values:
        if name not in KNOWN_FIELDS and name != "__place__":
            row.fault(str(name), _("This field is not known and is left out."), is_warning=True)
    draft = ItemDraft(row.place, name=row.text("name", 120, is_required=not row.has("key")), key=row.text("key", 80))
    row.check_key("key", draft.key)
    draft.line = row.text("line", 40, is_required=row.has("line"))
    draft.valid_from = row.day("valid_from")
    draft.item_values = row.read(IDENTITY)
    draft.edition_values = row.read(tuple(column for column in EDITION if column.name != "name" or draft.name))
    _read_channels(row, draft)
    _read_window(row, draft)
    _read_rules(row, draft)
    for name, columns in EDITION_LISTS.items():
        if row.has(name):
            draft.lists[name] = [child.read_all(columns) for child in row.rows(name)]
    if row.has("materials"):
        draft.lists["materials"] = [_read_material(child) for child in row.rows("materials")]
    _read_limit(row, draft, above)
    _derive(row, draft)
    if row.has("places"):
        draft.places = [_read_place(child) for child in row.rows("places")]
    _read_codes(row, draft)
    if row.has("related"):
        draft.related = row.texts("related", 120)
    draft.people = {name: row.text(name, 150) for name in ("owner", "deputy") if row.has(name)}
    return draft


def _read_channels(row: Row, draft: ItemDraft) -> None:
    if not row.has("channels"):
        return
    channels = row.texts("channels")
    if set(channels) - {"remote", "onsite"}:
        row.fault("channels", _("Channels are “remote” and “onsite”; online is said in “online_channel”."))
    draft.edition_values |= {"is_remote": "remote" in channels, "is_onsite": "onsite" in channels}


def _read_limit(row: Row, draft: ItemDraft, above: ItemDraft | None) -> None:
    limit = draft.edition_values.get("limit_text")
    if limit == "同上":
        if above is None or "limit_text" not in above.edition_values:
            row.fault("time_limit", _("“As above” has nothing above it. Write the limit itself."))
            return
        limit = draft.edition_values["limit_text"] = above.edition_values["limit_text"]
        row.fault("time_limit", _("“As above” was replaced by “%(limit)s”.") % {"limit": limit}, is_warning=True)
    if limit is not None and "stages" not in draft.lists:
        names = ("office", "working_days", "extension_days")
        stages = [dict(zip(names, stage, strict=True)) for stage in parse_stages(limit)]
        draft.derived["stages"] = ("limit_text", stages)


def _read_window(row: Row, draft: ItemDraft) -> None:
    if not row.has("offline_window"):
        return
    text = row.text("offline_window")
    try:
        first, last, skips = parse_window(text)
    except ValueError:
        sentence = _("“%(value)s” is not understood. Write it as 每月5日至26日 or 每月5日至26日（法定节假日除外）.")
        row.fault("offline_window", sentence % {"value": text[:60]})
        return
    draft.edition_values |= {"window_from_day": first, "window_to_day": last, "window_skips_holidays": skips}


def _read_rules(row: Row, draft: ItemDraft) -> None:
    values = draft.edition_values
    if row.has("city_wide"):
        values["scope"] = SCOPES[row.flag("city_wide", None)]
    if row.has("proxy_allowed") and not row.has("proxy_rule"):
        _read_proxy(row, values)
    if "fee_text" in values and not row.has("fee_kind"):
        values["fee_kind"] = _fee_kind(values["fee_text"])


def _read_proxy(row: Row, values: dict[str, Any]) -> None:
    """The handbook's one cell: yes, no, empty, one of two words, or a condition in words."""
    given = row.values["proxy_allowed"]
    word = str(given).strip() if isinstance(given, str) else given
    if isinstance(word, str) and word.lower() not in TRUE_WORDS | FALSE_WORDS | {""}:
        named = {ItemEdition.Proxy.RELATIVE.value, ItemEdition.Proxy.GUARDIAN.value}
        values["proxy_rule"] = word if word in named else ItemEdition.Proxy.CONDITIONAL
        values["proxy_text"] = row.text("proxy_text", 300) if word in named else row.text("proxy_allowed", 300)
        return
    flag = row.flag("proxy_allowed", None)
    rules = {True: ItemEdition.Proxy.ANYONE, False: ItemEdition.Proxy.NONE, None: ItemEdition.Proxy.UNKNOWN}
    values["proxy_rule"] = rules[flag]
    values["proxy_text"] = row.text("proxy_text", 300)


def _fee_kind(fee: str) -> str:
    if fee in ("免费", "无", "不收费"):
        return ItemEdition.FeeKind.FREE
    if "每年公布" in fee:
        return ItemEdition.FeeKind.TABLE
    return ItemEdition.FeeKind.FIXED if fee else ItemEdition.FeeKind.UNKNOWN


def _derive(row: Row, draft: ItemDraft) -> None:
    """Lists that a handbook says in words, where the file has no such list of its own."""
    values = draft.edition_values
    if "fee_text" in values and "fees" not in draft.lists:
        draft.derived["fees"] = ("fee_text", parse_fees(values["fee_text"]))
    if "proxy_text" in values and "proxies" not in draft.lists:
        draft.derived["proxies"] = ("proxy_text", parse_proxies(values["proxy_text"]))
    if row.has("legal_basis") and "bases" not in draft.lists:
        draft.lists["bases"] = parse_bases(row.text("legal_basis"))


def _read_material(row: Row) -> dict[str, Any]:
    """A paper as the edition asks for it, with the handbook's free words put into place."""
    values = row.read_all((*MATERIALS, *MATERIAL_WORDS))
    when = values["when"]
    means_nothing = when in MEANS_NOTHING
    if means_nothing:
        values["when"] = ""
    elif when.startswith(ANY_ONE_OF) and not values["group"]:
        values["group"] = ANY_ONE_OF
    default = not values["when"] and not values["situation"] and not values["rule"] and not values["group"]
    given = values["is_required"]
    values["is_required"] = default if means_nothing or given is None else given and not values["group"]
    kind, fate = kind_of_form(values["form"])
    if not row.has("kind"):
        values["kind"] = kind
    if not row.has("fate"):
        values["fate"] = fate
    return values


def _read_place(row: Row) -> dict[str, Any]:
    values = row.read_all(PLACES)
    if row.has("hours"):
        hours = []
        for child in row.rows("hours"):
            found = child.read_all(HOURS)
            if found["opens"] and found["closes"] and found["closes"] <= found["opens"]:
                child.fault("closes", _("It closes before it opens. Put the later time here."))
            hours.append(found)
        values["hours"] = hours
    return values


def _read_codes(row: Row, draft: ItemDraft) -> None:
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
    """Two rows with one key, in any sheet."""
    seen: dict[tuple[Any, ...], Place] = {}
    named: list[tuple[tuple[Any, ...], Place, str, str]] = []
    for draft in read.items:
        name, value = ("key", draft.key) if draft.key else ("name", draft.name)
        named.append((("items", name, value, draft.valid_from), draft.place, name, value))
    for sheet, drafts in read.shared.items():
        key = BY_SHEET[sheet].key
        named += [((sheet, draft.values.get(key)), draft.place, key, draft.values.get(key, "")) for draft in drafts]
    for identity, place, name, value in named:
        first = seen.setdefault(identity, place)
        if value and first is not place:
            sentence = _("“%(value)s” stands twice in the file, first at %(first)s.")
            words = sentence % {"value": value, "first": first.words}
            read.faults.append(Fault(place.words, name, words, cell=place.cell(name)))
