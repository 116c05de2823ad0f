"""Conditions over typed answers: read from plain data, evaluated with what is not known yet, and said in words.

A condition is `{}` (always), `{"all": […]}`, `{"any": […]}`, `{"not": …}` or a leaf `{"question": KEY, OPERATOR: value}`.
Operators by kind of question: yes_no `is`; choice `is`, `in`; number `is`, `at_least`, `at_most`; date `is`, `before`,
`on_or_after`. A day is `2026-01-31` or counted from the day of asking: `today`, `today-60d`, `today-6m`, `today-65y`.
Nothing here touches the database; what an edition asks is gathered in `rules_edition`, and checked in `rules_check`.
"""

import json
import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

YES_NO, CHOICE, NUMBER, DATE = "yes_no", "choice", "number", "date"
KINDS = (YES_NO, CHOICE, NUMBER, DATE)
OPERATORS: dict[str, tuple[str, ...]] = {
    YES_NO: ("is",),
    CHOICE: ("is", "in"),
    NUMBER: ("is", "at_least", "at_most"),
    DATE: ("is", "before", "on_or_after"),
}
ALL_OPERATORS = ("is", "in", "at_least", "at_most", "before", "on_or_after")
DEEPEST = 6
MOST_PARTS = 60
LEAST_NUMBER, GREATEST_NUMBER = 0, 1_000_000
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
RELATIVE = re.compile(r"today(?:(?P<sign>[+-])(?P<count>\d{1,5})(?P<unit>[dmy]))?$")

type Answer = bool | int | str | date
type Answers = Mapping[str, Answer | NotAsked]


class NotAsked:
    """Stands for the answer to a question that the earlier answers made needless: every leaf over it is false."""


NOT_ASKED = NotAsked()


@dataclass(frozen=True)
class Question:
    """What a condition needs to know of a question: its kind and the answers that it takes."""

    key: str
    kind: str = YES_NO
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    # How faults call it; the key where it has no name.
    name: str = field(default="", compare=False)

    @property
    def called(self) -> str:
        return self.name or self.key

    @property
    def range(self) -> tuple[int, int]:
        """Least and greatest number that may be given."""
        return (
            LEAST_NUMBER if self.least is None else self.least,
            GREATEST_NUMBER if self.most is None else self.most,
        )


@dataclass(frozen=True)
class Leaf:
    """One comparison; a relative day stays text, so that it is counted from the day of asking."""

    question: str
    operator: str
    value: Answer | tuple[str, ...]


