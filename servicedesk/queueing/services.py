"""The only writer of tickets and calls: issue, call, move, and what the others may ask of the queue."""

import re
import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.items.models import ServiceItem
from content.notices.models import Notice
from portal.base.calendars import services as calendars
from portal.base.errors import InvalidTransition
from portal.base.journal import services as journal
from portal.base.places.models import Counter, Place
from portal.base.places.services import status_at
from portal.base.streams import services as streams
from portal.base.transitions import move
from servicedesk.devices.models import Device
from servicedesk.queueing.errors import (
    CounterBusy,
    CounterShut,
    ItemNotToday,
    OtherCentre,
    PlaceClosed,
    PointBusy,
    PointNeeded,
    UnknownChoice,
)
from servicedesk.queueing.estimates import Estimate, counters_open, estimate, estimate_for
from servicedesk.queueing.events import centre_stream, streams_of
from servicedesk.queueing.lineup import LineUp, busy_devices, line_up, queue_of
from servicedesk.queueing.models import Call, CentreQueue, Ticket
from servicedesk.queueing.policy import Choice, choose, is_rescue
from servicedesk.queueing.snapshots import (
    board_snapshot,
    counter_name,
    queue_snapshot,
    rule_text,
    ticket_view,
    why_text,
)
from servicedesk.queueing.states import AT_COUNTER, LIVE, TRANSITIONS, TicketState
from servicedesk.residents.models import Person

__all__ = [
    "Estimate",
    "OtherCentre",
    "board_snapshot",
    "call_next",
    "call_ticket",
    "centre_stream",
    "change_item",
    "closing_text",
    "counter_name",
    "counters_open",
    "estimate",
    "estimate_for",
    "expire_old_days",
    "forget_persons",
    "has_busy_point",
    "hint_no_shows",
    "identify",
    "issue_ticket",
    "live_ticket_of",
    "mark_spoken",
    "move_ticket",
    "people_ahead",
    "queue_of",
    "queue_snapshot",
    "rule_text",
    "set_rule",
    "ticket_at",
    "ticket_by_track_code",
    "ticket_view",
    "tickets_of_device",
    "why_text",
]

LETTERS = {
    Ticket.Channel.ONSITE: "A",
    Ticket.Channel.BOOKED: "B",
    Ticket.Channel.REMOTE: "Y",
    Ticket.Channel.HOME: "S",
    Ticket.Channel.PHONE: "D",
}
CLASSES = ("elderly", "disabled", "pregnant", "soldier", "child")
NO_SHOW_AFTER = timedelta(minutes=2)
# These change who waits, so they lock the queue before the ticket, as issue and call do.
QUEUE_VERBS = ("transfer", "drop", "requeue", "cancel", "expire")
VERBS = ("start", "finish", "hold", "resume", "recall", "transfer", "no_show", "cancel", "requeue", "drop")


# --- issuing ------------------------------------------------------------------------------------------------------


