"""Writing all items to a workbook or a JSON file that `import_items` reads back without loss."""

import json
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Font

from content.items.models import ItemAtPlace, ItemEdition, Line, Material, Situation
from content.items.wording import format_window, join_steps

PROXY_IN_FILE: dict[str, Any] = {
    ItemEdition.Proxy.UNKNOWN: None,
    ItemEdition.Proxy.NONE: False,
    ItemEdition.Proxy.ANYONE: True,
    ItemEdition.Proxy.RELATIVE: "relative",
    ItemEdition.Proxy.GUARDIAN: "guardian",
}
SCOPE_IN_FILE: dict[str, bool | None] = {
    ItemEdition.Scope.UNKNOWN: None,
    ItemEdition.Scope.CITY: True,
    ItemEdition.Scope.LOCAL: False,
}


def everything() -> dict[str, list[dict[str, Any]]]:
    """All published editions as rows of the import format, with what they share."""
    editions = (
        ItemEdition.objects.filter(live=True)
        .select_related("item__line")
        .prefetch_related("materials__material", "stages", "item__codes")
        .order_by("item__line__order", "item__list_number", "item__key", "valid_from")
    )
    places: dict[int, list[dict[str, Any]]] = {}
    for row in ItemAtPlace.objects.select_related("place").order_by("place__code"):
        places.setdefault(row.item_id, []).append(
            {
                "place": row.place.code, "offered": row.is_offered, "remote": row.is_remote, "onsite": row.is_onsite,
                "note": row.note, "next_step": row.next_step,
            }
        )  # fmt: skip
    seen: set[int] = set()
    items = []
    for edition in editions:
        # Rows about places belong to the item, so they stand with its first edition alone.
        items.append(_row(edition, [] if edition.item_id in seen else places.get(edition.item_id, [])))
        seen.add(edition.item_id)
    return {
        "items": items,
        "lines": [_fields(row, "code", "name", "name_en", "order") for row in Line.objects.all()],
        "shared_materials": [
            _fields(row, "key", "name", "name_en", "explanation", "where_from")
            for row in Material.objects.order_by("key")
        ],
        "situations": [
            _fields(row, "key", "name", "name_en", "question", "question_en")
            for row in Situation.objects.order_by("key")
        ],
    }


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _row(edition: ItemEdition, places: list[dict[str, Any]]) -> dict[str, Any]:
    item = edition.item
    codes = sorted((code.system, code.code) for code in item.codes.all())
    basic = [code for system, code in codes if system == "basic_code"]
    others = [(system, code) for system, code in codes if system != "basic_code"] + [
        ("basic_code", code) for code in basic[1:]
    ]
    channels = [name for name, has in (("remote", edition.is_remote), ("onsite", edition.is_onsite)) if has]
    window = (edition.window_from_day, edition.window_to_day, edition.window_skips_holidays)
    return {
        "no": item.list_number, "key": item.key, "valid_from": edition.valid_from.isoformat(),
        "name": edition.name, "name_en": edition.name_en, "aliases": edition.alias_list, "line": item.line.name,
        "department": item.department, "is_active": item.is_active, "frequency": item.frequency,
        "summary": edition.summary, "summary_en": edition.summary_en, "city_wide": SCOPE_IN_FILE[edition.scope],
        "conditions": edition.conditions, "conditions_en": edition.conditions_en,
        "procedure": join_steps(edition.procedure), "procedure_en": join_steps(edition.procedure_en),
        "time_limit": edition.limit_text, "time_limit_en": edition.limit_text_en,
        "fee": edition.fee_text, "fee_en": edition.fee_text_en, "fee_kind": edition.fee_kind,
        "legal_basis": edition.legal_basis, "basic_code": basic[0] if basic else "",
        "codes": [f"{system}={code}" for system, code in others], "offline_window": format_window(*window),
        "proxy_allowed": PROXY_IN_FILE.get(edition.proxy_rule, edition.proxy_text),
        "proxy_text": edition.proxy_text, "proxy_next_step": edition.proxy_next_step,
        "channels": channels, "online_channel": edition.online_at or None, "receipts": edition.receipt_list,
        "note": edition.note, "note_en": edition.note_en, "source": edition.source,
        "checked_on": edition.checked_on.isoformat() if edition.checked_on else None,
        "materials": [
            {
                "name": row.material.name, "form": row.form, "count": row.count, "required": row.is_required,
                "rule": row.rule or None, "group": row.group,
            }
            for row in edition.materials.all()
        ],
        "stages": [
            {"office": row.office, "working_days": row.working_days, "extension_days": row.extension_days}
            for row in edition.stages.all()
        ],
        "places": places,
    }  # fmt: skip


def export_items(path: Path) -> int:
    """Write everything to a .json or .xlsx file; returns the number of editions."""
    content = everything()
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    else:
        _write_workbook(content, path)
    return len(content["items"])


def _write_workbook(content: dict[str, list[dict[str, Any]]], path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    children: dict[str, list[dict[str, Any]]] = {"materials": [], "places": [], "stages": []}
    rows = []
    for item in content["items"]:
        row = dict(item)
        owner = {"item_key": item["key"], "item_name": item["name"], "item_valid_from": item["valid_from"]}
        for child in children:
            children[child] += [owner | entry for entry in row.pop(child)]
        rows.append(row)
    item_columns = ["item_key", "item_name", "item_valid_from"]
    heads = {
        "materials": [*item_columns, "name", "form", "count", "required", "rule", "group"],
        "places": [*item_columns, "place", "offered", "remote", "onsite", "note", "next_step"],
        "stages": [*item_columns, "office", "working_days", "extension_days"],
    }
    _write_sheet(book, "items", rows, list(rows[0]) if rows else ["key", "name", "line"])
    for name, head in heads.items():
        _write_sheet(book, name, children[name], head)
    for name in ("lines", "shared_materials", "situations"):
        shared = content[name]
        _write_sheet(book, name, shared, list(shared[0]) if shared else ["key", "name"])
    book.save(path)


def _write_sheet(book: openpyxl.Workbook, name: str, rows: list[dict[str, Any]], head: list[str]) -> None:
    sheet = book.create_sheet(name)
    sheet.append(head)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([_cell(row.get(column)) for column in head])
        # A text that begins with "=" is a text, not a formula.
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "\n".join(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value