@dataclass(frozen=True)
class AllOf:
    """Every part holds; without parts always."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


type Condition = Leaf | AllOf | AnyOf | Not
ALWAYS = AllOf()
NEVER = Not(ALWAYS)


@dataclass(frozen=True)
class ParseFault:
    """What is wrong in a condition: where (`all[1].not`), a code, and a sentence."""

    path: str
    code: str
    sentence: str
    question: str = ""


class NotACondition(ValueError):
    """The data are no condition over these questions."""

    def __init__(self, faults: list[ParseFault]) -> None:
        super().__init__(" ".join(f"{fault.path}: {fault.sentence}" for fault in faults))
        self.faults = faults


# --- reading ------------------------------------------------------------------------------------------------------


def parse(data: Any, questions: Mapping[str, Question]) -> Condition:
    """The condition that the data say.

    Raises:
        NotACondition: with every fault and its path.
    """
    faults: list[ParseFault] = []
    condition = _Parser(questions, faults).read(data, "", 0)
    if not faults and len(list(leaves(condition))) > MOST_PARTS:
        faults.append(ParseFault("", "too_long", _("This condition has more than %s parts. Split it.") % MOST_PARTS))
    if faults:
        raise NotACondition(faults)
    return condition


class _Parser:
    def __init__(self, questions: Mapping[str, Question], faults: list[ParseFault]) -> None:
        self.questions, self.faults = questions, faults

    def fault(self, path: str, code: str, sentence: str, question: str = "") -> Condition:
        self.faults.append(ParseFault(path, code, sentence, question))
        return ALWAYS

    def read(self, data: Any, path: str, depth: int) -> Condition:
        if data is None or data == {}:
            return ALWAYS if not path else self.fault(path, "empty", _("This part is empty. Fill it in or remove it."))
        if not isinstance(data, dict):
            return self.fault(path, "not_a_condition", _("This is no condition."))
        if depth > DEEPEST:
            return self.fault(path, "too_deep", _("This is nested too deeply. Make it simpler."))
        if "question" in data:
            return self.read_leaf(data, path)
        if len(data) == 1 and (word := next(iter(data))) in ("all", "any", "not"):
            below = f"{path}.{word}".lstrip(".")
            if word == "not":
                return Not(self.read(data["not"], below, depth + 1))
            parts = data[word]
            if not isinstance(parts, list) or not parts:
                return self.fault(below, "empty", _("This part is empty. Fill it in or remove it."))
            read = tuple(self.read(part, f"{below}[{number}]", depth + 1) for number, part in enumerate(parts))
            return AllOf(read) if word == "all" else AnyOf(read)
        return self.fault(path, "not_a_condition", _("A condition is one of: all, any, not, or a question."))

    def read_leaf(self, data: dict[str, Any], path: str) -> Condition:
        key = data["question"]
        question = self.questions.get(key) if isinstance(key, str) else None
        if question is None:
            sentence = _("There is no question “%s” here. Choose another.") % key
            return self.fault(path, "missing_question", sentence, str(key))
        rest = [name for name in data if name != "question"]
        if len(rest) != 1 or rest[0] not in ALL_OPERATORS:
            return self.fault(path, "not_a_condition", _("Choose exactly one comparison for “%s”.") % question.called)
        operator = rest[0]
        if operator not in OPERATORS[question.kind]:
            sentence = _("“%(operator)s” does not fit the kind of answer of “%(question)s”.")
            return self.fault(path, "wrong_type", sentence % {"operator": operator, "question": question.called})
        if data[operator] in (None, "", []):
            sentence = _("The answer to “%s” is missing. Fill it in, or remove the row.") % question.called
            return self.fault(path, "empty", sentence)
        try:
            return Leaf(question.key, operator, _value(question, operator, data[operator]))
        except ValueError:
            sentence = _("“%(value)s” is no answer to “%(question)s”.")
            return self.fault(path, "wrong_type", sentence % {"value": data[operator], "question": question.called})


def _value(question: Question, operator: str, given: Any) -> Answer | tuple[str, ...]:
    if operator == "in":
        if not isinstance(given, list) or not given or not all(choice in question.choices for choice in given):
            raise ValueError(given)
        return tuple(choice for choice in question.choices if choice in given)
    if question.kind == DATE and isinstance(given, str) and RELATIVE.match(given):
        resolve_day(given, FIRST_DAY.replace(year=2000))
        return given
    return read_answer(question, given)


def read_answer(question: Question, given: Any) -> Answer:
    """A typed answer from plain data (JSON).

    Raises:
        ValueError: it is no answer to this question.
    """
    if question.kind == YES_NO and isinstance(given, bool):
        return given
    if question.kind == CHOICE and isinstance(given, str) and given in question.choices:
        return given
    if question.kind == NUMBER and isinstance(given, int) and not isinstance(given, bool):
        least, most = question.range
        if least <= given <= most:
            return given
    if question.kind == DATE:
        day = date.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(day, date) and FIRST_DAY <= day <= LAST_DAY:
            return day
    raise ValueError(given)


def plain_answer(answer: Answer) -> bool | int | str:
    """The answer as JSON has it."""
    return answer.isoformat() if isinstance(answer, date) else answer


def resolve_day(value: Answer | tuple[str, ...], today: date) -> date:
    """The day that a leaf's value means, counted from the day of asking.

    Raises:
        ValueError: it is no day, or one outside the calendar.
    """
    if isinstance(value, date):
        return value
    match = RELATIVE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(value)
    if match["count"] is None:
        return today
    count = int(match["count"]) * (1 if match["sign"] == "+" else -1)
    try:
        if match["unit"] == "d":
            return today + timedelta(days=count)
        months = today.year * 12 + today.month - 1 + count * (12 if match["unit"] == "y" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError) as error:
        raise ValueError(value) from error


# --- looking at one -----------------------------------------------------------------------------------------------


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every comparison in it, from left to right."""
    if isinstance(condition, Leaf):
        yield condition
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        for part in condition.parts:
            yield from leaves(part)


def questions_of(condition: Condition) -> list[str]:
    """The keys of the questions that it uses, in the order of their first use."""
    return list(dict.fromkeys(leaf.question for leaf in leaves(condition)))


