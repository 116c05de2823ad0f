"""An edition's questions, conditions and ends, gathered from its rows for asking, checking and telling."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items.models import EditionMaterial, ItemEdition, Situation
from content.items.rules import NEVER, Condition, NotACondition, Question, keys_in, parse
from content.items.rules_check import EDITION, MATERIALS, Checked, Draft, Part, RuleFault, StopPart, check
from content.items.rules_flow import Flow
from content.items.rules_words import QuestionWords, Said, say
from content.items.usage import uses_of

SOURCE_UNKNOWN, WHEN_UNKNOWN, NEXT_STEP_UNKNOWN = "source_unknown", "when_unknown", "next_step_unknown"
MISSING_FACTS = {SOURCE_UNKNOWN, WHEN_UNKNOWN, NEXT_STEP_UNKNOWN}


class EditionFaulty(ValidationError):
    """The edition's questions and conditions do not make sense together, so it is not published."""

    def __init__(self, edition: ItemEdition, faults: list[RuleFault]) -> None:
        self.edition, self.faults = edition, faults
        super().__init__([fault.sentence for fault in faults])


@dataclass(frozen=True)
class Rules:
    """What an edition asks and when it needs what, ready to be walked; rows keep the order of the edition."""

    flow: Flow
    words: dict[str, QuestionWords]


def question_of(situation: Situation) -> Question:
    """What conditions need to know of a situation."""
    return Question(
        situation.key,
        situation.kind,
        tuple(choice.key for choice in situation.choices.all()),
        situation.least,
        situation.most,
        situation.display_name,
    )


def words_of(situation: Situation) -> QuestionWords:
    """A situation with all that people read of it."""
    return QuestionWords(
        question_of(situation),
        Said(situation.name, situation.name_en),
        Said(situation.question, situation.question_en),
        Said(situation.why, situation.why_en),
        situation.unit,
        {choice.key: Said(choice.text, choice.text_en) for choice in situation.choices.all()},
    )


def situations_by_key(keys: Iterable[str]) -> dict[str, Situation]:
    """Situations with their choices; keys that do not exist are left out."""
    wanted = set(keys)
    if not wanted:
        return {}
    return {row.key: row for row in Situation.objects.filter(key__in=wanted).prefetch_related("choices")}


@dataclass(frozen=True)
class _Rows:
    """An edition's rows, and the situations that they name."""

    questions: list[tuple[Situation, Any]]
    materials: list[Any]
    stops: list[Any]
    named: Mapping[str, Situation]


def _rows_of(edition: ItemEdition) -> _Rows:
    return _gather(list(edition.questions.all()), list(edition.materials.all()), list(edition.stops.all()))


def _gather(given: list[Any], materials: list[Any], stops: list[Any]) -> _Rows:
    # Stops first: whoever cannot be helped here is told so before anything else is asked.
    used = dict.fromkeys(key for row in (*stops, *materials) for key in keys_in(row.rule))
    keys = set(used) | {key for row in given for key in keys_in(row.rule)}
    named = situations_by_key(keys)
    if given:
        asked = [row.situation_id for row in given if row.situation_id]
        by_id = {row.pk: row for row in Situation.objects.filter(pk__in=asked).prefetch_related("choices")}
        questions = [(by_id[row.situation_id], row.rule) for row in given if row.situation_id in by_id]
    else:
        questions = [(named[key], {}) for key in used if key in named]
    return _Rows(questions, materials, stops, named)


def rules_of(edition: ItemEdition) -> Rules:
    """The edition's rules as they are followed. A condition that cannot be read counts as never met, so that the rest
    still serves; publishing refuses such an edition."""
    rows = _rows_of(edition)
    known = {situation.key: question_of(situation) for situation, _rule in rows.questions}
    flow = Flow(
        tuple((known[situation.key], _read(rule, known)) for situation, rule in rows.questions),
        tuple(_read(row.rule, known) for row in rows.materials),
        tuple(_read(row.rule, known) for row in rows.stops),
    )
    return Rules(flow, {situation.key: words_of(situation) for situation, _rule in rows.questions})


def _read(rule: Any, known: Mapping[str, Question]) -> Condition:
    try:
        return parse(rule, known)
    except NotACondition:
        return NEVER


