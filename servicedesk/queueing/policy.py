"""The calling rule as pure functions: who is called next and why, and in which order the queue is likely to go."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heapify, heapreplace
from typing import Literal

Why = Literal["returned", "rescue", "remote", "priority", "booked", "arrival"]
ROUNDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One waiting ticket as the rule sees it; `overtakes` counts later arrivals called although it could be."""

    id: object
    arrival: int
    is_remote: bool
    issued_at: datetime
    overtakes: int = 0
    is_returned: bool = False
    is_priority: bool = False
    window: tuple[datetime, datetime] | None = None
    is_busy: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A centre's own numbers; `last_alternate` is which of rescue and remote was called last."""

    overtakes: int = 3
    minutes: int = 30
    last_alternate: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is next, and the class that put this one first."""

    who: Waiting
    why: Why


def is_rescue(waiting: Waiting, rule: Rule, now: datetime) -> bool:
    """Overtaken as often, or waiting as long, as the centre allows. Remote tickets have their own turn."""
    if waiting.is_remote:
        return False
    return waiting.overtakes >= rule.overtakes or now - waiting.issued_at >= timedelta(minutes=rule.minutes)


def choose(queue: Iterable[Waiting], *, rule: Rule, now: datetime) -> Choice | None:
    """The next one: returned, then rescue and remote in turn, then priority, booked in the window, and arrival.

    A ticket whose point is busy is passed over.
    """
    heads: dict[Why, Waiting] = {}
    for one in queue:
        if one.is_busy:
            continue
        why = _class_of(one, rule, now)
        if why not in heads or one.arrival < heads[why].arrival:
            heads[why] = one
    for why in _order(heads, rule):
        if why in heads:
            return Choice(heads[why], why)
    return None


def _class_of(one: Waiting, rule: Rule, now: datetime) -> Why:
    if one.is_returned:
        return "returned"
    if one.is_remote:
        return "remote"
    if is_rescue(one, rule, now):
        return "rescue"
    if one.is_priority:
        return "priority"
    if one.window and one.window[0] <= now <= one.window[1]:
        return "booked"
    return "arrival"


def _order(heads: dict[Why, Waiting], rule: Rule) -> tuple[Why, ...]:
    if rule.last_alternate == "remote":
        return ("returned", "rescue", "remote", "priority", "booked", "arrival")
    return ("returned", "remote", "rescue", "priority", "booked", "arrival")


def after_call(queue: Sequence[Waiting], choice: Choice, *, rule: Rule) -> tuple[list[Waiting], Rule]:
    """The queue and the rule's memory after a call: earlier arrivals that could have been called are overtaken."""
    left = [
        replace(one, overtakes=one.overtakes + 1) if one.arrival < choice.who.arrival and not one.is_busy else one
        for one in queue
        if one.id != choice.who.id
    ]
    if choice.why in ("rescue", "remote"):
        rule = replace(rule, last_alternate=choice.why)
    return left, rule


def likely_order(queue: Sequence[Waiting], *, rule: Rule, now: datetime, between_s: float = 0) -> list[Choice]:
    """The order in which the queue would be called if nobody else came; those at busy points come last, by arrival.

    `between_s` is the time from one call to the next, by which tickets grow old enough to be rescued.
    """
    left = list(queue)
    order: list[Choice] = []
    while (choice := choose(left, rule=rule, now=now)) is not None:
        order.append(choice)
        left, rule = after_call(left, choice, rule=rule)
        now += timedelta(seconds=between_s)
    for one in sorted(left, key=lambda waiting: waiting.arrival):
        order.append(Choice(one, _class_of(one, rule, now)))
    return order


def wait_quantiles(
    *,
    draws: Sequence[Callable[[random.Random], float]],
    running: Sequence[tuple[float, Callable[[random.Random], float]]],
    free: int,
    pickup_s: float,
) -> list[tuple[float, float]]:
    """P50 and P80 of the wait in seconds for each position, and for one more behind them all.

    Args:
        draws: for each waiting ticket in calling order, a draw of its service time in seconds.
        running: for each ticket at a counter, the seconds it has been there and a draw of its whole service time.
        free: open counters without a ticket; with none open at all, one is assumed.
        pickup_s: from a free counter to the next person sitting there.
    """
    # The same seed every time: an estimate changes because the queue changed, never by chance.
    dice = random.Random(20261123)
    waits: list[list[float]] = [[] for _ in range(len(draws) + 1)]
    for _round in range(ROUNDS):
        free_at = [0.0] * free + [_rest(dice, gone_s, draw) for gone_s, draw in running]
        if not free_at:
            free_at = [0.0]
        heapify(free_at)
        for position, draw in enumerate(draws):
            start = free_at[0] + pickup_s
            waits[position].append(start)
            heapreplace(free_at, start + draw(dice))
        waits[-1].append(free_at[0] + pickup_s)
    return [(_quantile(row, 0.5), _quantile(row, 0.8)) for row in waits]


def _rest(dice: random.Random, gone_s: float, draw: Callable[[random.Random], float]) -> float:
    """What is left of a service that has lasted `gone_s` already; a few tries at a longer one, then a minute more."""
    for _try in range(4):
        whole = draw(dice)
        if whole > gone_s:
            return whole - gone_s
    return 60.0


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