def issue_ticket(
    *,
    centre: Place,
    channel: str,
    actor: str,
    item: ServiceItem | None = None,
    classes: tuple[str, ...] = (),
    point: Place | None = None,
    device: Device | None = None,
    person: Person | None = None,
    assurance: str = Ticket.Assurance.NONE,
    window: tuple[datetime, datetime] | None = None,
    notice: Notice | None = None,
) -> tuple[Ticket, bool]:
    """A number in the centre's queue, and whether it is new: a person's second swipe gives the same ticket.

    Raises:
        PlaceClosed, ItemNotToday: nobody is taken now, or not for this item; the message has the next step.
        PointNeeded: a remote ticket without the point where the person waits.
        UnknownChoice: no such channel, class or assurance.
    """
    _check_choices(channel, classes, assurance)
    if channel == Ticket.Channel.REMOTE and point is None:
        raise PointNeeded(_("Say at which service point the person waits, then ask for the number again."))
    if person is not None and (mine := live_ticket_of(person, centre)) is not None:
        return mine, False
    now = timezone.now()
    _check_open(centre, point if channel == Ticket.Channel.REMOTE else None, now)
    if item is not None:
        taken_as = channel if channel in (Ticket.Channel.REMOTE, Ticket.Channel.ONSITE) else ""
        refusal = items.can_be_taken(item, point or centre, now, channel=taken_as)
        if refusal is not None:
            raise ItemNotToday(str(refusal))
    told = estimate(
        centre, channel=channel, classes=tuple(classes), point=point, line=item.line_id if item is not None else None
    )
    with transaction.atomic():
        queue = _lock_queue(centre)
        if person is not None and (mine := live_ticket_of(person, centre)) is not None:
            return mine, False
        queue.arrivals += 1
        queue.save(update_fields=["arrivals"])
        letter = LETTERS[Ticket.Channel(channel)]
        # The locked row's day, not the clock's: midnight may have passed while waiting for the lock.
        today = queue.day
        assert today is not None
        same_letter = Ticket.objects.filter(centre=centre, day=today, letter=letter)
        last = same_letter.aggregate(last=Max("sequence"))["last"]
        ticket = Ticket.objects.create(
            centre=centre,
            day=today,
            letter=letter,
            sequence=(last or 0) + 1,
            arrival=queue.arrivals,
            channel=channel,
            classes=list(classes),
            item=item,
            point=point,
            device=device,
            person=person,
            assurance=assurance,
            notice_id=notice.pk if notice else None,
            window_from=window[0] if window else None,
            window_until=window[1] if window else None,
            expected_p50_s=told.p50_s,
            expected_p80_s=told.p80_s,
            issued_at=now,
            track_code=secrets.token_urlsafe(15),
        )
        facts = {"number": ticket.number, "channel": channel, "ahead": told.ahead, "past_closing": told.past_closing}
        journal.append(
            ("ticket", ticket.pk), action="issue", actor=actor, place=point or centre, new=ticket.state, facts=facts
        )
        if item is not None:
            items.count_request(item)
        streams.bump(*streams_of(ticket))
    return ticket, True


@transaction.atomic
def attach_notice(ticket: Ticket, notice: Notice, *, actor: str) -> Ticket:
    """Let a ticket carry a notice that was shown or said; a later one takes its place."""
    ticket = Ticket.objects.select_for_update(of=("self",)).select_related("centre", "point").get(pk=ticket.pk)
    if ticket.notice_id == notice.pk:
        return ticket
    old, ticket.notice_id = str(ticket.notice_id or ""), notice.pk
    ticket.save(update_fields=["notice_id"])
    journal.append(
        ("ticket", ticket.pk), action="attach_notice", actor=actor, place=ticket.point or ticket.centre,
        facts={"notice": notice.sha256, "before": old},
    )  # fmt: skip
    streams.bump(*streams_of(ticket))
    return ticket


def _check_choices(channel: str, classes: tuple[str, ...], assurance: str) -> None:
    unknown = [word for word in classes if word not in CLASSES]
    if channel not in Ticket.Channel.values:
        raise UnknownChoice(
            _("There is no channel %(word)s. Choose one of: %(known)s.")
            % {"word": channel, "known": ", ".join(Ticket.Channel.values)}
        )
    if unknown:
        raise UnknownChoice(
            _("There is no class %(word)s. Choose among: %(known)s.")
            % {"word": unknown[0], "known": ", ".join(CLASSES)}
        )
    if assurance not in Ticket.Assurance.values:
        raise UnknownChoice(
            _("There is no assurance %(word)s. Choose one of: %(known)s.")
            % {"word": assurance, "known": ", ".join(Ticket.Assurance.values)}
        )


def _check_open(centre: Place, point: Place | None, now: datetime) -> None:
    for place in (point, centre):
        if place is None:
            continue
        if status_at(place, now) != Place.Status.OPEN:
            reason = place.status_reason.rstrip("。.")
            sentence = _("%(place)s takes no numbers now (%(reason)s).") % {
                "place": place.name,
                "reason": reason or place.get_status_display(),
            }
            raise PlaceClosed(f"{sentence} {_next_step(place, now)}")
        if calendars.is_open(place, now) is False:
            sentence = _("%(place)s is closed now.") % {"place": place.name}
            raise PlaceClosed(f"{sentence} {_next_step(place, now)}")


