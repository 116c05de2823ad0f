"""How questions follow one another: which is asked next, where a path ends, and what is needed at its end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from content.items.rules import (
    ALWAYS,
    CHOICE,
    DATE,
    FIRST_DAY,
    LAST_DAY,
    NOT_ASKED,
    NUMBER,
    Answer,
    Answers,
    Condition,
    Leaf,
    NotAsked,
    Question,
    evaluate,
    leaves,
    questions_of,
    resolve_day,
)


@dataclass(frozen=True)
class Flow:
    """Questions in their order with the conditions under which they are asked; conditions of materials and stops."""

    questions: tuple[tuple[Question, Condition], ...] = ()
    materials: tuple[Condition, ...] = ()
    stops: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Step:
    """Where somebody stands: answers that still count, the question to ask now, or the stop that was reached."""

    answers: Answers
    asked: tuple[str, ...]
    question: str | None = None
    stop: int | None = None
    # How many questions there will be at most, those answered among them.
    at_most: int = 0
    is_certain: bool = True

    @property
    def given(self) -> dict[str, Answer]:
        """The answers to the questions that were asked."""
        return {key: answer for key, answer in self.answers.items() if not isinstance(answer, NotAsked)}


def step(flow: Flow, given: Mapping[str, Answer], *, today: date) -> Step:
    """Where the given answers lead. An answer to a question that is not asked any more does not count."""
    answers: dict[str, Answer | NotAsked] = {}
    asked: list[str] = []
    for number, (question, rule) in enumerate(flow.questions):
        if not evaluate(rule, answers, today=today):
            answers[question.key] = NOT_ASKED
            continue
        asked.append(question.key)
        if question.key not in given:
            more, is_certain = _may_follow(flow.questions[number + 1 :], answers, today=today)
            return Step(answers, tuple(asked), question.key, None, len(asked) + more, is_certain and not flow.stops)
        answers[question.key] = given[question.key]
        stop = stop_reached(flow, answers, today=today)
        if stop is not None:
            return Step(answers, tuple(asked), None, stop, len(asked))
    stop = stop_reached(flow, answers, today=today)
    return Step(answers, tuple(asked), None, stop, len(asked))


def _may_follow(questions: Sequence[tuple[Question, Condition]], answers: Answers, *, today: date) -> tuple[int, bool]:
    """How many of the questions may still be asked, and whether that number is sure."""
    values = [evaluate(rule, answers, today=today) for _question, rule in questions]
    return sum(value is not False for value in values), None not in values


def stop_reached(flow: Flow, answers: Answers, *, today: date) -> int | None:
    """The first stop whose condition holds already, whatever is answered later."""
    for number, rule in enumerate(flow.stops):
        if rule != ALWAYS and evaluate(rule, answers, today=today):
            return number
    return None


def materials_needed(flow: Flow, answers: Answers, *, today: date) -> list[int]:
    """The numbers of the materials whose condition holds at the end of a path."""
    return [number for number, rule in enumerate(flow.materials) if evaluate(rule, answers, today=today)]


# --- every path ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """One way through the questions, to its end."""

    answers: Answers
    asked: tuple[str, ...]
    stop: int | None


@dataclass
class Walk:
    """Paths through a flow, depth first; `is_complete` once all were given."""

    flow: Flow
    domains: Mapping[str, Sequence[Answer]]
    today: date
    limit: int
    count: int = 0
    is_complete: bool = field(default=True)

    def __iter__(self) -> Iterator[Path]:
        yield from self._from(0, {}, ())

    def _from(self, number: int, answers: dict[str, Answer | NotAsked], asked: tuple[str, ...]) -> Iterator[Path]:
        if self.count >= self.limit:
            self.is_complete = False
            return
        while number < len(self.flow.questions):
            question, rule = self.flow.questions[number]
            if evaluate(rule, answers, today=self.today):
                break
            answers = {**answers, question.key: NOT_ASKED}
            number += 1
        else:
            self.count += 1
            yield Path(answers, asked, stop_reached(self.flow, answers, today=self.today))
            return
        for value in self.domains[question.key]:
            after = {**answers, question.key: value}
            stop = stop_reached(self.flow, after, today=self.today)
            if stop is None:
                yield from self._from(number + 1, after, (*asked, question.key))
            elif self.count < self.limit:
                self.count += 1
                yield Path(after, (*asked, question.key), stop)
            else:
                self.is_complete = False


def domains_of(flow: Flow, *, today: date) -> dict[str, list[Answer]]:
    """For each question one answer of every kind that makes a difference: each choice; of numbers and days the first of
    every stretch between two bounds.

    A question that no condition uses has one answer, because its answers differ in nothing.
    """
    conditions = [rule for _question, rule in flow.questions] + [*flow.materials, *flow.stops]
    used: dict[str, list[Leaf]] = {}
    for condition in conditions:
        for leaf in leaves(condition):
            used.setdefault(leaf.question, []).append(leaf)
    return {
        question.key: _domain(question, used.get(question.key, []), today)[: None if question.key in used else 1]
        for question, _rule in flow.questions
    }


def _domain(question: Question, used: list[Leaf], today: date) -> list[Answer]:
    if question.kind == CHOICE:
        return list(question.choices)
    if question.kind == NUMBER:
        least, most = question.range
        numbers = {least}
        for leaf in used:
            if isinstance(leaf.value, int):
                numbers |= {leaf.value + offset for offset in CUTS[leaf.operator]}
        return [number for number in sorted(numbers) if least <= number <= most]
    if question.kind == DATE:
        days = {FIRST_DAY}
        for leaf in used:
            day = resolve_day(leaf.value, today)
            days |= {day + timedelta(days=offset) for offset in CUTS[leaf.operator]}
        return [day for day in sorted(days) if FIRST_DAY <= day <= LAST_DAY]
    return [True, False]


# Where a comparison begins and ends to hold, counted from its bound.
CUTS = {"is": (0, 1), "at_least": (0,), "at_most": (1,), "before": (0,), "on_or_after": (0,)}


def narrowed(flow: Flow, condition: Condition) -> Flow:
    """The flow without the questions that cannot matter to whether a path meets the condition.

    What matters: the questions that it uses, those of every stop (a stop ends a path before), and those on which hangs
    whether these are asked.
    """
    rules = {question.key: rule for question, rule in flow.questions}
    waiting = questions_of(condition) + [key for rule in flow.stops for key in questions_of(rule)]
    wanted: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in rules and key not in wanted:
            wanted.add(key)
            waiting += questions_of(rules[key])
    return Flow(tuple(pair for pair in flow.questions if pair[0].key in wanted), (), flow.stops)