def keys_in(data: Any) -> list[str]:
    """The questions' keys that plain data name, readable or not, in the order of their first use."""
    found: list[str] = []
    stack = [data]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if isinstance(part.get("question"), str):
                found.append(part["question"])
            stack += [part[word] for word in ("all", "any", "not") if word in part]
        elif isinstance(part, list):
            stack += reversed(part)
    return list(dict.fromkeys(found))


def evaluate(condition: Condition, answers: Answers, *, today: date) -> bool | None:
    """Whether it holds; None while that hangs on a question without an answer (Kleene's three values)."""
    if isinstance(condition, Leaf):
        return _compare(condition, answers, today)
    if isinstance(condition, Not):
        inner = evaluate(condition.part, answers, today=today)
        return None if inner is None else not inner
    settles = isinstance(condition, AnyOf)
    is_unknown = False
    for part in condition.parts:
        value = evaluate(part, answers, today=today)
        if value is settles:
            return settles
        is_unknown |= value is None
    return None if is_unknown else not settles


def _compare(leaf: Leaf, answers: Answers, today: date) -> bool | None:
    answer = answers.get(leaf.question)
    if answer is None:
        return None
    if isinstance(answer, NotAsked):
        return False
    value = leaf.value
    if isinstance(answer, date):
        value = resolve_day(value, today)
    match leaf.operator:
        case "is":
            return answer == value
        case "in":
            return isinstance(value, tuple) and answer in value
        case "at_least" | "on_or_after":
            return answer >= value  # type: ignore[operator]
        case "at_most":
            return answer <= value  # type: ignore[operator]
        case "before":
            return answer < value  # type: ignore[operator]
    raise ValueError(leaf.operator)


def reasons(condition: Condition, answers: Answers, *, today: date) -> list[str]:
    """The keys of the asked questions whose answers make it true: why somebody needs something."""
    found: list[str] = []
    _collect(condition, answers, today=today, wanted=True, found=found)
    return list(dict.fromkeys(found))


def _collect(condition: Condition, answers: Answers, *, today: date, wanted: bool, found: list[str]) -> None:
    if evaluate(condition, answers, today=today) is not wanted:
        return
    if isinstance(condition, Leaf):
        if not isinstance(answers.get(condition.question), NotAsked):
            found.append(condition.question)
    elif isinstance(condition, Not):
        _collect(condition.part, answers, today=today, wanted=not wanted, found=found)
    else:
        for part in condition.parts:
            _collect(part, answers, today=today, wanted=wanted, found=found)


# --- one form for each meaning ------------------------------------------------------------------------------------


def canonical(condition: Condition) -> Condition:
    """The same meaning in one form: nested parts flattened, doubles gone, parts in order, single parts bare."""
    if isinstance(condition, Leaf):
        if condition.operator == "in" and isinstance(condition.value, tuple) and len(condition.value) == 1:
            return Leaf(condition.question, "is", condition.value[0])
        return condition
    if isinstance(condition, Not):
        inner = canonical(condition.part)
        return inner.part if isinstance(inner, Not) else Not(inner)
    kind = type(condition)
    flat: dict[str, Condition] = {}
    for part in condition.parts:
        part = canonical(part)
        for piece in part.parts if isinstance(part, kind) else (part,):
            flat[as_text(piece)] = piece
    parts = tuple(flat[text] for text in sorted(flat))
    return parts[0] if len(parts) == 1 else kind(parts)


def as_data(condition: Condition) -> dict[str, Any]:
    """The condition as plain data, which `parse` reads back."""
    if isinstance(condition, Leaf):
        value = condition.value
        plain: Any = list(value) if isinstance(value, tuple) else plain_answer(value)
        return {"question": condition.question, condition.operator: plain}
    if isinstance(condition, Not):
        return {"not": as_data(condition.part)}
    if not condition.parts:
        return {}
    word = "all" if isinstance(condition, AllOf) else "any"
    return {word: [as_data(part) for part in condition.parts]}


def as_text(condition: Condition) -> str:
    """The condition as JSON text, the same for the same condition."""
    return json.dumps(as_data(condition), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def if_yes(key: str) -> dict[str, Any]:
    """The condition that a yes/no question is answered with yes, as data."""
    return {"question": key, "is": True}
