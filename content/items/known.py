"""What is stored when an import begins, looked up once, and kept up to date while it writes."""

from datetime import date

from content.items import services
from content.items.columns import EDITION_LISTS
from content.items.models import (
    ItemAtPlace,
    ItemCode,
    ItemEdition,
    LifeEvent,
    Line,
    Material,
    ServiceItem,
    Situation,
)  # fmt: skip
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


class Known:
    """Rows by what a file calls them."""

    def __init__(self) -> None:
        self.items = {item.key: item for item in ServiceItem.objects.select_related("line")}
        self.taken_keys = set(self.items)
        self.by_name: dict[str, list[ServiceItem]] = {}
        for item in self.items.values():
            self.by_name.setdefault(item.name_zh, []).append(item)
        self.related: dict[int, list[int]] = {}
        for item_id, other_id in ServiceItem.related.through.objects.values_list("from_serviceitem", "to_serviceitem"):
            self.related.setdefault(item_id, []).append(other_id)
        self.lines = {line.name: line for line in Line.objects.all()}
        self.materials = {material.name: material for material in Material.objects.prefetch_related("sources")}
        self.situations = {row.key: row for row in Situation.objects.prefetch_related("choices")}
        self.life_events = {row.key: row for row in LifeEvent.objects.prefetch_related("entries__item")}
        self.places = dict(Place.objects.values_list("code", "pk"))
        self.people: dict[str, int | None] = {"": None, **dict(User.objects.values_list("username", "pk"))}
        rules = ItemAtPlace.objects.prefetch_related("hours")
        self.rules = {(rule.item_id, rule.place_id): rule for rule in rules}
        self.codes: dict[int, dict[str, list[str]]] = {}
        self._by_code: dict[tuple[str, str], set[str]] = {}
        for code in ItemCode.objects.select_related("item"):
            self.codes.setdefault(code.item_id, {}).setdefault(code.system, []).append(code.code)
            self._by_code.setdefault((code.system, code.code), set()).add(code.item.key)
        lists = ["materials__material", *EDITION_LISTS]
        self.editions: dict[int, list[ItemEdition]] = {}
        for edition in ItemEdition.objects.prefetch_related(*lists).order_by("-valid_from"):
            self.editions.setdefault(edition.item_id, []).append(edition)
        self.in_force = dict(services.editions_in_force().values_list("item_id", "pk"))

    # --- items and editions -------------------------------------------------------------------------------------------

    def item(self, name: str) -> ServiceItem | None:
        """The item of a key, else of an exact name that only one has."""
        found = self.by_name.get(name, [])
        return self.items.get(name) or (found[0] if len(found) == 1 else None)

    def remember(self, item: ServiceItem, new_name: str) -> None:
        self.items[item.key] = item
        self.taken_keys.add(item.key)
        if new_name:
            self.by_name.setdefault(new_name, []).append(item)

    def edition_to_change(self, item: ServiceItem, valid_from: date | None) -> ItemEdition | None:
        """The edition of that first day; without a day the one in force, else the newest."""
        editions = self.editions.get(item.pk, [])
        if valid_from is not None:
            return next((edition for edition in editions if edition.valid_from == valid_from), None)
        in_force = self.in_force.get(item.pk)
        return next((edition for edition in editions if edition.pk == in_force), editions[0] if editions else None)

    def remember_edition(self, edition: ItemEdition) -> None:
        self.editions.setdefault(edition.item_id, []).append(edition)
        self.in_force.setdefault(edition.item_id, edition.pk)

    def is_in_force(self, edition: ItemEdition) -> bool:
        return self.in_force.get(edition.item_id) == edition.pk

    def owners_of_code(self, system: str, code: str, item: ServiceItem) -> list[str]:
        """Names of the other items with that code; the item counts as one of them from now on."""
        keys = self._by_code.setdefault((system, code), set())
        others = sorted(self.items[key].name_zh or key for key in keys if key != item.key and key in self.items)
        keys.add(item.key)
        return others

    # --- what items share ---------------------------------------------------------------------------------------------

    def line(self, name: str) -> Line:
        line = self.lines.get(name)
        if line is None:
            code, name_en = KNOWN_LINES.get(name, ("", ""))
            order = list(KNOWN_LINES).index(name) if code else len(KNOWN_LINES) + len(self.lines)
            taken = {line.code for line in self.lines.values()}
            line = Line.objects.create(
                code=code or make_key(name, taken, longest=40), name=name, name_en=name_en, order=order
            )
            self.lines[name] = line
        return line

    def material(self, name: str) -> Material:
        if name not in self.materials:
            keys = {material.key for material in self.materials.values()}
            # Published as a version: what is planned for later leaves a paper alone only when it has one that is out.
            self.materials[name] = services.publish_material(
                Material.objects.create(key=make_key(name, keys), name=name)
            )
        return self.materials[name]

    def situation_for(self, when: str) -> Situation:
        """The question that a handbook's free words stand for; unknown words become a question of their own."""
        asked = SITUATIONS.get(when)
        if asked is None:
            same = next((row for row in self.situations.values() if row.name == when), None)
            if same:
                return same
            key = make_key(when, set(self.situations), longest=60)
            values: dict[str, str] = {"name": when, "question": f"是这种情况吗：{when}？"}
        else:
            key, values = asked.key, asked._asdict()
            values.pop("key")
        if key not in self.situations:
            self.situations[key] = Situation.objects.create(key=key, **values)
        return self.situations[key]
