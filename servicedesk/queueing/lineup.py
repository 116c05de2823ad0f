"""The queue of a centre as the calling rule sees it, read from the tickets and the day's calls."""

from bisect import bisect_right
from collections import Counter as Tally
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from portal.base.places.models import Place
from servicedesk.queueing.models import Call, CentreQueue, Ticket
from servicedesk.queueing.policy import Rule, Waiting
from servicedesk.queueing.states import AT_COUNTER, TicketState

# People who go before booked ones where the centre has set nothing else.
PRIORITY_CLASSES = ["elderly", "disabled", "pregnant", "soldier"]


@dataclass(frozen=True, slots=True)
class LineUp:
    """The waiting tickets by id, the same as the rule sees them, and the rule."""

    tickets: dict[object, Ticket]
    waiting: list[Waiting]
    rule: Rule


def queue_of(centre: Place) -> CentreQueue:
    """The centre's queue row; made with the default rule when it is first asked for."""
    queue, _created = CentreQueue.objects.get_or_create(centre=centre, defaults={"priority_classes": PRIORITY_CLASSES})
    return queue


def rule_of(queue: CentreQueue, today: date) -> Rule:
    """The centre's numbers; yesterday's alternation is forgotten."""
    last = queue.last_alternate if queue.day == today else ""
    return Rule(queue.rescue_after_overtakes, queue.rescue_after_minutes, last)


def line_up(queue: CentreQueue) -> LineUp:
    """Everybody who waits at the centre today."""
    today = timezone.localdate()
    tickets = list(
        Ticket.objects.filter(centre_id=queue.centre_id, day=today, state=TicketState.WAITING)
        .select_related("item__line", "point", "centre", "device")
        .order_by("arrival")
    )
    overtakes = _overtakes(queue.centre_id, today, tickets)
    busy = busy_devices(tickets)
    waiting = [_as_waiting(ticket, queue, overtakes[ticket.pk], ticket.device_id in busy) for ticket in tickets]
    return LineUp({ticket.pk: ticket for ticket in tickets}, waiting, rule_of(queue, today))


def busy_devices(tickets: list[Ticket]) -> set[object]:
    """The kiosks among those of the tickets that serve somebody now: a device holds one session."""
    ids = {ticket.device_id for ticket in tickets if ticket.device_id}
    return set(Ticket.objects.filter(device_id__in=ids, state__in=AT_COUNTER).values_list("device_id", flat=True))


def _as_waiting(ticket: Ticket, queue: CentreQueue, overtakes: int, is_busy: bool) -> Waiting:
    window: tuple[datetime, datetime] | None = None
    if ticket.window_from and ticket.window_until:
        window = (ticket.window_from, ticket.window_until)
    return Waiting(
        id=ticket.pk,
        arrival=ticket.arrival,
        is_remote=ticket.channel == Ticket.Channel.REMOTE,
        issued_at=ticket.issued_at,
        overtakes=overtakes,
        is_returned=ticket.returned_first,
        is_priority=bool(set(ticket.classes) & set(queue.priority_classes)),
        window=window,
        is_busy=is_busy,
        line=ticket.item.line_id if ticket.item else None,
    )


def _overtakes(centre_id: int, today: date, tickets: list[Ticket]) -> dict[object, int]:
    """How many later arrivals were called before each ticket, but for calls that passed it over at a busy point."""
    called: dict[object, tuple[int, list[str]]] = {}
    rows = (
        Call.objects.filter(ticket__centre_id=centre_id, ticket__day=today)
        .exclude(why="recall")
        .order_by("called_at")
        .values_list("ticket_id", "ticket__arrival", "facts")
    )
    for ticket_id, arrival, facts in rows:
        called.setdefault(ticket_id, (arrival, facts.get("passed", [])))
    arrivals = sorted(arrival for arrival, _passed in called.values())
    passed = Tally(ticket_id for _arrival, ids in called.values() for ticket_id in ids)
    # A call names among `passed` only tickets that arrived before the called one, so that taking them off is exact.
    return {
        ticket.pk: len(arrivals) - bisect_right(arrivals, ticket.arrival) - passed[str(ticket.pk)] for ticket in tickets
    }
