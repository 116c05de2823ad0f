"""Writing what a file says, all or nothing: items, editions, materials, places; it adds and changes, never removes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from content.items import services
from content.items.cells import Fault
from content.items.known import FIRST_DAY, Known
from content.items.models import EditionMaterial, ItemAtPlace, ItemCode, ItemEdition, ItemHours, ServiceItem, lines_of
from content.items.reading import ItemDraft, ItemFile
from content.items.rules import if_yes
from content.items.rules_edition import EditionFaulty
from content.items.shared_writing import write_shared
from content.items.wording import make_key
from portal.base.accounts.models import User

# What other rooms do with what an import wrote, such as publishing the guides; each gets the items and who it was.
on_items_written: list[Callable[[list[ServiceItem], User | None], Any]] = []
Progress = Callable[[int, int], None]


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
def import_items(
    read: ItemFile, *, user: User | None = None, progress: Progress | None = None, is_exact: bool = False
) -> ImportReport:
    """Write a file that was read; `is_exact` also takes away words that the file does not have.

    Raises:
        ImportRefused: the file has errors, or they show against what is stored; nothing was written.
    """
    if read.errors:
        raise ImportRefused(read.errors)
    with services.gathered_changes():
        report = _Import(read, user, progress or (lambda done, total: None), is_exact).run()
        for follow in on_items_written:
            follow(report.items, user)
    return report


@contextmanager
def trial() -> Iterator[None]:
    """Everything written inside is undone at the end, whatever happens."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class _Import:
    """One run over the items of a file."""

    def __init__(self, read: ItemFile, user: User | None, progress: Progress, is_exact: bool) -> None:
        self.read, self.user, self.progress, self.is_exact = read, user, progress, is_exact
        self.report = ImportReport(warnings=[fault for fault in read.faults if fault.is_warning])
        self.faults: list[Fault] = []
        self.known = Known()
        # By position in the file, so that what points to other items is written when all are there.
        self.written: list[tuple[ItemDraft, ServiceItem, str]] = []

    def run(self) -> ImportReport:
        for sheet in ("lines", "shared_materials", "situations"):
            write_shared(sheet, self.read.shared.get(sheet, []), self.known, self.faults, user=self.user)
        total = len(self.read.items)
        for number, draft in enumerate(self.read.items, start=1):
            self._write_item(draft)
            self.progress(number, total)
        self._write_related()
        write_shared("life_events", self.read.shared.get("life_events", []), self.known, self.faults, user=self.user)
        if self.faults:
            raise ImportRefused(self.faults)
        for _draft, item, outcome in self.written:
            if item not in self.report.items:
                self.report.items.append(item)
            getattr(self.report, outcome).append(item.key)
        return self.report

    # --- one item -----------------------------------------------------------------------------------------------------

    def _find(self, draft: ItemDraft) -> ServiceItem | None:
        if draft.key:
            return self.known.items.get(draft.key)
        found = self.known.by_name.get(draft.name, [])
        if len(found) > 1:
            sentence = _("Several items have this name. Give the key of the one that is meant.")
            self.faults.append(draft.fault("key", sentence))
        return found[0] if found else None

    def _write_item(self, draft: ItemDraft) -> None:
        item = self._find(draft)
        is_new = item is None
        if item is None:
            if not draft.line or not draft.name:
                missing = "line" if draft.name else "name"
                self.faults.append(draft.fault(missing, _("A new item needs a name and a line of business.")))
                return
            key = draft.key or make_key(draft.name, self.known.taken_keys)
            item = ServiceItem(key=key, name_zh=draft.name, line=self.known.line(draft.line))
        is_changed = self._write_identity(item, draft)
        self.known.remember(item, draft.name if is_new else "")
        is_changed |= self._write_codes(item, draft)
        is_changed |= self._write_edition(item, draft)
        is_changed |= self._write_places(item, draft)
        self.written.append((draft, item, "added" if is_new else "changed" if is_changed else "unchanged"))

    def _write_identity(self, item: ServiceItem, draft: ItemDraft) -> bool:
        values = dict(draft.item_values)
        if draft.line:
            values["line"] = self.known.line(draft.line)
        for name, username in draft.people.items():
            person = self.known.people.get(username)
            if username and person is None:
                sentence = _("There is no account “%s” here; this is left as it is.") % username
                self.report.warnings.append(draft.fault(name, sentence, is_warning=True))
                continue
            values[f"{name}_id"] = person
        changed = [name for name, value in values.items() if getattr(item, name) != value]
        for name in changed:
            setattr(item, name, values[name])
        if item.pk is None:
            item.save()
        elif changed:
            item.save(update_fields=[*(name.removesuffix("_id") for name in changed), "changed_at"])
        return bool(changed)

    def _write_codes(self, item: ServiceItem, draft: ItemDraft) -> bool:
        stored = self.known.codes.get(item.pk, {})
        is_changed = False
        for system, codes in (draft.codes or {}).items():
            if sorted(stored.get(system, [])) == sorted(codes):
                continue
            ItemCode.objects.filter(item=item, system=system).delete()
            ItemCode.objects.bulk_create(ItemCode(item=item, system=system, code=code) for code in dict.fromkeys(codes))
            is_changed = True
            for code in codes:
                others = self.known.owners_of_code(system, code, item)
                if others:
                    sentence = _("The code %(code)s belongs to %(others)s too. That may be right: look at it.")
                    words = sentence % {"code": code, "others": _(", ").join(others)}
                    self.report.warnings.append(draft.fault("basic_code", words, is_warning=True))
        return is_changed

    # --- its edition --------------------------------------------------------------------------------------------------

    def _write_edition(self, item: ServiceItem, draft: ItemDraft) -> bool:
        edition = self.known.edition_to_change(item, draft.valid_from)
        is_new = edition is None
        values = dict(draft.edition_values)
        if edition is not None and "aliases" in values and not self.is_exact:
            values["aliases"] = _with_known_aliases(values["aliases"], edition)
        faults = len(self.faults)
        lists = self._wanted_lists(draft, edition)
        if len(self.faults) > faults:
            return False
        if edition is None:
            edition = ItemEdition(item=item, valid_from=draft.valid_from or FIRST_DAY, name=item.name_zh)
        elif not edition.live:
            if values or lists:
                sentence = _("An editor is preparing an edition for %s. Publish it or delete it first.")
                self.faults.append(draft.fault("valid_from", sentence % edition.valid_from.isoformat()))
            return False
        elif _is_same(edition, values, lists):
            return False
        elif edition.has_unpublished_changes:
            sentence = _("An editor's draft was not published yet; it stays in the history of this item.")
            self.report.warnings.append(draft.fault("", sentence, is_warning=True))
        for name, value in values.items():
            setattr(edition, name, value)
        if is_new:
            edition.save()
            self.known.remember_edition(edition)
        for name, rows in lists.items():
            model = EditionMaterial if name == "materials" else getattr(ItemEdition, name).rel.related_model
            setattr(edition, name, [model(sort_order=number, **row) for number, row in enumerate(rows)])
        try:
            services.publish_edition(edition, user=self.user)
        except EditionFaulty as faulty:
            self.faults += [draft.fault(fault.where, fault.sentence) for fault in faulty.faults]
            return True
        if self.known.is_in_force(edition):
            item.name_zh, item.name_en = edition.name, edition.name_en
        return True

    def _wanted_lists(self, draft: ItemDraft, edition: ItemEdition | None) -> dict[str, list[dict[str, Any]]]:
        lists = {name: [dict(row) for row in rows] for name, rows in draft.lists.items()}
        for row in lists.get("materials", []):
            row["material"] = self.known.material(row["material"])
            row["rule"] = row["rule"] or self._rule(row, draft)
            del row["when"], row["situation"]
        for row in lists.get("questions", []):
            key = row["situation"]
            row["situation"] = self.known.situations.get(key)
            if row["situation"] is None:
                self._no_situation(key, draft, "questions.question")
        for name, (source, rows) in draft.derived.items():
            if edition is None or getattr(edition, source) != draft.edition_values[source]:
                lists[name] = [dict(row) for row in rows]
        return lists

    def _rule(self, row: dict[str, Any], draft: ItemDraft) -> dict[str, Any]:
        """The condition that a handbook gives in other ways: a question's key, or free words."""
        if row["situation"]:
            if row["situation"] not in self.known.situations:
                self._no_situation(row["situation"], draft, "materials.situation")
            return if_yes(row["situation"])
        if row["group"] or not row["when"]:
            return {}
        return if_yes(self.known.situation_for(row["when"]).key)

    def _no_situation(self, key: str, draft: ItemDraft, name: str) -> None:
        sentence = _("There is no situation with the key “%s”. Add it to the sheet “situations”.") % key
        self.faults.append(draft.fault(name, sentence))

    # --- what places do differently, and related items ----------------------------------------------------------------

    def _write_places(self, item: ServiceItem, draft: ItemDraft) -> bool:
        is_changed = False
        for row in draft.places or []:
            values = dict(row)
            code, hours = values.pop("place"), values.pop("hours", None)
            place_id = self.known.places.get(code)
            if place_id is None:
                sentence = _("There is no place with the code “%s”. Load the district first.") % code
                self.faults.append(draft.fault("places.place", sentence))
                continue
            rule = self.known.rules.get((item.pk, place_id)) or ItemAtPlace(item=item, place_id=place_id)
            wanted = [(day["weekday"] - 1, day["opens"], day["closes"]) for day in hours or []]
            stored = [(day.weekday, day.opens, day.closes) for day in rule.hours.all()]
            same_hours = hours is None or stored == sorted(wanted)
            if rule.pk and same_hours and all(getattr(rule, name) == value for name, value in values.items()):
                continue
            for name, value in values.items():
                setattr(rule, name, value)
            if not same_hours:
                rule.hours = [ItemHours(weekday=day, opens=opens, closes=closes) for day, opens, closes in wanted]
            rule.save()
            self.known.rules[(item.pk, place_id)] = rule
            is_changed = True
        return is_changed

    def _write_related(self) -> None:
        for position, (draft, item, outcome) in enumerate(self.written):
            if draft.related is None:
                continue
            wanted = []
            for name in draft.related:
                other = self.known.item(name)
                if other is None:
                    self.faults.append(draft.fault("related", _("There is no item with the key or name “%s”.") % name))
                else:
                    wanted.append(other.pk)
            if sorted(self.known.related.get(item.pk, [])) != sorted(set(wanted)):
                item.related.set(wanted)
                if outcome == "unchanged":
                    self.written[position] = (draft, item, "changed")


def _is_same(edition: ItemEdition, values: dict[str, Any], lists: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether the edition says already what the file says."""
    if any(_plain(getattr(edition, name)) != value for name, value in values.items()):
        return False
    for name, rows in lists.items():
        stored = list(getattr(edition, name).all())
        if len(stored) != len(rows):
            return False
        if any(
            _plain(getattr(old, key)) != value
            for old, row in zip(stored, rows, strict=True)
            for key, value in row.items()
        ):
            return False
    return True


def _plain(value: Any) -> Any:
    # A text area of the browser ends its lines with two characters, a file with one.
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _with_known_aliases(aliases: str, edition: ItemEdition) -> str:
    """The file's words first, then those that editors added: an import never takes a word away."""
    given, known = lines_of(aliases), edition.alias_list
    if set(given) <= set(known):
        return _plain(edition.aliases)
    return "\n".join([*given, *(word for word in known if word not in given)])
