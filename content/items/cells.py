"""Reading single cells of an import file; a fault is noted with its place, and a harmless value given back."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from content.items.columns import LONG, Column
from content.items.models import KEY_RULE, lines_of
from content.items.models.words import split_steps

TRUE_WORDS, FALSE_WORDS = {"true", "yes", "是", "1"}, {"false", "no", "否", "0"}
# What neither a workbook nor a page can show; a new line and a tab are let through.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, in which field, and a sentence; a warning does not stop the import.

    `cell` is set for workbooks, such as E3 of the sheet that `where` names.
    """

    where: str
    field: str
    sentence: str
    is_warning: bool = False
    cell: str = ""

    def __str__(self) -> str:
        place = _("%(where)s, cell %(cell)s") % {"where": self.where, "cell": self.cell} if self.cell else self.where
        return f"{place} · {self.field}: {self.sentence}" if self.field else f"{place}: {self.sentence}"


@dataclass
class Place:
    """Where a row stands: in words, and for a workbook its row's number and the letter of each column."""

    words: str
    row: int = 0
    letters: dict[str, str] | None = None

    def cell(self, name: str) -> str:
        letter = (self.letters or {}).get(name, "")
        return f"{letter}{self.row}" if letter else ""


class Row:
    """One mapping of a file."""

    def __init__(self, values: dict[str, Any], place: Place, faults: list[Fault], prefix: str = "") -> None:
        self.values, self.place, self.faults, self.prefix = values, place, faults, prefix

    @property
    def where(self) -> str:
        return self.place.words

    def has(self, name: str) -> bool:
        return name in self.values

    def fault(self, name: str, sentence: str, *, is_warning: bool = False) -> None:
        self.faults.append(
            Fault(self.where, self.prefix + name, sentence, is_warning=is_warning, cell=self.place.cell(name))
        )

    # --- single values ------------------------------------------------------------------------------------------------

    def text(self, name: str, longest: int = LONG, *, is_required: bool = False) -> str:
        value = self.values.get(name)
        if isinstance(value, datetime | date):
            value = value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
        if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float)):
            self.fault(name, _("This must be text."))
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
        if is_required and not text:
            self.fault(name, _("This is missing. Fill it in."))
        if len(text) > longest:
            sentence = _("This has %(count)s characters; at most %(longest)s fit.")
            self.fault(name, sentence % {"count": len(text), "longest": longest})
            return ""
        if UNSEEN.search(text):
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
        if any(UNSEEN.search(part) for part in value):
            self.fault(name, _("This contains characters that cannot be kept. Type it again."))
            return []
        return lines_of("\n".join(value))

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
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}(\.0+)?", str(value).strip()):
            self.fault(name, _("“%(value)s” is not a whole number.") % {"value": value})
            return None
        number = int(float(value))
        if not least <= number <= most:
            sentence = _("%(value)s is not between %(least)s and %(most)s.")
            self.fault(name, sentence % {"value": number, "least": least, "most": most})
            return None
        return number

    def money(self, name: str) -> Decimal | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            amount = Decimal(str(value).strip())
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0 or amount >= 10**8 or amount != round(amount, 2):
            sentence = _("“%(value)s” is not an amount in yuan. Write it as 20 or 20.50.")
            self.fault(name, sentence % {"value": value})
            return None
        return amount.quantize(Decimal("0.01"))

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

    def clock(self, name: str) -> time | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, datetime | time):
            found = value.time() if isinstance(value, datetime) else value
            return found.replace(second=0, microsecond=0, tzinfo=None)
        try:
            return time.fromisoformat(str(value).strip()).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.fault(name, _("“%(value)s” is not a time. Write it as 09:00.") % {"value": value})
            return None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        word = self.text(name, 200)
        if not word:
            return default
        if word not in choices:
            allowed = ", ".join(filter(None, choices))
            self.fault(name, _("“%(value)s” is none of: %(allowed)s.") % {"value": word[:60], "allowed": allowed})
            return default
        return word

    def rule(self, name: str) -> dict[str, Any]:
        """A condition as an object, or as JSON text in a cell."""
        value = self.values.get(name)
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError as error:
                sentence = _("This is not a rule: at character %(column)s it is no JSON.")
                self.fault(name, sentence % {"column": error.pos + 1})
                return {}
        if not isinstance(value, dict):
            self.fault(name, _("A rule is an object, such as the export writes."))
            return {}
        return value

    # --- by column ----------------------------------------------------------------------------------------------------

    def value(self, column: Column) -> Any:
        name = column.name
        if column.kind == "text":
            return self.text(name, column.longest, is_required=column.is_required)
        readers: dict[str, Callable[[], Any]] = {
            "lines": lambda: "\n".join(self.texts(name)),
            "steps": lambda: split_steps(self.text(name)),
            "flag": lambda: self.flag(name, column.default),
            "number": lambda: self.number(name, least=column.least, most=column.most),
            "money": lambda: self.money(name),
            "day": lambda: self.day(name),
            "time": lambda: self.clock(name),
            "choice": lambda: self.choice(name, column.choices, column.default or ""),
            "json": lambda: self.rule(name),
        }
        before = len(self.faults)
        value = readers[column.kind]()
        if value is None and column.default is not None:
            value = column.default
        if column.is_required and value in (None, "") and len(self.faults) == before:
            self.fault(name, _("This is missing. Fill it in."))
        return value

    def read(self, columns: tuple[Column, ...]) -> dict[str, Any]:
        """By field what the row says of the columns that it has."""
        return {column.target: self.value(column) for column in columns if self.has(column.name)}

    def read_all(self, columns: tuple[Column, ...]) -> dict[str, Any]:
        """By field what the row says, with defaults where it says nothing."""
        return {column.target: self.value(column) for column in columns}

    def rows(self, name: str) -> list["Row"]:
        value = self.values.get(name) or []
        if not isinstance(value, list):
            self.fault(name, _("This must be a list."))
            return []
        rows = []
        for number, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.fault(f"{name}[{number}]", _("This must be an object with fields."))
                continue
            own = entry.get("__place__")
            prefix = "" if own else f"{self.prefix}{name}[{number}]."
            rows.append(Row(entry, own or self.place, self.faults, prefix))
        return rows

    def check_key(self, name: str, key: str) -> None:
        if key and not re.match(KEY_RULE.regex, key):
            self.fault(name, _("A key has small Latin letters, digits and single hyphens only."))