def draft_of(edition: ItemEdition) -> Draft:
    """The edition as the check wants it, children as they are in memory."""
    return _draft(_rows_of(edition))


def draft_of_rows(questions: list[Any], materials: list[Any], stops: list[Any]) -> Draft:
    """The same of rows that do not hang on an edition yet, as a form has them."""
    return _draft(_gather(questions, materials, stops))


def _draft(rows: _Rows) -> Draft:
    return Draft(
        questions=[(question_of(row), Part(row.display_name, rule)) for row, rule in rows.questions],
        materials=[Part(_name_of(row), row.rule) for row in rows.materials],
        stops=[StopPart(row.sentence, row.rule, bool(row.next_step.strip())) for row in rows.stops],
        elsewhere={key: question_of(row) for key, row in rows.named.items()},
    )


def _name_of(row: Any) -> str:
    return row.material.display_name if row.material_id else ""


def check_edition(edition: ItemEdition, *, today: date | None = None) -> Checked:
    """Every fault in what the edition asks and needs, and which facts are missing (those only warn)."""
    checked = check(draft_of(edition), today=today or timezone.localdate())
    checked.faults += missing_facts(edition)
    return checked


def missing_facts(edition: ItemEdition) -> list[RuleFault]:
    """Facts without which a notice says 请向窗口确认."""
    found: list[tuple[str, str, int | None, str]] = []
    if not edition.source.strip():
        found.append((SOURCE_UNKNOWN, EDITION, None, _("It does not say where these facts were found.")))
    if edition.proxy_rule == ItemEdition.Proxy.NONE and not edition.proxy_next_step.strip():
        sentence = _("Nobody else may come, but it does not say what to do then.")
        found.append((NEXT_STEP_UNKNOWN, EDITION, None, sentence))
    for number, row in enumerate(edition.materials.all()):
        if not row.is_required and not row.rule and not row.group:
            sentence = _("It does not say when “%s” is needed.") % _name_of(row)
            found.append((WHEN_UNKNOWN, MATERIALS, number, sentence))
    return [RuleFault(code, part, number, sentence, is_warning=True) for code, part, number, sentence in found]


def refuse_faulty(edition: ItemEdition) -> None:
    """Let an edition pass whose rules make sense.

    Raises:
        EditionFaulty: they do not; with every fault.
    """
    if not (edition.questions.all() or edition.stops.all() or any(row.rule for row in edition.materials.all())):
        return
    errors = check(draft_of(edition), today=timezone.localdate()).errors
    if errors:
        raise EditionFaulty(edition, errors)


def broken_by(key: str, question: Question, *, today: date | None = None) -> dict[ItemEdition, list[str]]:
    """What a change of a shared question would break: by published edition the faults that it does not have now.

    :param key: the question's key as it is stored; `question` is what it is to become.
    """
    today = today or timezone.localdate()
    stored = Situation.objects.filter(key=key).first()
    using = {use.edition for use in uses_of(stored) if use.edition.live} if stored else set()
    found = {}
    for edition in sorted(using, key=lambda edition: edition.name):
        draft = draft_of(edition)
        known = {fault.sentence for fault in check(draft, today=today).errors}
        after = [fault.sentence for fault in check(_with_question(draft, key, question), today=today).errors]
        if new := [sentence for sentence in after if sentence not in known]:
            found[edition] = new
    return found


def _with_question(draft: Draft, key: str, question: Question) -> Draft:
    others = {name: row for name, row in draft.elsewhere.items() if name != key}
    asked = [(question if row.key == key else row, part) for row, part in draft.questions]
    return replace(draft, questions=asked, elsewhere=others | {question.key: question})


def conditions_in_words(materials: Iterable[EditionMaterial]) -> dict[int, str]:
    """By the row's id when each conditional one of these materials is needed, in the reader's language."""
    rows = [row for row in materials if row.rule]
    named = situations_by_key(key for row in rows for key in keys_in(row.rule))
    words = {key: words_of(situation) for key, situation in named.items()}
    known = {key: word.question for key, word in words.items()}
    return {row.pk: said for row in rows if (said := say(_read(row.rule, known), words))}
