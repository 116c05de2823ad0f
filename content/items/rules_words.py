"""Conditions and answers in the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from content.items.models.words import in_english
from content.items.rules import (
    CHOICE,
    RELATIVE,
    YES_NO,
    AllOf,
    Answer,
    Condition,
    Leaf,
    Not,
    Question,
)


@dataclass(frozen=True)
class Said:
    """One text in Chinese and, where there is one, in English."""

    zh: str
    en: str = ""

    def __str__(self) -> str:
        return self.en if in_english() and self.en else self.zh

    def as_data(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class QuestionWords:
    """A question with all that people read of it."""

    question: Question
    name: Said
    text: Said
    why: Said = field(default_factory=lambda: Said(""))
    unit: str = ""
    choices: Mapping[str, Said] = field(default_factory=dict)


type Words = Mapping[str, QuestionWords]


def long_day(day: date) -> str:
    """A day with its year."""
    return formats.date_format(day, _("F j, Y"))


def answer_in_words(words: QuestionWords, answer: Answer) -> str:
    """The answer as somebody would say it: 是, 家里人代办, 60 周岁."""
    if isinstance(answer, bool):
        return _("Yes") if answer else pgettext("answer", "No")
    if isinstance(answer, date):
        return long_day(answer)
    if words.question.kind == CHOICE:
        return str(words.choices.get(str(answer), answer))
    return f"{answer} {words.unit}".strip()


def answer_as_situation(words: QuestionWords, answer: Answer) -> str:
    """The answer so that it can stand alone in a list of answers: 别人替您来办时, 年龄 60 周岁."""
    if words.question.kind == YES_NO:
        return str(words.name) if answer else _("no: %s") % words.name
    if words.question.kind == CHOICE:
        return answer_in_words(words, answer)
    return _("%(name)s: %(value)s") % {"name": words.name, "value": answer_in_words(words, answer)}


def say(condition: Condition, words: Words) -> str:
    """The condition as words that can stand behind "needed:"; empty when it always holds."""
    if isinstance(condition, Leaf):
        return _leaf(condition, words)
    if isinstance(condition, Not):
        if isinstance(condition.part, Leaf):
            return _leaf(condition.part, words, is_negated=True)
        return _("not so: %s") % _inside(condition.part, words)
    parts = [_inside(part, words) for part in condition.parts]
    return (_(", and ") if isinstance(condition, AllOf) else _(", or ")).join(parts)


def _inside(condition: Condition, words: Words) -> str:
    text = say(condition, words)
    is_simple = isinstance(condition, Leaf) or (isinstance(condition, Not) and isinstance(condition.part, Leaf))
    return text if is_simple else _("(%s)") % text


def _day(value: Answer | tuple[str, ...]) -> str:
    if isinstance(value, date):
        return long_day(value)
    match = RELATIVE.match(str(value))
    if match is None or match["count"] is None:
        return _("today")
    count = int(match["count"])
    if match["unit"] == "y":
        text = ngettext("%(count)s year", "%(count)s years", count)
    elif match["unit"] == "m":
        text = ngettext("%(count)s month", "%(count)s months", count)
    else:
        text = ngettext("%(count)s day", "%(count)s days", count)
    span = text % {"count": count}
    return _("%s before today") % span if match["sign"] == "-" else _("%s after today") % span


def _leaf(leaf: Leaf, words: Words, *, is_negated: bool = False) -> str:
    known = words.get(leaf.question)
    if known is None:
        return leaf.question
    name = str(known.name)
    if known.question.kind == YES_NO:
        is_yes = bool(leaf.value) is not is_negated
        return name if is_yes else _("no: %s") % name
    value = leaf.value
    if isinstance(value, tuple):
        text = _(" or ").join(str(known.choices.get(choice, choice)) for choice in value)
    elif known.question.kind == "date":
        text = _day(value)
    else:
        text = answer_in_words(known, value)
    forms = {
        "is": _("%(name)s: %(value)s"),
        "in": _("%(name)s: %(value)s"),
        "at_least": _("%(name)s: %(value)s or more"),
        "at_most": _("%(name)s: %(value)s or less"),
        "before": _("%(name)s: before %(value)s"),
        "on_or_after": _("%(name)s: %(value)s or later"),
    }
    said = forms[leaf.operator] % {"name": name, "value": text}
    return _("not so: %s") % said if is_negated else said


def because(keys: Iterable[str], words: Words, answers: Mapping[str, Answer]) -> list[str]:
    """The answers to these questions, each so that it can stand behind "because you said"."""
    return [answer_as_situation(words[key], answers[key]) for key in keys if key in words and key in answers]
