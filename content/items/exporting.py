"""Everything that is published, as rows of the import format; `import_items` reads it back without loss."""

import json
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from content.items.cells import UNSEEN
from content.items.columns import (
    EDITION,
    EDITION_LISTS,
    HOURS,
    IDENTITY,
    MATERIALS,
    PLACES,
    SHARED,
    SHARED_LISTS,
    Column,
    Shared,
)  # fmt: skip
from content.items.models import ItemAtPlace, ItemEdition, LifeEvent, Line, Material, ServiceItem, Situation
from content.items.wording import format_window, join_steps
from content.items.workbook import write_workbook

SCOPE_IN_FILE: dict[str, bool | None] = {
    ItemEdition.Scope.UNKNOWN: None, ItemEdition.Scope.CITY: True, ItemEdition.Scope.LOCAL: False,
}  # fmt: skip
MODELS: dict[str, Any] = {
    "lines": Line, "shared_materials": Material, "situations": Situation, "life_events": LifeEvent,
}  # fmt: skip
CHILD_FIELDS = {"sources": "sources", "choices": "choices", "items": "entries"}
# Kind and key of one thing that is kept apart: an item, one of its editions, what a place does differently, a material …
Identity = tuple[str, str]


def _plain(text: str) -> str:
    """A text as a file keeps it: one kind of line end, no characters that nobody sees."""
    return UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def in_file(column: Column, value: Any) -> Any:
    """A field's value as it stands in the file."""
    if column.kind in ("text", "choice"):
        return _plain(str(value or ""))
    if column.kind == "lines":
        return [line for line in (line.strip() for line in _plain(value or "").split("\n")) if line]
    if column.kind == "steps":
        return join_steps(_plain(value or ""))
    if column.kind == "json":
        return json.loads(json.dumps(value or {}, sort_keys=True))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal("0.01")), "f")
    return value


def fields(row: Any, columns: Iterable[Column]) -> dict[str, Any]:
    """A row's columns by their names in the file."""
    return {column.name: in_file(column, getattr(row, column.target)) for column in columns}


def snapshot(items: set[int] | None = None) -> dict[Identity, dict[str, Any]]:
    """All that an import can touch, each thing apart; `items` bounds what belongs to items."""
    found: dict[Identity, dict[str, Any]] = {}
    for shared in SHARED:
        for row in _shared_rows(shared):
            found[(shared.sheet, row[shared.key])] = row
    for item in _items(items):
        found[("items", item.key)] = _identity(item)
    for edition in _editions(items):
        found[("editions", f"{edition.item.key} {edition.valid_from:%Y-%m-%d}")] = _edition(edition)
    for rule in _places(items):
        found[("places", f"{rule.item.key} {rule.place.code}")] = _place(rule)
    return found


def everything() -> dict[str, list[dict[str, Any]]]:
    """All published editions as rows of the import format, with what they share."""
    identities = {item.pk: _identity(item) for item in _items(None)}
    places: dict[int, list[dict[str, Any]]] = {}
    for rule in _places(None):
        row = _place(rule)
        row.pop("key")
        places.setdefault(rule.item_id, []).append(row)
    rows = []
    for edition in _editions(None):
        # Rows about places belong to the item, so they stand with its first edition alone.
        own = places.pop(edition.item_id, [])
        rows.append(identities[edition.item_id] | _edition(edition) | {"places": own})
    return {"items": rows, **{shared.sheet: _shared_rows(shared) for shared in SHARED}}


def _shared_rows(shared: Shared) -> list[dict[str, Any]]:
    queryset = MODELS[shared.sheet].objects.order_by(shared.key)
    children = {child: CHILD_FIELDS[child] for child in shared.children}
    for child, relation in children.items():
        queryset = queryset.prefetch_related(f"{relation}__item" if child == "items" else relation)
    rows = []
    for thing in queryset:
        row = fields(thing, shared.columns)
        for child, relation in children.items():
            columns = SHARED_LISTS[shared.children[child]]
            row[child] = [_shared_child(entry, columns) for entry in getattr(thing, relation).all()]
        rows.append(row)
    return rows


