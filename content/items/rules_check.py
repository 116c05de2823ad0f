"""Whether an edition's questions, conditions and stops make sense together: every fault, and where it is.

One check for the form, the import and publishing. It walks every reachable combination of answers; above `MOST_PATHS` it
takes the bounds of each answer and every pair of answers, then looks for what it has not met along the questions that
matter to it alone, and says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations, product
from typing import Any

from django.utils.translation import gettext as _

from content.items.rules import (
    ALWAYS,
    CHOICE,
    NUMBER,
    Answer,
    Condition,
    NotACondition,
    NotAsked,
    Question,
    evaluate,
    parse,
    plain_answer,
    questions_of,
)
from content.items.rules_flow import Flow, Path, Walk, domains_of, narrowed

MOST_PATHS = 100_000
MOST_ALONE = 20_000
MOST_QUESTIONS = 7
QUESTIONS, MATERIALS, STOPS, EDITION = "questions", "materials", "stops", "edition"


@dataclass(frozen=True)
class Part:
    """One row of an edition as it stands: its name for people, and its condition as data."""

    name: str
    rule: Any = None


@dataclass(frozen=True)
class StopPart(Part):
    """An end, and whether it says what to do instead."""

    has_next_step: bool = True


@dataclass(frozen=True)
class Draft:
    """All that is checked, before any of it is known to be right."""

    questions: Sequence[tuple[Question, Part]] = ()
    materials: Sequence[Part] = ()
    stops: Sequence[StopPart] = ()
    # Questions that exist but are not asked here, so that a rule over one of them can be told from one over none.
    elsewhere: Mapping[str, Question] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleFault:
    """One thing that is wrong: in which row of which part, where in its condition, a code and a sentence."""

    code: str
    part: str
    number: int | None
    sentence: str
    path: str = ""
    is_warning: bool = False
    # The answers with which it happens, as plain data.
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Such as `materials[2].rule.all[0]`."""
        row = self.part if self.number is None else f"{self.part}[{self.number}]"
        return f"{row}.rule.{self.path}" if self.path else row


@dataclass
class Checked:
    """What the check found, and the flow when its conditions could be read."""

    faults: list[RuleFault] = field(default_factory=list)
    flow: Flow | None = None
    paths: int = 0
    is_complete: bool = True
    longest: int = 0

    @property
    def errors(self) -> list[RuleFault]:
        return [fault for fault in self.faults if not fault.is_warning]

    @property
    def warnings(self) -> list[RuleFault]:
        return [fault for fault in self.faults if fault.is_warning]


def check(draft: Draft, *, today: date, most_paths: int = MOST_PATHS) -> Checked:
    """Read and walk it all. `today` is the day from which relative days are counted."""
    checked = Checked()
    known = {question.key: question for question, _part in draft.questions}
    _check_questions(draft, checked)
    rules = {
        part: [_read(part, number, row, known, draft.elsewhere, checked) for number, row in enumerate(rows)]
        for part, rows in (
            (QUESTIONS, [row for _question, row in draft.questions]),
            (MATERIALS, draft.materials),
            (STOPS, draft.stops),
        )
    }
    _check_order(draft, rules[QUESTIONS], checked)
    for number, stop in enumerate(draft.stops):
        if not stop.has_next_step:
            sentence = _("“%s” is a dead end. Say what to do instead.") % stop.name
            checked.faults.append(RuleFault("dead_end", STOPS, number, sentence))
        if not stop.rule:
            sentence = _("Say with which answers it ends here: “%s”.") % stop.name
            checked.faults.append(RuleFault("empty", STOPS, number, sentence))
    if checked.errors:
        return checked
    checked.flow = Flow(
        tuple((question, rule) for (question, _part), rule in zip(draft.questions, rules[QUESTIONS], strict=True)),
        tuple(rules[MATERIALS]),
        tuple(rules[STOPS]),
    )
    _check_alone(draft, checked, today=today)
    if not checked.errors:
        _check_paths(draft, checked, today=today, most_paths=most_paths)
    return checked


# --- what is seen without walking ---------------------------------------------------------------------------------


def _check_questions(draft: Draft, checked: Checked) -> None:
    seen: set[str] = set()
    for number, (question, part) in enumerate(draft.questions):
        sentence = ""
        if question.key in seen:
            code, sentence = "twice", _("“%s” is asked twice. Remove one of them.") % part.name
        elif question.kind == CHOICE and len(question.choices) < 2:
            code, sentence = "dead_end", _("“%s” has fewer than two answers to choose from. Add some.") % part.name
        elif question.kind == NUMBER and question.range[0] > question.range[1]:
            code, sentence = "dead_end", _("“%s” allows no number at all. Mend its least and greatest.") % part.name
        if sentence:
            checked.faults.append(RuleFault(code, QUESTIONS, number, sentence))
        seen.add(question.key)


