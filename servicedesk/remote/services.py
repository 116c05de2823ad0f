"""Video sessions, as other rooms may call them: placing them, the notice, the legs, the clerk's confirmation, the end."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.errors import InvalidTransition
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Counter
from portal.base.streams import services as streams
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import AT_COUNTER, TicketState
from servicedesk.remote.dossier import add_to_sealed_dossier
from servicedesk.remote.errors import FaceNotConfirmed
from servicedesk.remote.models import Leg, RemoteSession
from servicedesk.remote.nodes import least_loaded_node
from servicedesk.remote.sessions import (
    active_session_of,
    get_session,
    move_session,
    recording_key,
    session_at,
    stream_name,
    stream_names_of,
    unrated_session_of,
)
from servicedesk.remote.states import ACTIVE, SessionState
from servicedesk.residents import services as residents
from servicedesk.residents.services import Identity

__all__ = [
    "active_session_of",
    "add_to_sealed_dossier",
    "answer_notice",
    "call_next",
    "confirm_face",
    "drop_lost_sessions",
    "end_session",
    "get_session",
    "identify",
    "leg_changed",
    "lose_dropped_sessions",
    "open_identity",
    "place_session",
    "recording_key",
    "resident_says",
    "session_at",
    "show",
    "stream_names_of",
    "unrated_session_of",
]

RETURN_WITHIN_S = 30


@transaction.atomic
def call_next(counter: Counter, *, clerk: User, actor: str) -> Ticket | None:
    """Call the next ticket to the counter; a remote one gets its video session in the same transaction."""
    ticket = queueing.call_next(counter, actor=actor)
    if ticket is not None and ticket.channel == Ticket.Channel.REMOTE and ticket.device_id:
        place_session(ticket, counter=counter, clerk=clerk, actor=actor)
    return ticket


@transaction.atomic
def place_session(ticket: Ticket, *, counter: Counter, clerk: User, actor: str) -> RemoteSession:
    """Make the session of a called remote ticket, with its own recording key, on the least loaded node."""
    session = RemoteSession(
        ticket=ticket, device=ticket.device, counter=counter, centre=counter.centre, clerk=clerk,
        placed_at=timezone.now(), node=least_loaded_node(),
    )  # fmt: skip
    session.key_sealed = keyring.seal("recording", keyring.new_key(), aad=f"remote.session:{session.pk}".encode())
    session.save(force_insert=True)
    journal.append(
        ("session", session.pk), action="place", actor=actor, place=session.centre, new=session.state,
        facts={"ticket": str(ticket.pk), "number": ticket.number, "counter": counter.pk},
    )  # fmt: skip
    streams.bump(*stream_names_of(session))
    return session


@transaction.atomic
def answer_notice(session: RemoteSession, *, agreed: bool, actor: str) -> RemoteSession:
    """The resident has been told of the recording and agreed, or refused (which leads to a counter)."""
    ticket = session.ticket
    residents.record_consent(
        notice=residents.current_notice(), person=ticket.person, subject=("session", session.pk), is_agreed=agreed
    )
    if agreed:
        return move_session(session, "agree", actor=actor)
    queueing.move_ticket(ticket, "cancel", actor=actor, outcome=Ticket.Outcome.NEXT_STEP, reason="recording_refused")
    return move_session(session, "refuse", actor=actor, changes={"ended_at": timezone.now(), "end_reason": "refused"})


@transaction.atomic
def leg_changed(session: RemoteSession, *, side: str, is_connected: bool) -> RemoteSession:
    """A side came or went. With both there the call is live; one that goes has 30 s to come back."""
    ticket = Ticket.objects.select_for_update().get(pk=session.ticket_id)
    session = RemoteSession.objects.select_for_update().select_related("centre").get(pk=session.pk)
    Leg.objects.update_or_create(session=session, side=side, defaults={"is_connected": is_connected})
    streams.bump(*stream_names_of(session))
    if not is_connected:
        if session.state == SessionState.LIVE:
            move_session(session, "drop", actor="portal", reason=side, changes={"dropped_at": timezone.now()})
        return session
    if Leg.objects.filter(session=session, is_connected=True).count() < 2:
        return session
    if session.state == SessionState.AGREED:
        if ticket.state == TicketState.CALLED:
            queueing.move_ticket(ticket, "start", actor="portal")
        return move_session(session, "connect", actor="portal", changes={"live_at": timezone.now()})
    if session.state == SessionState.DROPPED:
        return move_session(session, "rejoin", actor="portal", changes={"dropped_at": None})
    return session


def drop_lost_sessions(*, node: str, still_live: set[str]) -> None:
    """A node has come (back) without sessions that it held: both their sides are gone."""
    for session in RemoteSession.objects.filter(node_id=node, state__in=ACTIVE).exclude(pk__in=still_live):
        for side in session.legs.filter(is_connected=True).values_list("side", flat=True):
            leg_changed(session, side=side, is_connected=False)


def lose_dropped_sessions() -> int:
    """End the sessions whose side did not come back in time; their tickets return first. Called by the clock."""
    limit = timezone.now() - timedelta(seconds=RETURN_WITHIN_S)
    lost = 0
    dropped = RemoteSession.objects.filter(state=SessionState.DROPPED, dropped_at__lt=limit)
    for session in dropped.select_related("centre"):
        try:
            with transaction.atomic():
                ticket = Ticket.objects.select_related("centre").get(pk=session.ticket_id)
                # The queue is locked before the ticket, and both before the session; see move_ticket.
                if ticket.state in (TicketState.SERVING, TicketState.HELD):
                    queueing.move_ticket(ticket, "drop", actor="clock", reason="connection_lost")
                ended = {"ended_at": timezone.now(), "end_reason": "connection_lost"}
                move_session(session, "lose", actor="clock", changes=ended)
        except InvalidTransition:
            # The side came back, or somebody ended the call, at this very moment; the ticket stays as it is then.
            continue
        lost += 1
    return lost


@transaction.atomic
def confirm_face(session: RemoteSession, *, actor: str) -> RemoteSession:
    """The clerk has compared face and card; from now on the person's data open at this desk.

    Raises:
        FaceNotConfirmed: they have not seen each other yet.
    """
    if session.live_at is None:
        raise FaceNotConfirmed(_("Wait until the picture is there, then compare face and card."))
    queueing.identify(session.ticket, assurance=Ticket.Assurance.VERIFIED, actor=actor)
    session = RemoteSession.objects.select_for_update().select_related("centre").get(pk=session.pk)
    session.verified_by_clerk_at = timezone.now()
    session.save(update_fields=["verified_by_clerk_at"])
    journal.append(("session", session.pk), action="confirm_face", actor=actor, place=session.centre)
    streams.bump(*stream_names_of(session))
    return session


@transaction.atomic
def open_identity(session: RemoteSession, *, actor: str) -> Identity:
    """What the card says of the person in the call, journalled.

    Raises:
        FaceNotConfirmed: the clerk has not confirmed the face, or no card was read.
    """
    if session.verified_by_clerk_at is None or session.ticket.person is None:
        raise FaceNotConfirmed(_("Compare face and card first. The person's data open after that."))
    return residents.open_identity(
        session.ticket.person, actor=actor, place=session.centre, reason="case_at_desk", subject=("session", session.pk)
    )


@transaction.atomic
def show(
    session: RemoteSession, *, instruction: str | None = None, caption: str | None = None, focus: str | None = None
):
    """Set what the kiosk shows: the one thing to do now, the clerk's typed words, the field in hand."""
    changes = {"instruction": instruction, "caption": caption, "focus": focus}
    changes = {name: value[:200] for name, value in changes.items() if value is not None}
    RemoteSession.objects.filter(pk=session.pk).update(**changes)
    streams.bump(stream_name(session), f"device:{session.device_id}")


