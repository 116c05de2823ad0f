"""How long somebody is likely to wait: P50 and P80 from recent service times, open counters and the calling order."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from portal.base.calendars import services as calendars
from portal.base.places.models import Counter, Place
from servicedesk.queueing.lineup import LineUp, line_up, queue_of
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.policy import Choice, Waiting, likely_order, wait_quantiles
from servicedesk.queueing.states import AT_COUNTER, TicketState

HISTORY_DAYS = 28
HISTORY_TICKETS = 400
# Half of what an estimate believes comes from this many own service times; below that the wider pool outweighs them.
TRUSTED_FROM = 10
# Without any history: half of all services take 7 minutes at most, four in five 12 (log-normal).
PRIOR_MU, PRIOR_SIGMA = 6.04, 0.62
PICKUP_S = 30
SHORTEST_S, LONGEST_S = 20, 3 * 3600
NEWCOMER = "newcomer"

Draw = Callable[[random.Random], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a person is told at issue; `past_closing`: P80 lies after closing, which is said at once."""

    ahead: int
    p50_s: int
    p80_s: int
    counters_open: int
    past_closing: bool = False
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one ticket stands: how many will be called before it, the wait, and the class it would be called in."""

    ahead: int
    p50_s: int
    p80_s: int
    why: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everybody who waits in likely calling order, with where each stands."""

    line_up: LineUp
    order: list[Choice]
    standings: dict[object, Standing]
    counters_open: int


@dataclass(frozen=True, slots=True)
class _Pace:
    """Recent service times in seconds: of the whole centre, and by line."""

    centre: list[float]
    by_line: dict[int, list[float]]

    def draw_for(self, line: int | None) -> Draw:
        """A draw of a service time: from the line's own where there are enough, else the centre's, else the prior."""
        own = self.by_line.get(line, []) if line is not None else []

        def draw(dice: random.Random) -> float:
            for pool in (own, self.centre):
                if pool and dice.random() < len(pool) / (len(pool) + TRUSTED_FROM):
                    return dice.choice(pool)
            return min(max(dice.lognormvariate(PRIOR_MU, PRIOR_SIGMA), SHORTEST_S), LONGEST_S)

        return draw


def _pace(centre: Place, now: datetime) -> _Pace:
    rows = (
        Ticket.objects.filter(
            centre=centre,
            day__gte=timezone.localdate(now) - timedelta(days=HISTORY_DAYS),
            state=TicketState.FINISHED,
            started_at__isnull=False,
            ended_at__isnull=False,
        )
        .order_by("-ended_at")
        .values_list("started_at", "ended_at", "item__line_id")[:HISTORY_TICKETS]
    )
    everything: list[float] = []
    by_line: dict[int, list[float]] = defaultdict(list)
    for started_at, ended_at, line in rows:
        if started_at is None or ended_at is None:
            continue
        seconds = (ended_at - started_at).total_seconds()
        if SHORTEST_S <= seconds <= LONGEST_S:
            everything.append(seconds)
            if line is not None:
                by_line[line].append(seconds)
    return _Pace(everything, by_line)


def counters_open(centre: Place) -> list[Counter]:
    """The counters that take people: in use, not paused, with a clerk or a ticket."""
    return list(
        Counter.objects.filter(centre=centre, is_active=True, paused_reason="")
        .filter(Q(clerk__isnull=False) | Q(tickets__state__in=AT_COUNTER))
        .distinct()
    )


@dataclass(frozen=True, slots=True)
class _Floor:
    """The counters now: how many are free, and what runs at the others."""

    counters: int
    free: int
    running: list[tuple[float, Draw]]
    pace: _Pace

    def waits(self, order: list[Choice]) -> list[tuple[float, float]]:
        draws = [self.pace.draw_for(choice.who.line) for choice in order]
        return wait_quantiles(draws=draws, running=self.running, free=self.free, pickup_s=PICKUP_S)


def _floor(centre: Place, now: datetime) -> _Floor:
    pace = _pace(centre, now)
    at_counters = Ticket.objects.filter(centre=centre, state__in=AT_COUNTER).select_related("item")
    running = [
        (
            (now - (ticket.started_at or ticket.called_at or now)).total_seconds(),
            pace.draw_for(ticket.item.line_id if ticket.item else None),
        )
        for ticket in at_counters
    ]
    counters = len(counters_open(centre))
    return _Floor(counters, max(0, counters - len(running)), running, pace)


def outlook(centre: Place) -> Outlook:
    """Where everybody stands who waits at the centre now."""
    now = timezone.now()
    lined_up = line_up(queue_of(centre))
    floor = _floor(centre, now)
    order = likely_order(lined_up.waiting, rule=lined_up.rule, now=now)
    waits = floor.waits(order)
    standings = {
        choice.who.id: Standing(ahead, _whole(waits[ahead][0]), _whole(waits[ahead][1]), choice.why)
        for ahead, choice in enumerate(order)
    }
    return Outlook(lined_up, order, standings, floor.counters)


def estimate(
    centre: Place, *, channel: str, classes: tuple[str, ...] = (), point: Place | None = None, line: int | None = None
) -> Estimate:
    """What somebody would be told who drew a ticket now."""
    now = timezone.now()
    queue = queue_of(centre)
    lined_up = line_up(queue)
    newcomer = Waiting(
        id=NEWCOMER,
        arrival=max((one.arrival for one in lined_up.waiting), default=0) + 1,
        is_remote=channel == Ticket.Channel.REMOTE,
        issued_at=now,
        is_priority=bool(set(classes) & set(queue.priority_classes)),
        line=line,
    )
    return _estimate_for(newcomer, [*lined_up.waiting, newcomer], lined_up, _floor(centre, now), now, point or centre)


def estimate_for(ticket: Ticket) -> Estimate:
    """What somebody who waits is told now."""
    now = timezone.now()
    lined_up = line_up(queue_of(ticket.centre))
    floor = _floor(ticket.centre, now)
    mine = next((one for one in lined_up.waiting if one.id == ticket.pk), None)
    if mine is None:
        return Estimate(ahead=0, p50_s=0, p80_s=0, counters_open=floor.counters)
    return _estimate_for(mine, lined_up.waiting, lined_up, floor, now, ticket.point or ticket.centre)


def _estimate_for(
    who: Waiting, waiting: list[Waiting], lined_up: LineUp, floor: _Floor, now: datetime, where: Place
) -> Estimate:
    # The kiosk at which one stands is free for oneself when one's turn comes; only others are passed over there.
    waiting = [replace(one, is_busy=False) if one.id == who.id else one for one in waiting]
    order = likely_order(waiting, rule=lined_up.rule, now=now)
    ahead = next(position for position, choice in enumerate(order) if choice.who.id == who.id)
    p50_s, p80_s = floor.waits(order)[ahead]
    closing = calendars.closes_at(where, now)
    return Estimate(
        ahead=ahead,
        p50_s=_whole(p50_s),
        p80_s=_whole(p80_s),
        counters_open=floor.counters,
        past_closing=closing is not None and now + timedelta(seconds=p80_s) > closing,
        closes_at=closing,
    )


def _whole(seconds: float) -> int:
    """Rounded up to half minutes: an estimate has no seconds."""
    return int(-(-seconds // 30) * 30)