def _shared_child(entry: Any, columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        column.name: entry.item.key if column.name == "item" else in_file(column, getattr(entry, column.target))
        for column in columns
    }


def _items(items: set[int] | None) -> Iterable[ServiceItem]:
    queryset = ServiceItem.objects.select_related("line", "owner", "deputy").prefetch_related("codes", "related")
    return queryset if items is None else queryset.filter(pk__in=items)


def _editions(items: set[int] | None) -> Iterable[ItemEdition]:
    lists = [name for name in EDITION_LISTS if name != "questions"]
    queryset = (
        ItemEdition.objects.filter(live=True)
        .select_related("item__line")
        .prefetch_related("materials__material", "questions__situation", *lists)
        .order_by("item__line__order", "item__line__code", "item__list_number", "item__key", "valid_from")
    )
    return queryset if items is None else queryset.filter(item__in=items)


def _places(items: set[int] | None) -> Iterable[ItemAtPlace]:
    queryset = ItemAtPlace.objects.select_related("place", "item").prefetch_related("hours")
    queryset = queryset.order_by("item__key", "place__code")
    return queryset if items is None else queryset.filter(item__in=items)


def _identity(item: ServiceItem) -> dict[str, Any]:
    codes = sorted((code.system, code.code) for code in item.codes.all())
    basic = [code for system, code in codes if system == "basic_code"]
    others = [(system, code) for system, code in codes if system != "basic_code"] + [
        ("basic_code", code) for code in basic[1:]
    ]
    return {
        "key": item.key, "line": item.line.name, **fields(item, IDENTITY),
        "basic_code": basic[0] if basic else "", "codes": [f"{system}={code}" for system, code in others],
        "related": sorted(other.key for other in item.related.all()),
        "owner": item.owner.username if item.owner else "", "deputy": item.deputy.username if item.deputy else "",
    }  # fmt: skip


def _edition(edition: ItemEdition) -> dict[str, Any]:
    channels = [name for name, has in (("remote", edition.is_remote), ("onsite", edition.is_onsite)) if has]
    window = (edition.window_from_day, edition.window_to_day, edition.window_skips_holidays)
    return {
        "key": edition.item.key, "valid_from": edition.valid_from.isoformat(), **fields(edition, EDITION),
        "city_wide": SCOPE_IN_FILE[edition.scope], "channels": channels, "offline_window": format_window(*window),
        "materials": [_use(row, MATERIALS) for row in edition.materials.all()],
        **{
            name: [_use(row, columns) for row in getattr(edition, name).all()]
            for name, columns in EDITION_LISTS.items()
        },
    }  # fmt: skip


def _use(row: Any, columns: tuple[Column, ...]) -> dict[str, Any]:
    """A row of a list of an edition; what it points to stands there by name or key."""
    values = {}
    for column in columns:
        value = getattr(row, column.target)
        if column.target == "material":
            value = value.name
        elif column.target == "situation":
            value = value.key if value else ""
        values[column.name] = in_file(column, value)
    return values


def _place(rule: ItemAtPlace) -> dict[str, Any]:
    columns = [column for column in PLACES if column.name != "place"]
    hours = [fields(row, HOURS) | {"weekday": row.weekday + 1} for row in rule.hours.all()]
    return {"key": rule.item.key, "place": rule.place.code, **fields(rule, columns), "hours": hours}


def export_bytes(suffix: str) -> tuple[bytes, int]:
    """Everything as the bytes of a .json or .xlsx file, and the number of editions; the same content, the same bytes."""
    content = everything()
    if suffix == ".json":
        return json.dumps(content, ensure_ascii=False, indent=1).encode(), len(content["items"])
    return write_workbook(content), len(content["items"])


def export_items(path: Path) -> int:
    """Write everything to a .json or .xlsx file; returns the number of editions."""
    data, count = export_bytes(path.suffix.lower())
    path.write_bytes(data)
    return count