@transaction.atomic
def resident_says(session: RemoteSession, *, text: str) -> None:
    """What the resident typed, or asked for with a button; the clerk's screen shows it until the next one."""
    RemoteSession.objects.filter(pk=session.pk).update(resident_words=text[:200])
    streams.bump(*stream_names_of(session))


@transaction.atomic
def end_session(
    session: RemoteSession, *, actor: str, reason: str, outcome: str = "", verb: str = "finish"
) -> RemoteSession:
    """End the call and with it the ticket: `finish` by the clerk, `cancel` when the resident leaves."""
    # Not locked here: some verbs lock the queue first, and it comes before the ticket.
    ticket = Ticket.objects.select_related("centre").get(pk=session.ticket_id)
    if ticket.state in AT_COUNTER:
        if verb == "finish" and ticket.state == TicketState.CALLED:
            queueing.move_ticket(ticket, "start", actor=actor)
        if verb == "finish" and ticket.state == TicketState.HELD:
            queueing.move_ticket(ticket, "resume", actor=actor)
        queueing.move_ticket(ticket, verb, actor=actor, outcome=outcome, reason=reason)
    return move_session(
        session, "end", actor=actor, reason=reason, changes={"ended_at": timezone.now(), "end_reason": reason}
    )


@transaction.atomic
def identify(session: RemoteSession, *, person: Any, actor: str) -> None:
    """A card was read during the call of a typed or anonymous ticket: the ticket is that person's from now on."""
    queueing.identify(session.ticket, person=person, assurance=Ticket.Assurance.CARD, actor=actor)
    streams.bump(*stream_names_of(session))
