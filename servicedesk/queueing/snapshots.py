"""What the screens of the queue show, read in one go: a ticket, the centre's queue, the hall display."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from content.bulletin import services as bulletin
from portal.base.places.models import Counter, Place
from portal.base.streams import services as streams
from servicedesk.queueing import estimates, voice
from servicedesk.queueing.estimates import Outlook, Standing
from servicedesk.queueing.events import centre_stream
from servicedesk.queueing.lineup import queue_of
from servicedesk.queueing.models import Call, CentreQueue, Ticket
from servicedesk.queueing.states import AT_COUNTER, TicketState

RECENT_ON_BOARD = 5
# A call that nobody heard is still spoken this long afterwards, while its ticket is called.
SPEAK_WITHIN = timedelta(minutes=10)


def why_text(why: str, facts: dict[str, Any] | None = None) -> str:
    """Why a ticket is or would be called, in the reader's language."""
    facts = facts or {}
    if why == "rescue" and "overtakes" in facts and "waited_s" in facts:
        overtakes, minutes = facts["overtakes"], facts["waited_s"] // 60
        return _("overtaken %(overtakes)s times, waiting %(minutes)s min: goes in turn with remote") % {
            "overtakes": overtakes,
            "minutes": minutes,
        }
    words = {
        "returned": _("the picture broke off: goes first"),
        "rescue": _("has let others pass long enough: goes in turn with remote"),
        "remote": _("remote goes first"),
        "priority": _("goes before booked ones"),
        "booked": _("booked, and in its window"),
        "arrival": _("by arrival"),
        "recall": _("called again"),
        "picked": _("picked by the clerk"),
    }
    return words.get(why, why)


def rule_text(queue: CentreQueue) -> str:
    """The centre's calling rule as one sentence, as the hall display and the kiosk show it."""
    words = {"overtakes": queue.rescue_after_overtakes, "minutes": queue.rescue_after_minutes}
    return (
        _("Remote numbers, and numbers that let %(overtakes)s pass or waited %(minutes)s min, are called in turn.")
        % words
    )


def ticket_view(ticket: Ticket, standing: Standing | None = None) -> dict[str, Any]:
    """A ticket as the API, the desk and the kiosk show it; no person's data."""
    # A recall says again what was called; why it was called is in the call before.
    calls = ticket.calls.exclude(why="recall").order_by("called_at")
    call = calls.last() if ticket.state != TicketState.WAITING else None
    if ticket.state != TicketState.WAITING:
        ahead, p50_s, p80_s = 0, 0, 0
    elif standing is not None:
        ahead, p50_s, p80_s = standing.ahead, standing.p50_s, standing.p80_s
    else:
        now = estimates.estimate_for(ticket)
        ahead, p50_s, p80_s = now.ahead, now.p50_s, now.p80_s
    return {
        "id": str(ticket.pk),
        "number": ticket.number,
        "state": ticket.state,
        "state_text": str(TicketState(ticket.state).label),
        "channel": ticket.channel,
        "classes": ticket.classes,
        "item": {"key": ticket.item.key, "name": ticket.item.name} if ticket.item else None,
        "point": {"code": ticket.point.code, "name": ticket.point.name} if ticket.point else None,
        "device": str(ticket.device_id) if ticket.device_id else None,
        "assurance": ticket.assurance,
        "ahead": ahead,
        "wait_p50_s": p50_s,
        "wait_p80_s": p80_s,
        "issued_at": ticket.issued_at.isoformat(),
        "called_at": ticket.called_at.isoformat() if ticket.called_at else None,
        "started_at": ticket.started_at.isoformat() if ticket.started_at else None,
        "hinted": ticket.hinted_at is not None,
        "outcome": ticket.outcome,
        "counter": _counter_ref(ticket.counter) if ticket.counter else None,
        "why": {"code": call.why, "text": why_text(call.why, call.facts), "facts": call.facts} if call else None,
    }


def _counter_ref(counter: Counter) -> dict[str, Any]:
    return {"id": counter.pk, "number": counter.number, "name": counter_name(counter)}


def counter_name(counter: Counter) -> str:
    """What a counter is called, such as 3 号窗口."""
    return counter.name or _("counter %(number)s") % {"number": counter.number}


def queue_snapshot(centre: Place) -> dict[str, Any]:
    """The centre's queue as the desk and the API see it: in likely calling order, each with why."""
    now = timezone.now()
    seq = streams.seq_of(centre_stream(centre))
    queue = queue_of(centre)
    view = estimates.outlook(centre)
    at_counter = {
        ticket.counter_id: ticket
        for ticket in Ticket.objects.filter(centre=centre, state__in=AT_COUNTER).select_related(
            "item__line", "point", "counter", "centre"
        )
    }
    return {
        "seq": seq,
        "centre": {"code": centre.code, "name": centre.name},
        "at": now.isoformat(),
        "rule": {
            "overtakes": queue.rescue_after_overtakes,
            "minutes": queue.rescue_after_minutes,
            "priority_classes": queue.priority_classes,
            "text": rule_text(queue),
        },
        "counters_open": view.counters_open,
        "counters": [_counter_view(counter, at_counter.get(counter.pk)) for counter in _counters(centre)],
        "waiting": [_waiting_view(view, choice.who.id, now) for choice in view.order],
        "counts": {
            "waiting": len(view.order),
            "remote": sum(choice.who.is_remote for choice in view.order),
            "at_counter": len(at_counter),
            "finished": Ticket.objects.filter(
                centre=centre, day=timezone.localdate(), state=TicketState.FINISHED
            ).count(),
        },
    }


