"""The import format, column by column: what is read, checked, written and compared goes by these tables alone."""

from dataclasses import dataclass, field
from typing import Any

from content.items.models import EditionMaterial, ItemAtPlace, ItemEdition, Situation

LONG = 20_000
SCOPES: dict[Any, str] = {
    True: ItemEdition.Scope.CITY, False: ItemEdition.Scope.LOCAL, None: ItemEdition.Scope.UNKNOWN,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its name in the file, what stands in it, and the field of the model that keeps it."""

    name: str
    kind: str = "text"
    longest: int = LONG
    to: str = ""
    is_required: bool = False
    least: int = 0
    most: int = 10**9
    choices: tuple[str, ...] = ()
    default: Any = None

    @property
    def target(self) -> str:
        return self.to or self.name


@dataclass(frozen=True)
class Shared:
    """A list of what items share: its sheet, the column that names a row, and the lists that belong to a row."""

    sheet: str
    columns: tuple[Column, ...]
    key: str = "key"
    # Name of the list in a JSON object, its own sheet in a workbook.
    children: dict[str, str] = field(default_factory=dict)


def _choices(of: Any) -> tuple[str, ...]:
    return tuple(of.values)


# --- an item's row: what belongs to the item, and what to the edition -------------------------------------------------

IDENTITY = (
    Column("no", "number", to="list_number", most=10**6),
    Column("department", longest=80),
    Column("is_active", "flag", default=True),
    Column("frequency", "number", default=0),
    Column("frequency_fixed", "flag", to="is_frequency_fixed", default=False),
    Column("review_due", "day"),
    Column("review_months", "number", default=12, least=1, most=120),
)
EDITION = (
    Column("name", longest=120), Column("name_en", longest=200), Column("aliases", "lines"),
    Column("summary", longest=300), Column("summary_en", longest=400),
    Column("applicants", "choice", choices=_choices(ItemEdition.Applicants), default=ItemEdition.Applicants.PERSONS),
    Column("conditions"), Column("conditions_en"),
    Column("proxy_rule", "choice", choices=_choices(ItemEdition.Proxy), default=ItemEdition.Proxy.UNKNOWN),
    Column("proxy_text", longest=300), Column("proxy_next_step", longest=300),
    Column("online_channel", longest=120, to="online_at"),
    Column("time_limit", longest=200, to="limit_text"), Column("time_limit_en", longest=200, to="limit_text_en"),
    Column("fee_kind", "choice", choices=_choices(ItemEdition.FeeKind), default=ItemEdition.FeeKind.UNKNOWN),
    Column("fee", longest=200, to="fee_text"), Column("fee_en", longest=200, to="fee_text_en"),
    Column("fee_as_of", "day"),
    Column("procedure", "steps"), Column("procedure_en", "steps"), Column("receipts", "lines"),
    Column("note"), Column("note_en"), Column("source"), Column("checked_on", "day"),
)  # fmt: skip
# Read by hand, because they say several things at once or come in the handbook's own words.
BY_HAND = {
    "key", "line", "valid_from", "city_wide", "channels", "offline_window", "proxy_allowed", "legal_basis",
    "basic_code", "codes", "related", "owner", "deputy", "materials", "places",
}  # fmt: skip

# --- the lists of an edition ------------------------------------------------------------------------------------------

EDITION_LISTS: dict[str, tuple[Column, ...]] = {
    "stages": (
        Column("office", longest=60), Column("working_days", "number", is_required=True, most=400),
        Column("extension_days", "number", most=400),
    ),
    "questions": (Column("question", longest=80, to="situation", is_required=True), Column("rule", "json")),
    "stops": (
        Column("rule", "json"), Column("sentence", longest=200, is_required=True), Column("sentence_en", longest=300),
        Column("next_step", longest=300), Column("next_step_en", longest=400),
    ),
    "proxies": (
        Column("who", "choice", choices=_choices(ItemEdition.Proxy), is_required=True),
        Column("when", longest=200, to="when_text"), Column("when_en", longest=300, to="when_text_en"),
        Column("brings", longest=200), Column("brings_en", longest=300),
    ),
    "fees": (
        Column("what", longest=120, is_required=True), Column("what_en", longest=160),
        Column("amount", "money", is_required=True), Column("unit", longest=40),
    ),
    "bases": (
        Column("title", longest=300), Column("number", longest=120), Column("article", longest=80),
        Column("link", longest=300), Column("valid_until", "day"),
    ),
    "asked": (
        Column("question", longest=200, is_required=True), Column("question_en", longest=300),
        Column("answer", longest=1000, is_required=True), Column("answer_en", longest=1500),
    ),
}  # fmt: skip
MATERIALS = (
    Column("name", longest=200, is_required=True, to="material"),
    Column("form", longest=60),
    Column("kind", "choice", choices=_choices(EditionMaterial.Kind), default=""),
    Column("fate", "choice", choices=_choices(EditionMaterial.Fate), default=""),
    Column("count", "number", default=1, least=1, most=99),
    Column("required", "flag", to="is_required"),
    Column("rule", "json"),
    Column("group", longest=40),
)
# What a handbook has instead of a rule: free words, or the key of a question that is answered with yes.
MATERIAL_WORDS = (Column("when", longest=120), Column("situation", longest=80))
PLACES = (
    Column("place", longest=30, is_required=True), Column("offered", "flag", to="is_offered", default=True),
    Column("remote", "flag", to="is_remote"), Column("onsite", "flag", to="is_onsite"), Column("starts_on", "day"),
    Column("difficulty", "choice", choices=_choices(ItemAtPlace.Difficulty), default=""),
    Column("note", longest=200), Column("next_step", longest=200),
)  # fmt: skip
HOURS = (
    Column("weekday", "number", is_required=True, least=1, most=7), Column("opens", "time", is_required=True),
    Column("closes", "time", is_required=True),
)  # fmt: skip

# --- what items share -------------------------------------------------------------------------------------------------

SHARED = (
    Shared(
        "lines",
        (Column("code", longest=40), Column("name", longest=40), Column("name_en", longest=80),
         Column("order", "number", default=0, most=30_000)),
        key="code",
    ),
    Shared(
        "shared_materials",
        (Column("key", longest=80), Column("name", longest=200), Column("name_en", longest=200),
         Column("explanation", longest=300), Column("explanation_en", longest=400),
         Column("where_from", longest=300), Column("where_from_en", longest=400), Column("validity", longest=120)),
        children={"sources": "sources"},
    ),
    Shared(
        "situations",
        (Column("key", longest=80), Column("name", longest=120), Column("name_en", longest=120),
         Column("question", longest=200), Column("question_en", longest=200),
         Column("kind", "choice", choices=_choices(Situation.Kind), default=Situation.Kind.YES_NO),
         Column("why", longest=200), Column("why_en", longest=300), Column("unit", longest=20),
         Column("least", "number", least=-(10**9)), Column("most", "number", least=-(10**9))),
        children={"choices": "choices"},
    ),
    Shared(
        "life_events",
        (Column("key", longest=80), Column("name", longest=40), Column("name_en", longest=80),
         Column("words", longest=200), Column("words_en", longest=300),
         Column("is_bereavement", "flag", default=False), Column("order", "number", default=0, most=30_000)),
        children={"items": "life_event_items"},
    ),
)  # fmt: skip
SHARED_LISTS: dict[str, tuple[Column, ...]] = {
    "sources": (
        Column("name", longest=120, is_required=True), Column("address", longest=200), Column("phone", longest=40),
        Column("hours", longest=120), Column("note", longest=200),
    ),
    "choices": (
        Column("key", longest=40, is_required=True), Column("text", longest=120, is_required=True),
        Column("text_en", longest=160),
    ),
    "life_event_items": (
        Column("item", longest=120, is_required=True), Column("note", longest=120), Column("note_en", longest=160),
    ),
}  # fmt: skip
BY_SHEET = {shared.sheet: shared for shared in SHARED}

KNOWN_FIELDS = BY_HAND | {column.name for column in (*IDENTITY, *EDITION)} | set(EDITION_LISTS)
ITEM_COLUMNS = ("item_key", "item_name", "item_valid_from")
ITEM_LISTS = ("materials", "places", *EDITION_LISTS)
SHEETS = ("items", *ITEM_LISTS, "hours", *(s for shared in SHARED for s in (shared.sheet, *shared.children.values())))


def defaults_of(columns: tuple[Column, ...]) -> dict[str, Any]:
    """What stands in the model's fields where a row says nothing."""
    empty: dict[str, Any] = {"text": "", "lines": "", "steps": "", "choice": "", "json": {}}
    return {
        column.target: column.default if column.default is not None else empty.get(column.kind) for column in columns
    }