def _read(
    part: str,
    number: int,
    row: Part,
    known: Mapping[str, Question],
    elsewhere: Mapping[str, Question],
    checked: Checked,
) -> Condition:
    try:
        return parse(row.rule, known)
    except NotACondition as unread:
        for fault in unread.faults:
            sentence = fault.sentence
            if fault.question in elsewhere:
                sentence = _("“%s” is not asked here. Add it to the questions, or choose another.")
                sentence %= elsewhere[fault.question].called
            checked.faults.append(RuleFault(fault.code, part, number, f"{_in_quotes(row.name)}{sentence}", fault.path))
        return ALWAYS


def _in_quotes(name: str) -> str:
    return _("“%s”: ") % name if name else ""


def _check_order(draft: Draft, rules: Sequence[Condition], checked: Checked) -> None:
    """A question may hang on earlier ones only; hanging on each other is a cycle."""
    order = {question.key: number for number, (question, _part) in reversed(list(enumerate(draft.questions)))}
    hangs_on = {
        question.key: questions_of(rule) for (question, _part), rule in zip(draft.questions, rules, strict=True)
    }
    for number, (question, part) in enumerate(draft.questions):
        later = [key for key in hangs_on[question.key] if order.get(key, -1) >= number]
        if not later:
            continue
        if question.key in _reachable(hangs_on, question.key):
            sentence = _("“%s” is asked only after itself: the conditions run in a circle. Break it.") % part.name
            checked.faults.append(RuleFault("cycle", QUESTIONS, number, sentence))
        else:
            name = draft.questions[order[later[0]]][1].name
            sentence = _("“%(question)s” hangs on “%(later)s”, which comes later. Move that one up.")
            values = {"question": part.name, "later": name}
            checked.faults.append(RuleFault("asked_later", QUESTIONS, number, sentence % values))