def _next_step(place: Place, now: datetime) -> str:
    opening = calendars.next_opening(place, now)
    if opening is None:
        return _("Call 12345 and ask which place near you is open.")
    when = formats.date_format(timezone.localtime(opening), _("F j, H:i"))
    return _("It opens again on %(when)s; come then.") % {"when": when}


def live_ticket_of(person: Person, centre: Place) -> Ticket | None:
    """The person's ticket of today that still waits or is served at the centre."""
    return (
        Ticket.objects.filter(person=person, centre=centre, day=timezone.localdate(), state__in=LIVE)
        .select_related("centre", "point", "item__line", "counter", "device")
        .first()
    )


# --- calling ------------------------------------------------------------------------------------------------------


@transaction.atomic
def call_next(counter: Counter, *, actor: str) -> Ticket | None:
    """Call whoever the centre's rule puts first; None when nobody can be called.

    Two clerks who press together are put in a row by the queue's lock and never get the same ticket.

    Raises:
        CounterBusy, CounterShut: this counter takes nobody now.
    """
    queue = _lock_queue(counter.centre)
    counter = _usable(counter)
    now = timezone.now()
    lined_up = line_up(queue)
    choice = choose(lined_up.waiting, rule=lined_up.rule, now=now)
    if choice is None:
        return None
    if choice.why in ("rescue", "remote"):
        queue.last_alternate = choice.why
        queue.save(update_fields=["last_alternate"])
    ticket = lined_up.tickets[choice.who.id]
    return _call(ticket, counter, why=choice.why, facts=_facts(choice, lined_up, now), actor=actor, now=now)


@transaction.atomic
def call_ticket(ticket: Ticket, counter: Counter, *, actor: str) -> Ticket:
    """Call one ticket out of its turn; recorded as picked, and an overtaking of those before it.

    Raises:
        PointBusy: the person's kiosk serves somebody else.
        Changed, InvalidTransition: the ticket does not wait any more.
        CounterBusy, CounterShut, OtherCentre: this counter cannot take it.
    """
    queue = _lock_queue(counter.centre)
    counter = _usable(counter)
    if ticket.centre_id != counter.centre_id:
        raise OtherCentre(_("This number belongs to another centre. Ask the clerks there."))
    return _pick(ticket, counter, queue, actor=actor, facts={})


def _pick(ticket: Ticket, counter: Counter, queue: CentreQueue, *, actor: str, facts: dict[str, Any]) -> Ticket:
    lined_up = line_up(queue)
    mine = next((one for one in lined_up.waiting if one.id == ticket.pk), None)
    if mine is None:
        raise InvalidTransition(_("This number does not wait any more. Look at the queue again."))
    if mine.is_busy:
        raise PointBusy(_("Somebody else is being served at this kiosk. Call this number when the kiosk is free."))
    now = timezone.now()
    facts = _facts(Choice(mine, "arrival"), lined_up, now) | facts
    return _call(lined_up.tickets[ticket.pk], counter, why="picked", facts=facts, actor=actor, now=now)


def _usable(counter: Counter) -> Counter:
    """The counter, fresh and locked; the queue's lock is held, under which alone a ticket comes to a counter."""
    counter = Counter.objects.select_for_update(of=("self",)).select_related("centre").get(pk=counter.pk)
    if not counter.is_active:
        raise CounterShut(_("This counter is not in use. Sit down at another one."))
    if counter.paused_reason:
        raise CounterShut(_("This counter is paused. End the pause, then press next."))
    require_free(counter)
    return counter


def require_free(counter: Counter) -> None:
    """Refuse while a number is called to the counter or served there; the caller holds the counter's lock.

    Raises:
        CounterBusy: one is.
    """
    held = Ticket.objects.filter(counter=counter, state__in=AT_COUNTER).first()
    if held is not None:
        raise CounterBusy(_("%(number)s is still at this counter. Finish it first.") % {"number": held.number})


