"""Writing the rows of an import that items share: lines, papers, questions, events of life."""

from typing import Any

from django.utils.translation import gettext as _

from content.items import services
from content.items.cells import Fault
from content.items.columns import BY_SHEET
from content.items.exporting import CHILD_FIELDS, MODELS
from content.items.known import Known
from content.items.models import Material
from content.items.reading import SharedDraft
from portal.base.accounts.models import User


def write_shared(
    sheet: str, drafts: list[SharedDraft], known: Known, faults: list[Fault], *, user: User | None = None
) -> None:
    """Add and change the rows of one sheet; what a row does not name stays as it is."""
    shared = BY_SHEET[sheet]
    rows = _rows_by_key(sheet, known)
    by_name = {row.name: row for row in rows.values()}
    for draft in drafts:
        key = draft.values[shared.key]
        row = rows.get(key)
        namesake = by_name.get(draft.values.get("name", ""))
        if namesake is not None and getattr(namesake, shared.key) != key and sheet in ("lines", "shared_materials"):
            sentence = _("The name “%(name)s” belongs to “%(key)s” already. Use that key, or another name.")
            words = sentence % {"name": namesake.name, "key": getattr(namesake, shared.key)}
            faults.append(Fault(draft.place.words, "name", words, cell=draft.place.cell("name")))
            continue
        if row is None and not draft.values.get("name"):
            words = _("This is missing. Fill it in.")
            faults.append(Fault(draft.place.words, "name", words, cell=draft.place.cell("name")))
            continue
        row, is_changed = _filled(row or MODELS[sheet](**{shared.key: key}), draft, known, faults)
        if not is_changed:
            continue
        is_new = row.pk is None
        if isinstance(row, Material):
            if is_new:
                row.save()
            services.publish_material(row, user=user)
        else:
            row.save()
            if not is_new and hasattr(row, "save_revision"):
                row.save_revision(user=user)
        rows[key] = row
        by_name[row.name] = row
    _remember(sheet, rows, known)


def _rows_by_key(sheet: str, known: Known) -> dict[str, Any]:
    if sheet == "lines":
        return {line.code: line for line in known.lines.values()}
    if sheet == "shared_materials":
        return {material.key: material for material in known.materials.values()}
    return known.situations if sheet == "situations" else known.life_events


def _remember(sheet: str, rows: dict[str, Any], known: Known) -> None:
    if sheet == "lines":
        known.lines = {line.name: line for line in rows.values()}
    elif sheet == "shared_materials":
        known.materials = {material.name: material for material in rows.values()}


def _filled(row: Any, draft: SharedDraft, known: Known, faults: list[Fault]) -> tuple[Any, bool]:
    """The row with the draft's values and lists in memory, and whether anything of it is new."""
    is_changed = row.pk is None
    for name, value in draft.values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            is_changed = True
    for child, entries in draft.lists.items():
        relation = CHILD_FIELDS[child]
        wanted = [_entry(dict(entry), draft, known, faults) for entry in entries]
        stored = list(getattr(row, relation).all())
        is_same = len(stored) == len(wanted) and all(
            getattr(old, name) == value for old, new in zip(stored, wanted, strict=True) for name, value in new.items()
        )
        if is_same:
            continue
        model = type(row)._meta.get_field(relation).related_model
        setattr(row, relation, [model(sort_order=number, **entry) for number, entry in enumerate(wanted) if entry])
        is_changed = True
    return row, is_changed


def _entry(entry: dict[str, Any], draft: SharedDraft, known: Known, faults: list[Fault]) -> dict[str, Any]:
    """An entry of a list, with the item that it names looked up; empty when there is none."""
    if "item" in entry:
        name = entry["item"]
        entry["item"] = known.item(name)
        if entry["item"] is None:
            sentence = _("There is no item with the key or name “%s”.") % name
            faults.append(Fault(draft.place.words, "items.item", sentence))
            return {}
    return entry