def _counters(centre: Place) -> list[Counter]:
    return list(Counter.objects.filter(centre=centre, is_active=True).select_related("clerk").order_by("number"))


def _counter_view(counter: Counter, ticket: Ticket | None) -> dict[str, Any]:
    if counter.paused_reason:
        state = "paused"
    elif counter.clerk_id or ticket:
        state = "open"
    else:
        state = "closed"
    return _counter_ref(counter) | {
        "state": state,
        "clerk": str(counter.clerk) if counter.clerk else "",
        "ticket": ticket_view(ticket) if ticket else None,
    }


def _waiting_view(view: Outlook, ticket_id: object, now: datetime) -> dict[str, Any]:
    ticket = view.line_up.tickets[ticket_id]
    standing = view.standings[ticket_id]
    seen = next(one for one in view.line_up.waiting if one.id == ticket_id)
    facts = {"overtakes": seen.overtakes, "waited_s": int((now - ticket.issued_at).total_seconds())}
    next_why = _("waits until its kiosk is free") if seen.is_busy else why_text(standing.why, facts)
    return ticket_view(ticket, standing) | {
        "next_why": standing.why,
        "next_why_text": next_why,
        "is_busy": seen.is_busy,
        **facts,
    }


def foot_text(centre: Place) -> str:
    """The line at the foot of the hall display: what is announced there now, else the calling rule."""
    told = bulletin.on_board(centre)
    if not told:
        return rule_text(queue_of(centre))
    return "　".join(part for part in (told[0].said("title"), told[0].said("text")) if part)


def board_snapshot(centre: Place) -> dict[str, Any]:
    """What the hall display shows and still has to say; numbers and windows alone, never a name or an item."""
    now = timezone.now()
    # What is to be said is read first: a call that comes in between is then shown, and said with the next snapshot.
    due = list(
        Call.objects.filter(ticket__centre=centre, ticket__state=TicketState.CALLED, called_at__gte=now - SPEAK_WITHIN)
        .select_related("ticket", "counter")
        .order_by("called_at")
    )
    calls = list(
        Call.objects.filter(ticket__centre=centre, ticket__day=timezone.localdate())
        .select_related("ticket", "counter")
        .order_by("-called_at")[: 4 * RECENT_ON_BOARD]
    )
    # A number that was called twice is shown once, where it was called last.
    shown: dict[object, Call] = {}
    for call in calls:
        shown.setdefault(call.ticket_id, call)
    rows = list(shown.values())[: RECENT_ON_BOARD + 1]
    return {
        "centre": {"code": centre.code, "name": centre.name},
        "current": _call_view(rows[0]) if rows else None,
        "recent": [_call_view(call) for call in rows[1:]],
        "hall": _wait_view(centre, Ticket.Channel.ONSITE),
        "remote": _wait_view(centre, Ticket.Channel.REMOTE),
        "rule": foot_text(centre),
        "say": [_say_view(call) for call in due if not _is_superseded(call, shown)],
    }


def _is_superseded(call: Call, shown: dict[object, Call]) -> bool:
    """Whether the ticket was called again since: only the last call of it is said."""
    latest = shown.get(call.ticket_id)
    return latest is not None and latest.pk != call.pk


def _call_view(call: Call) -> dict[str, Any]:
    ticket = call.ticket
    return {
        "id": str(call.pk),
        "number": ticket.number,
        "letter": ticket.letter,
        "digits": f"{ticket.sequence:03d}",
        "remote": ticket.channel == Ticket.Channel.REMOTE,
        "counter": call.counter.number,
        "called_at": call.called_at.isoformat(),
        "is_spoken": call.spoken_at is not None,
    }


def _say_view(call: Call) -> dict[str, Any]:
    ticket, counter = call.ticket, call.counter.number
    is_remote = ticket.channel == Ticket.Channel.REMOTE
    return _call_view(call) | {
        "text": voice.spoken_text(ticket.letter, ticket.sequence, counter=counter, is_remote=is_remote),
        "clips": voice.clip_names(ticket.letter, ticket.sequence, counter=counter, is_remote=is_remote),
    }


def _wait_view(centre: Place, channel: str) -> dict[str, Any]:
    waiting = Ticket.objects.filter(centre=centre, day=timezone.localdate(), state=TicketState.WAITING)
    if channel == Ticket.Channel.REMOTE:
        waiting = waiting.filter(channel=channel)
    else:
        waiting = waiting.exclude(channel=Ticket.Channel.REMOTE)
    count = waiting.count()
    minutes = max(1, -(-estimates.estimate(centre, channel=channel).p50_s // 60))
    return {"waiting": count, "minutes": minutes}