def _facts(choice: Choice, lined_up: LineUp, now: datetime) -> dict[str, Any]:
    """What the rule saw: kept with the call, so that anybody can check later why it was this one."""
    rule = lined_up.rule
    return {
        "waited_s": int((now - choice.who.issued_at).total_seconds()),
        "overtakes": choice.who.overtakes,
        "waiting": len(lined_up.waiting),
        "remote_waiting": sum(one.is_remote for one in lined_up.waiting),
        "rescue_waiting": sum(is_rescue(one, rule, now) for one in lined_up.waiting),
        "last_alternate": rule.last_alternate,
        "rule": {"overtakes": rule.overtakes, "minutes": rule.minutes},
        # Those before this one whose kiosk was busy: this call is no overtaking of them.
        "passed": [str(one.id) for one in lined_up.waiting if one.is_busy and one.arrival < choice.who.arrival],
    }


def _call(ticket: Ticket, counter: Counter, *, why: str, facts: dict[str, Any], actor: str, now: datetime) -> Ticket:
    move(
        ticket,
        "call",
        table=TRANSITIONS,
        subject="ticket",
        actor=actor,
        place=counter.centre,
        expected=TicketState.WAITING,
        reason=why,
        facts={"counter": counter.number, **facts},
        changes={"counter": counter, "called_at": now, "returned_first": False, "hinted_at": None},
        announce=streams_of(ticket),
    )
    Call.objects.create(ticket=ticket, counter=counter, why=why, facts=facts, called_at=now)
    ticket.counter = counter
    return ticket


# --- moving on ----------------------------------------------------------------------------------------------------


@transaction.atomic
def move_ticket(
    ticket: Ticket,
    verb: str,
    *,
    actor: str,
    expected: str | None = None,
    outcome: str = "",
    reason: str = "",
    to_counter: Counter | None = None,
) -> Ticket:
    """Apply one of VERBS to the ticket.

    `finish` needs an outcome. `transfer` puts the ticket back with its arrival, or calls it to another counter at once.
    `drop` is for a call that broke off: the ticket returns first. `reason` is a code, or free text that is kept sealed.

    Raises:
        InvalidTransition, Changed: the ticket is at another step.
        UnknownChoice: no such verb or outcome.
        CounterBusy, CounterShut, OtherCentre: it cannot go to that counter.
    """
    if verb not in VERBS:
        raise UnknownChoice(
            _("There is no step %(word)s. Choose one of: %(known)s.") % {"word": verb, "known": ", ".join(VERBS)}
        )
    if verb == "finish" and outcome not in Ticket.Outcome.values[1:]:
        raise UnknownChoice(_("Say how it ended, one of: %(known)s.") % {"known": ", ".join(Ticket.Outcome.values[1:])})
    queue = _lock_queue(ticket.centre) if verb in QUEUE_VERBS else None
    now = timezone.now()
    if to_counter is not None:
        if to_counter.centre_id != ticket.centre_id:
            raise OtherCentre(_("This counter belongs to another centre. Choose one of this centre."))
        to_counter = _usable(to_counter)
    left = ticket.counter_id
    _apply(ticket, verb, actor=actor, expected=expected, reason=reason, changes=_changes(verb, outcome, now))
    if verb == "recall" and ticket.counter is not None:
        Call.objects.create(ticket=ticket, counter=ticket.counter, why="recall", called_at=now)
    if verb == "transfer" and to_counter is not None and queue is not None:
        _pick(ticket, to_counter, queue, actor=actor, facts={"transferred_from": left})
        ticket.refresh_from_db()
    return ticket


def _changes(verb: str, outcome: str, now: datetime) -> dict[str, Any]:
    back = {"counter": None, "called_at": None, "started_at": None, "hinted_at": None}
    changes: dict[str, dict[str, Any]] = {
        "start": {"started_at": now, "hinted_at": None},
        "finish": {"ended_at": now, "outcome": outcome},
        "recall": {"called_at": now, "hinted_at": None},
        "no_show": {"ended_at": now},
        "cancel": {"ended_at": now},
        "expire": {"ended_at": now},
        "transfer": back,
        "requeue": back | {"ended_at": None},
        "drop": back | {"returned_first": True},
    }
    return changes.get(verb, {})


