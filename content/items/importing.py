"""Writing what a file says, all or nothing: items, editions, materials, places; it adds and changes, never removes."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from content.items import services
from content.items.models import (
    EditionMaterial,
    EditionStage,
    ItemAtPlace,
    ItemCode,
    ItemEdition,
    Line,
    Material,
    ServiceItem,
    Situation,
    lines_of,
)
from content.items.reading import Fault, ItemDraft, ItemFile, MaterialDraft
from content.items.rules import if_yes
from content.items.rules_edition import EditionFaulty
from content.items.situations import SITUATIONS
from content.items.wording import make_key
from portal.base.accounts.models import User
from portal.base.places.models import Place

# A handbook does not say since when it holds; a first edition without a date holds for every day one may ask about.
FIRST_DAY = date(2000, 1, 1)
KNOWN_LINES = {
    "民政": ("civil-affairs", "Civil affairs"),
    "医保": ("medical-insurance", "Medical insurance"),
    "人社": ("labour-social-security", "Employment and social security"),
    "公安": ("residence-cards", "Residence and cards"),
    "残联": ("disability", "Disability"),
    "卫健": ("health-family", "Health and family"),
    "档案": ("archives", "Archives"),
    "税务": ("tax", "Tax and contributions"),
    "住建": ("housing", "Housing"),
    "总工会": ("trade-union", "Trade union"),
    "经信": ("online-identity", "Online identity"),
    "粮食": ("food-subsidy", "Food subsidy"),
}


class ImportRefused(Exception):
    """Something was wrong; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(_("Nothing was imported: %(count)s faults.") % {"count": len(faults)})
        self.faults = faults