def _reachable(hangs_on: Mapping[str, Sequence[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(hangs_on[start])
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += hangs_on.get(key, [])
    return found


def _rows(draft: Draft, flow: Flow) -> Iterator[tuple[str, int, Part, Condition]]:
    for number, ((_question, part), (_same, rule)) in enumerate(zip(draft.questions, flow.questions, strict=True)):
        yield QUESTIONS, number, part, rule
    for number, (part, rule) in enumerate(zip(draft.materials, flow.materials, strict=True)):
        yield MATERIALS, number, part, rule
    for number, (stop, rule) in enumerate(zip(draft.stops, flow.stops, strict=True)):
        yield STOPS, number, stop, rule


def _check_alone(draft: Draft, checked: Checked, *, today: date) -> None:
    """A condition that contradicts itself, or that says nothing because it always holds."""
    assert checked.flow is not None
    for part, number, row, rule in _rows(draft, checked.flow):
        if rule == ALWAYS:
            continue
        keys = questions_of(rule)
        alone = Flow(
            tuple((question, ALWAYS) for question, _rule in checked.flow.questions if question.key in keys), (rule,)
        )
        domains = domains_of(alone, today=today)
        size = 1
        for values in domains.values():
            size *= len(values)
        if size > MOST_ALONE:
            continue
        outcomes = {
            evaluate(rule, dict(zip(domains, values, strict=True)), today=today)
            for values in product(*domains.values())
        }
        if True not in outcomes:
            sentence = _("The condition contradicts itself: no answers fulfil it.")
            checked.faults.append(RuleFault("contradiction", part, number, f"{_in_quotes(row.name)}{sentence}"))
        elif False not in outcomes:
            sentence = _("The condition always holds, so it can go.")
            checked.faults.append(
                RuleFault("always", part, number, f"{_in_quotes(row.name)}{sentence}", is_warning=True)
            )


# --- what only the paths show -------------------------------------------------------------------------------------


def _check_paths(draft: Draft, checked: Checked, *, today: date, most_paths: int) -> None:
    flow = checked.flow
    assert flow is not None
    unseen = {(part, number): rule for part, number, _row, rule in _rows(draft, flow)}
    domains = domains_of(flow, today=today)
    walk = Walk(flow, domains, today, most_paths)
    nothing_told: Path | None = None
    longest: Path | None = None
    paths: Iterable[Path] = walk
    if _is_too_many(flow, domains, today, most_paths):
        walk.is_complete = False
        paths = _pairs(flow, domains, today)
    for path in paths:
        checked.paths += 1
        if longest is None or len(path.asked) > len(longest.asked):
            longest = path
        _mark_seen(unseen, path, today)
        if nothing_told is None and _tells_nothing(flow, path, today):
            nothing_told = path
    checked.is_complete = walk.is_complete
    checked.longest = len(longest.asked) if longest else 0
    _report_unseen(draft, checked, unseen, today=today, most_paths=most_paths)
    if longest and checked.longest > MOST_QUESTIONS:
        words = _("%(count)s questions on this path; more than %(most)s are too many. Ask less, or ask later.")
        sentence = words % {"count": checked.longest, "most": MOST_QUESTIONS}
        checked.faults.append(_on_path("too_many_questions", sentence, longest))
    if nothing_told is not None:
        sentence = _("With these answers nothing has to be brought. Is that right?")
        checked.faults.append(_on_path("nothing_told", sentence, nothing_told))
    if not checked.is_complete:
        words = _("There are more than %s combinations of answers: the bounds and all pairs were tried.")
        checked.faults.append(RuleFault("not_all_tried", EDITION, None, words % most_paths, is_warning=True))


def _tells_nothing(flow: Flow, path: Path, today: date) -> bool:
    if path.stop is not None or not flow.materials:
        return False
    return not any(evaluate(rule, path.answers, today=today) for rule in flow.materials)


def _on_path(code: str, sentence: str, path: Path) -> RuleFault:
    example = {key: plain_answer(value) for key, value in path.answers.items() if not isinstance(value, NotAsked)}
    return RuleFault(code, EDITION, None, sentence, is_warning=True, example=example)


def _is_too_many(flow: Flow, domains: Mapping[str, Sequence[Answer]], today: date, most_paths: int) -> bool:
    """Whether there are more paths than may be walked; counted, since conditions and stops make fewer of them."""
    most = 1
    for values in domains.values():
        most *= len(values)
    if most <= most_paths:
        return False
    counting = Walk(replace(flow, materials=()), domains, today, most_paths)
    for _path in counting:
        pass
    return not counting.is_complete


def _mark_seen(unseen: dict[tuple[str, int], Condition], path: Path, today: date) -> None:
    for part, number in list(unseen):
        rule = unseen[part, number]
        if part == STOPS:
            is_seen = path.stop == number
        elif part == MATERIALS:
            is_seen = path.stop is None and bool(evaluate(rule, path.answers, today=today))
        else:
            is_seen = _was_asked(path, number)
        if is_seen:
            del unseen[part, number]


def _was_asked(path: Path, number: int) -> bool:
    keys = list(path.answers)
    return number < len(keys) and keys[number] in path.asked


def _pairs(flow: Flow, domains: Mapping[str, Sequence[Answer]], today: date) -> Iterator[Path]:
    """Paths on which every pair of answers of two questions occurs, the others at their first or last answer."""
    keys = list(domains)
    for fill in (0, -1):
        base = {key: values[fill] for key, values in domains.items()}
        yield from Walk(flow, {key: [value] for key, value in base.items()}, today, 1)
        for one, other in combinations(keys, 2):
            for first, second in product(domains[one], domains[other]):
                forced = {key: [value] for key, value in {**base, one: first, other: second}.items()}
                yield from Walk(flow, forced, today, 1)


def _report_unseen(
    draft: Draft,
    checked: Checked,
    unseen: dict[tuple[str, int], Condition],
    *,
    today: date,
    most_paths: int,
) -> None:
    assert checked.flow is not None
    words = {
        QUESTIONS: _("“%s” is never asked: no answers lead to it."),
        MATERIALS: _("“%s” is never needed: no answers lead to it."),
        STOPS: _("“%s” is never reached: no answers lead to it."),
    }
    for part, number, row, rule in _rows(draft, checked.flow):
        if (part, number) not in unseen:
            continue
        is_met = None if checked.is_complete else _search(checked.flow, part, number, rule, today, most_paths)
        if is_met:
            continue
        if is_met is None and not checked.is_complete:
            sentence = _("“%s” was not met on any path that could be tried. Look at its condition.") % row.name
            checked.faults.append(RuleFault("not_met", part, number, sentence, is_warning=True))
            continue
        checked.faults.append(RuleFault("unreachable", part, number, words[part] % row.name))


def _search(flow: Flow, part: str, number: int, rule: Condition, today: date, most_paths: int) -> bool | None:
    """Whether some path meets it, looking only along the questions that matter to it; None when those are too many."""
    if part == QUESTIONS:
        # To be asked it must come before every stop, so it is looked for as the last question of a shorter flow.
        flow = replace(flow, questions=flow.questions[: number + 1])
        key = flow.questions[number][0].key
        narrow = narrowed(flow, rule)
        if key not in [question.key for question, _rule in narrow.questions]:
            narrow = replace(narrow, questions=(*narrow.questions, flow.questions[number]))
    else:
        key = ""
        narrow = narrowed(flow, rule)
    domains = domains_of(replace(narrow, materials=(rule,)), today=today)
    walk = Walk(narrow, domains, today, most_paths)
    for path in walk:
        if part == QUESTIONS:
            is_met = key in path.asked
        elif part == STOPS:
            is_met = path.stop == number
        else:
            is_met = path.stop is None and bool(evaluate(rule, path.answers, today=today))
        if is_met:
            return True
    return False if walk.is_complete else None