def _apply(
    ticket: Ticket, verb: str, *, actor: str, expected: str | None = None, reason: str = "", changes: dict[str, Any]
) -> None:
    is_code = re.fullmatch(r"[a-z0-9_.-]{0,60}", reason) is not None
    move(
        ticket,
        verb,
        table=TRANSITIONS,
        subject="ticket",
        actor=actor,
        place=ticket.centre,
        expected=expected,
        reason=reason if is_code else "",
        text="" if is_code else reason,
        facts={"outcome": changes["outcome"]} if "outcome" in changes else None,
        changes=changes,
        announce=streams_of(ticket),
    )


@transaction.atomic
def identify(ticket: Ticket, *, assurance: str, actor: str, person: Person | None = None) -> Ticket:
    """Record how surely it is known who came: a card read at the kiosk, or a face held against the card."""
    locked = Ticket.objects.select_for_update().get(pk=ticket.pk)
    old = locked.assurance
    locked.assurance = Ticket.Assurance(assurance)
    if person is not None:
        locked.person = person
    locked.save(update_fields=["assurance", "person"])
    facts = {"old": old, "new": locked.assurance, "person": str(locked.person_id) if locked.person_id else None}
    journal.append(("ticket", ticket.pk), action="identify", actor=actor, place=ticket.centre, facts=facts)
    streams.bump(*streams_of(locked))
    ticket.assurance, ticket.person_id = locked.assurance, locked.person_id
    return ticket


@transaction.atomic
def change_item(ticket: Ticket, *, item: ServiceItem | None, actor: str) -> Ticket:
    """Another item than the one that was chosen at the kiosk, as it turned out at the counter."""
    locked = Ticket.objects.select_for_update().get(pk=ticket.pk)
    facts = {"old": locked.item_id, "new": item.pk if item else None}
    locked.item = item
    locked.save(update_fields=["item"])
    journal.append(("ticket", ticket.pk), action="change_item", actor=actor, place=ticket.centre, facts=facts)
    streams.bump(*streams_of(locked))
    ticket.item = item
    return ticket


@transaction.atomic
def mark_spoken(centre: Place, call_id: str) -> bool:
    """A hall display has said this call; only the first is kept."""
    try:
        key = UUID(call_id)
    except ValueError:
        return False
    said = Call.objects.filter(pk=key, ticket__centre=centre, spoken_at__isnull=True)
    return bool(said.update(spoken_at=timezone.now()))


@transaction.atomic
def set_rule(
    centre: Place, *, overtakes: int, minutes: int, actor: str, priority_classes: list[str] | None = None
) -> CentreQueue:
    """The centre's own numbers for the calling rule; displays show the new rule at once."""
    queue = _lock_queue(centre)
    if overtakes < 1 or minutes < 1:
        raise UnknownChoice(_("Both numbers of the calling rule must be 1 or more."))
    if priority_classes is not None:
        _check_choices(Ticket.Channel.ONSITE, tuple(priority_classes), Ticket.Assurance.NONE)
        queue.priority_classes = list(priority_classes)
    queue.rescue_after_overtakes, queue.rescue_after_minutes = overtakes, minutes
    queue.save(update_fields=["rescue_after_overtakes", "rescue_after_minutes", "priority_classes"])
    facts = {"overtakes": overtakes, "minutes": minutes, "priority_classes": queue.priority_classes}
    journal.append(("queue", centre.pk), action="set_rule", actor=actor, place=centre, facts=facts)
    streams.bump(centre_stream(centre))
    return queue


# --- asking -------------------------------------------------------------------------------------------------------


def people_ahead(ticket: Ticket) -> int:
    """How many will be called before this ticket if nobody else comes; 0 when it does not wait."""
    return estimate_for(ticket).ahead


def ticket_at(counter: Counter) -> Ticket | None:
    """The ticket that is called to, served at, or held at the counter."""
    return (
        Ticket.objects.filter(counter=counter, state__in=AT_COUNTER)
        .select_related("centre", "point", "item__line", "counter", "device")
        .first()
    )