@dataclass
class ImportReport:
    """What an import did, by the items' keys."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    items: list[ServiceItem] = field(default_factory=list)


@transaction.atomic
def import_items(read: ItemFile, *, user: User | None = None) -> ImportReport:
    """Write a file that was read.

    Raises:
        ImportRefused: the file has errors, or they show against what is stored; nothing was written.
    """
    if read.errors:
        raise ImportRefused(read.errors)
    return _Import(read, user).run()


class _Import:
    """One run, with what is stored looked up once."""

    def __init__(self, read: ItemFile, user: User | None) -> None:
        self.read, self.user = read, user
        self.report = ImportReport(warnings=[fault for fault in read.faults if fault.is_warning])
        self.faults: list[Fault] = []
        self.items = {item.key: item for item in ServiceItem.objects.select_related("line")}
        self.by_name: dict[str, list[ServiceItem]] = {}
        for item in self.items.values():
            self.by_name.setdefault(item.name_zh, []).append(item)
        self.taken_keys = set(self.items)
        self.lines = {line.name: line for line in Line.objects.all()}
        self.materials = {material.name: material for material in Material.objects.all()}
        self.material_keys = {material.key for material in self.materials.values()}
        self.situations = {situation.key: situation for situation in Situation.objects.all()}
        self.places = dict(Place.objects.values_list("code", "pk"))
        self.codes: dict[int, dict[str, list[str]]] = {}
        for code in ItemCode.objects.all():
            self.codes.setdefault(code.item_id, {}).setdefault(code.system, []).append(code.code)
        editions = ItemEdition.objects.prefetch_related("materials__material", "stages")
        self.editions: dict[int, list[ItemEdition]] = {}
        for edition in editions.order_by("-valid_from"):
            self.editions.setdefault(edition.item_id, []).append(edition)
        in_force = services.editions_in_force().values_list("item_id", "pk")
        self.in_force = dict(in_force)

    def run(self) -> ImportReport:
        self._write_shared()
        for draft in self.read.items:
            self._write_item(draft)
        if self.faults:
            raise ImportRefused(self.faults)
        return self.report

    # --- what items share ------------------------------------------------------------------------------------------

    def _write_shared(self) -> None:
        shared: tuple[tuple[Any, str, list[dict[str, Any]], dict[str, Any]], ...] = (
            (Line, "code", self.read.lines, {line.code: line for line in self.lines.values()}),
            (Material, "key", self.read.shared_materials, {row.key: row for row in self.materials.values()}),
            (Situation, "key", self.read.situations, self.situations),
        )
        for model, key_name, rows, known in shared:
            for values in rows:
                row = known.get(values[key_name])
                if row is None:
                    row = model(**{key_name: values[key_name]})
                if any(getattr(row, name) != value for name, value in values.items()) or row.pk is None:
                    for name, value in values.items():
                        setattr(row, name, value)
                    row.save()
                known[values[key_name]] = row
        self.lines = {line.name: line for line in Line.objects.all()}
        self.materials = {material.name: material for material in Material.objects.all()}
        self.material_keys = {material.key for material in self.materials.values()}

    def _line(self, draft: ItemDraft) -> Line | None:
        line = self.lines.get(draft.line)
        if line is None:
            code, name_en = KNOWN_LINES.get(draft.line, ("", ""))
            order = list(KNOWN_LINES).index(draft.line) if code else len(KNOWN_LINES) + len(self.lines)
            code = code or make_key(draft.line, {line.code for line in self.lines.values()}, longest=40)
            line = Line.objects.create(code=code, name=draft.line, name_en=name_en, order=order)
            self.lines[line.name] = line
        return line

    def _material(self, name: str) -> Material:
        if name not in self.materials:
            self.materials[name] = Material.objects.create(key=make_key(name, self.material_keys), name=name)
        return self.materials[name]

    def _rule(self, draft: MaterialDraft, item: ItemDraft) -> dict[str, Any]:
        if draft.rule is not None:
            return draft.rule
        situation = self._situation(draft, item)
        return if_yes(situation.key) if situation else {}

    def _situation(self, draft: MaterialDraft, item: ItemDraft) -> Situation | None:
        if draft.situation:
            situation = self.situations.get(draft.situation)
            if situation is None:
                sentence = (
                    _("There is no situation with the key “%s”. Add it to the sheet “situations”.") % draft.situation
                )
                self.faults.append(Fault(item.where, "materials.situation", sentence))
            return situation
        if draft.group or not draft.when_text:
            return None
        asked = SITUATIONS.get(draft.when_text)
        if asked is None:
            same = next((row for row in self.situations.values() if row.name == draft.when_text), None)
            if same:
                return same
            key = make_key(draft.when_text, set(self.situations), longest=60)
            values: dict[str, str] = {"name": draft.when_text, "question": f"是这种情况吗：{draft.when_text}？"}
        else:
            key, values = asked.key, asked._asdict()
            values.pop("key")
        if key not in self.situations:
            self.situations[key] = Situation.objects.create(key=key, **values)
        return self.situations[key]

    # --- one item --------------------------------------------------------------------------------------------------

    def _find(self, draft: ItemDraft) -> ServiceItem | None:
        if draft.key:
            return self.items.get(draft.key)
        found = self.by_name.get(draft.name, [])
        if len(found) > 1:
            sentence = _("Several items have this name. Give the key of the one that is meant.")
            self.faults.append(Fault(draft.where, "key", sentence))
        return found[0] if found else None

    def _write_item(self, draft: ItemDraft) -> None:
        item = self._find(draft)
        is_new = item is None
        if item is None:
            if not draft.line or not draft.name:
                missing = "line" if draft.name else "name"
                self.faults.append(Fault(draft.where, missing, _("A new item needs a name and a line of business.")))
                return
            key = draft.key or make_key(draft.name, self.taken_keys)
            self.taken_keys.add(key)
            item = ServiceItem(key=key, name_zh=draft.name, line=self._line(draft))
        is_changed = self._write_identity(item, draft)
        self.items[item.key] = item
        if is_new:
            self.by_name.setdefault(draft.name, []).append(item)
        is_changed |= self._write_codes(item, draft)
        is_changed |= self._write_edition(item, draft)
        is_changed |= self._write_places(item, draft)
        self.report.items.append(item)
        outcome = self.report.added if is_new else self.report.changed if is_changed else self.report.unchanged
        outcome.append(item.key)

    def _write_identity(self, item: ServiceItem, draft: ItemDraft) -> bool:
        values = dict(draft.item_values)
        if draft.line:
            values["line"] = self._line(draft)
        changed = [name for name, value in values.items() if getattr(item, name) != value]
        for name in changed:
            setattr(item, name, values[name])
        if item.pk is None:
            item.save()
        elif changed:
            item.save(update_fields=[*changed, "changed_at"])
        return bool(changed)

    def _write_codes(self, item: ServiceItem, draft: ItemDraft) -> bool:
        stored = self.codes.get(item.pk, {})
        is_changed = False
        for system, codes in (draft.codes or {}).items():
            if sorted(stored.get(system, [])) == sorted(codes):
                continue
            ItemCode.objects.filter(item=item, system=system).delete()
            ItemCode.objects.bulk_create(ItemCode(item=item, system=system, code=code) for code in dict.fromkeys(codes))
            is_changed = True
        return is_changed

    def _edition_to_change(self, item: ServiceItem, draft: ItemDraft) -> ItemEdition | None:
        editions = self.editions.get(item.pk, [])
        if draft.valid_from is not None:
            return next((edition for edition in editions if edition.valid_from == draft.valid_from), None)
        in_force = self.in_force.get(item.pk)
        return next((edition for edition in editions if edition.pk == in_force), editions[0] if editions else None)

    def _write_edition(self, item: ServiceItem, draft: ItemDraft) -> bool:
        edition = self._edition_to_change(item, draft)
        wanted_materials = None
        if draft.materials is not None:
            wanted_materials = [self._wanted_material(material, draft) for material in draft.materials]
        if edition is not None and "aliases" in draft.edition_values:
            draft.edition_values["aliases"] = _with_known_aliases(draft.edition_values["aliases"], edition)
        if edition is None:
            name = draft.edition_values.get("name") or item.name_zh
            edition = ItemEdition(item=item, valid_from=draft.valid_from or FIRST_DAY, name=name)
        elif self._is_same(edition, draft, wanted_materials):
            return False
        elif edition.has_unpublished_changes:
            sentence = _("An editor's draft was not published yet; it stays in the history of this item.")
            self.report.warnings.append(Fault(draft.where, "", sentence, is_warning=True))
        for name, value in draft.edition_values.items():
            setattr(edition, name, value)
        if edition.pk is None:
            edition.save()
            self.editions.setdefault(item.pk, []).append(edition)
            self.in_force.setdefault(item.pk, edition.pk)
        if wanted_materials is not None:
            edition.materials = [EditionMaterial(sort_order=n, **values) for n, values in enumerate(wanted_materials)]
        if draft.stages is not None:
            edition.stages = [
                EditionStage(sort_order=n, office=office, working_days=days, extension_days=more)
                for n, (office, days, more) in enumerate(draft.stages)
            ]
        try:
            services.publish_edition(edition, user=self.user)
        except EditionFaulty as faulty:
            self.faults += [Fault(draft.where, fault.where, fault.sentence) for fault in faulty.faults]
        item.refresh_from_db(fields=["name_zh", "name_en"])
        return True

    def _wanted_material(self, draft: MaterialDraft, item: ItemDraft) -> dict[str, Any]:
        return {
            "material": self._material(draft.name),
            "form": draft.form,
            "count": draft.count,
            "is_required": draft.is_required,
            "rule": self._rule(draft, item),
            "group": draft.group,
        }

    def _is_same(self, edition: ItemEdition, draft: ItemDraft, materials: list[dict[str, Any]] | None) -> bool:
        if not edition.live or any(getattr(edition, name) != value for name, value in draft.edition_values.items()):
            return False
        if materials is not None:
            stored = [{name: getattr(row, name) for name in EMPTY_MATERIAL} for row in edition.materials.all()]
            if stored != materials:
                return False
        if draft.stages is not None:
            stages = [(row.office, row.working_days, row.extension_days) for row in edition.stages.all()]
            return stages == draft.stages
        return True

    def _write_places(self, item: ServiceItem, draft: ItemDraft) -> bool:
        is_changed = False
        for row in draft.places or []:
            place_id = self.places.get(row.place)
            if place_id is None:
                sentence = _("There is no place with the code “%s”. Load the district first.") % row.place
                self.faults.append(Fault(draft.where, "places.place", sentence))
                continue
            values = {
                "is_offered": row.is_offered,
                "is_remote": row.is_remote,
                "is_onsite": row.is_onsite,
                "note": row.note,
                "next_step": row.next_step,
            }
            if ItemAtPlace.objects.filter(item=item, place_id=place_id, **values).exists():
                continue
            ItemAtPlace.objects.update_or_create(item=item, place_id=place_id, defaults=values)
            is_changed = True
        return is_changed


def _with_known_aliases(aliases: str, edition: ItemEdition) -> str:
    """The file's words first, then those that editors added: an import never takes a word away."""
    given, known = lines_of(aliases), edition.alias_list
    if set(given) <= set(known):
        return edition.aliases
    return "\n".join([*given, *(word for word in known if word not in given)])


EMPTY_MATERIAL = ("material", "form", "count", "is_required", "rule", "group")