def ticket_by_track_code(code: str) -> Ticket | None:
    """The ticket that a printed QR names."""
    return Ticket.objects.filter(track_code=code).select_related("centre", "point", "item", "counter").first()


def tickets_of_device(device: Device) -> list[Ticket]:
    """Today's tickets of a kiosk that still wait or are at a counter, by arrival."""
    return list(
        Ticket.objects.filter(device=device, day=timezone.localdate(), state__in=LIVE)
        .select_related("centre", "point", "item__line", "counter", "device")
        .order_by("arrival")
    )


def closing_text(told: Estimate) -> str:
    """What is said at once when the wait may pass closing; empty when it does not."""
    if not told.past_closing or told.closes_at is None:
        return ""
    return _("It closes at %(time)s, and your turn may come later than that. Ask the staff, or come back tomorrow.") % {
        "time": formats.time_format(timezone.localtime(told.closes_at), "H:i")
    }


# --- the lock, and what the clock does ----------------------------------------------------------------------------


def _lock_queue(centre: Place) -> CentreQueue:
    """The centre's queue row, locked; the first to lock it on a new day starts the day's numbers."""
    queue_of(centre)
    queue = CentreQueue.objects.select_for_update().get(centre=centre)
    today = timezone.localdate()
    if queue.day != today:
        queue.day, queue.arrivals, queue.last_alternate = today, 0, ""
        queue.save(update_fields=["day", "arrivals", "last_alternate"])
        _close_days_before(centre, today)
    return queue


def _close_days_before(centre: Place, today: date) -> None:
    """End what an earlier day left behind, so that it holds neither a counter nor a person's next ticket."""
    now = timezone.now()
    left = Ticket.objects.filter(centre=centre, day__lt=today, state__in=LIVE).select_related("centre")
    for ticket in left.order_by("arrival"):
        if ticket.state == TicketState.CALLED:
            _apply(ticket, "no_show", actor="clock", reason="day_ended", changes=_changes("no_show", "", now))
            continue
        if ticket.state in (TicketState.SERVING, TicketState.HELD):
            _apply(ticket, "drop", actor="clock", reason="day_ended", changes=_changes("drop", "", now))
        _apply(ticket, "expire", actor="clock", reason="day_ended", changes=_changes("expire", "", now))


def expire_old_days() -> int:
    """End the tickets of earlier days at every centre; how many centres had any."""
    today = timezone.localdate()
    centres = Place.objects.filter(tickets__day__lt=today, tickets__state__in=LIVE).distinct()
    count = 0
    for centre in centres:
        with transaction.atomic():
            _lock_queue(centre)
            _close_days_before(centre, today)
        count += 1
    return count


def hint_no_shows() -> int:
    """Tell the clerk of called tickets to which nobody came in two minutes; how many were told of.

    The minutes of a remote ticket count from when its kiosk was free.
    """
    before = timezone.now() - NO_SHOW_AFTER
    called = Ticket.objects.filter(state=TicketState.CALLED, called_at__lte=before, hinted_at__isnull=True)
    count = 0
    for ticket in called.select_related("centre", "device"):
        if ticket.device_id and _was_in_use(ticket, before):
            continue
        with transaction.atomic():
            told = Ticket.objects.filter(pk=ticket.pk, state=TicketState.CALLED, hinted_at__isnull=True)
            if told.update(hinted_at=timezone.now()):
                streams.bump(*streams_of(ticket))
                count += 1
    return count


def _was_in_use(ticket: Ticket, since: datetime) -> bool:
    others = Ticket.objects.filter(device=ticket.device).exclude(pk=ticket.pk)
    return others.filter(state__in=AT_COUNTER).exists() or others.filter(ended_at__gt=since).exists()


def forget_persons(before: datetime) -> int:
    """Cut the link from tickets to persons once it has been kept long enough; numbers and times remain as figures."""
    return Ticket.objects.filter(ended_at__lt=before, person__isnull=False).update(person=None)


def has_busy_point(ticket: Ticket) -> bool:
    """Whether the kiosk of a waiting ticket serves somebody else now."""
    return ticket.device_id in busy_devices([ticket])
