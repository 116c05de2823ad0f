"""A video session goes its way: placed, told of the recording, live, dropped and lost, ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.base.errors import InvalidTransition
from portal.base.journal import services as journal
from portal.base.streams.services import seq_of
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import TicketState
from servicedesk.remote import nodes
from servicedesk.remote import services as remote
from servicedesk.remote.errors import FaceNotConfirmed, NoVideoLine
from servicedesk.remote.models import MediaNode, RemoteSession
from servicedesk.remote.states import SessionState
from servicedesk.residents.models import Consent
from tests.cast import RESIDENT, SECOND_RESIDENT
from tests.servicedesk.cases.at_desk import a_kiosk, a_person, a_ticket
from tests.servicedesk.remote.calls import a_live_session, a_placed_session, connected

pytestmark = pytest.mark.django_db
ACTOR = "user:1"


def again(session: RemoteSession) -> RemoteSession:
    return remote.get_session(str(session.pk))


def a_node(name: str, *, sessions: int = 0, capacity: int = 8, is_alive: bool = True) -> MediaNode:
    node = nodes.lease_node(name=name, capacity=capacity, channel=f"channel-{name}", sessions=sessions)
    if not is_alive:
        MediaNode.objects.filter(name=name).update(lease_until=timezone.now() - timedelta(seconds=1))
    return node


def actions_of(session: RemoteSession) -> list[str]:
    return [entry.action for entry in journal.entries_for(("session", session.pk))]


def dropped(session: RemoteSession, *, seconds_ago: int) -> RemoteSession:
    remote.leg_changed(session, side="kiosk", is_connected=False)
    RemoteSession.objects.filter(pk=session.pk).update(dropped_at=timezone.now() - timedelta(seconds=seconds_ago))
    return again(session)


# --- placing -----------------------------------------------------------------------------------------------------


def test_a_remote_number_gets_its_session_with_the_call(cast):
    a_node("node-1")
    session = a_placed_session(cast)
    assert (session.state, session.counter, session.clerk) == (SessionState.PLACED, cast.counter, cast.clerk)
    assert (session.ticket.state, session.node_id) == (TicketState.CALLED, "node-1")
    assert len(remote.recording_key(session)) == 32
    assert actions_of(session) == ["place"]
    assert seq_of(f"device:{session.device_id}") > 0


def test_each_session_has_a_key_of_its_own(cast):
    first = a_live_session(cast)
    remote.end_session(first, actor=ACTOR, reason="finished", outcome="done")
    a_ticket(cast, person=a_person(SECOND_RESIDENT), item=None, device=first.device)
    remote.call_next(cast.counter, clerk=cast.clerk, actor=ACTOR)
    second = remote.session_at(cast.counter)
    assert second.pk != first.pk and remote.recording_key(second) != remote.recording_key(first)


def test_a_number_of_the_hall_gets_none(cast):
    from servicedesk.queueing import services as queueing

    queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="resident")
    ticket = remote.call_next(cast.counter, clerk=cast.clerk, actor=ACTOR)
    assert ticket is not None and not RemoteSession.objects.exists()
    assert remote.session_at(cast.counter) is None


def test_two_numbers_of_one_kiosk_are_not_called_at_once(cast):
    session = a_placed_session(cast)
    a_ticket(cast, person=a_person(SECOND_RESIDENT), item=None, device=session.device)
    assert remote.call_next(cast.second_counter, clerk=cast.second_clerk, actor=ACTOR) is None
    assert remote.active_session_of(session.device) == session


# --- the notice --------------------------------------------------------------------------------------------------


def test_an_agreed_notice_is_kept_as_consent(cast):
    session = a_placed_session(cast)
    assert remote.answer_notice(session, agreed=True, actor="resident").state == SessionState.AGREED
    consent = Consent.objects.get()
    assert consent.is_agreed and consent.person == session.ticket.person
    assert again(session).ticket.state == TicketState.CALLED


def test_a_refused_notice_ends_call_and_number_and_is_kept(cast):
    session = a_placed_session(cast)
    remote.answer_notice(session, agreed=False, actor="resident")
    session = again(session)
    assert (session.state, session.end_reason, session.ticket.state) == (
        SessionState.REFUSED, "refused", TicketState.CANCELLED,
    )  # fmt: skip
    assert not Consent.objects.get().is_agreed
    assert remote.active_session_of(session.device) is None
    # The counter is free for the next one.
    assert remote.call_next(cast.counter, clerk=cast.clerk, actor=ACTOR) is None


def test_a_notice_is_answered_once(cast):
    session = a_placed_session(cast)
    stale = again(session)
    remote.answer_notice(session, agreed=True, actor="resident")
    with pytest.raises(InvalidTransition):
        remote.answer_notice(stale, agreed=False, actor="resident")
    session = again(session)
    assert (session.state, session.ticket.state) == (SessionState.AGREED, TicketState.CALLED)
    assert Consent.objects.count() == 1


# --- the legs ----------------------------------------------------------------------------------------------------


def test_a_call_is_live_when_both_sides_are_there(cast):
    session = a_placed_session(cast)
    remote.answer_notice(session, agreed=True, actor="resident")
    assert remote.leg_changed(session, side="clerk", is_connected=True).state == SessionState.AGREED
    assert remote.leg_changed(session, side="clerk", is_connected=True).state == SessionState.AGREED
    live = remote.leg_changed(session, side="kiosk", is_connected=True)
    assert live.state == SessionState.LIVE and live.live_at is not None
    assert again(session).ticket.state == TicketState.SERVING


def test_a_side_may_come_back(cast):
    session = dropped(a_live_session(cast), seconds_ago=29)
    assert session.state == SessionState.DROPPED
    assert remote.lose_dropped_sessions() == 0
    back = remote.leg_changed(session, side="kiosk", is_connected=True)
    assert (back.state, back.dropped_at, back.ticket_id) == (SessionState.LIVE, None, session.ticket_id)


def test_a_side_that_stays_away_ends_the_call_and_the_number_returns_first(cast):
    session = a_live_session(cast)
    other_device, _private = a_kiosk(cast.second_point, "DN-02-K1")
    a_ticket(cast, person=a_person(SECOND_RESIDENT), item=None, device=other_device)
    dropped(session, seconds_ago=31)
    assert remote.lose_dropped_sessions() == 1
    assert remote.lose_dropped_sessions() == 0
    session = again(session)
    assert (session.state, session.end_reason) == (SessionState.ENDED, "connection_lost")
    assert session.ticket.state == TicketState.WAITING and session.ticket.returned_first
    called = remote.call_next(cast.counter, clerk=cast.clerk, actor=ACTOR)
    assert called == session.ticket
    assert remote.session_at(cast.counter).pk != session.pk


def test_a_lost_call_of_a_number_that_is_over_stops_no_other(cast):
    session = dropped(a_live_session(cast), seconds_ago=31)
    Ticket.objects.filter(pk=session.ticket_id).update(state=TicketState.FINISHED, ended_at=timezone.now())
    assert remote.lose_dropped_sessions() == 1
    session = again(session)
    assert (session.state, session.ticket.state) == (SessionState.ENDED, TicketState.FINISHED)


def test_a_node_that_came_back_without_a_call_has_dropped_it(cast):
    a_node("node-1")
    session = a_live_session(cast)
    remote.drop_lost_sessions(node="node-1", still_live={str(session.pk)})
    assert again(session).state == SessionState.LIVE
    remote.drop_lost_sessions(node="node-1", still_live=set())
    assert again(session).state == SessionState.DROPPED
    assert not session.legs.filter(is_connected=True).exists()


# --- the person --------------------------------------------------------------------------------------------------


def test_the_persons_data_stay_closed_until_the_face_is_confirmed(cast):
    session = a_live_session(cast)
    with pytest.raises(FaceNotConfirmed):
        remote.open_identity(session, actor=ACTOR)
    remote.confirm_face(session, actor=ACTOR)
    session = again(session)
    assert session.ticket.assurance == Ticket.Assurance.VERIFIED
    identity = remote.open_identity(session, actor=ACTOR)
    assert (identity.name, identity.number) == (RESIDENT.name, RESIDENT.number)
    assert "confirm_face" in actions_of(session)


def test_without_a_card_there_is_nothing_to_open_even_after_confirming(cast):
    session = a_live_session(cast, has_card=False)
    remote.confirm_face(session, actor=ACTOR)
    with pytest.raises(FaceNotConfirmed):
        remote.open_identity(again(session), actor=ACTOR)


def test_a_card_read_in_the_call_makes_the_number_that_persons(cast):
    session = a_live_session(cast, has_card=False)
    person = a_person(RESIDENT)
    remote.identify(session, person=person, actor="device:DN-01-K1")
    session = again(session)
    assert (session.ticket.person, session.ticket.assurance) == (person, Ticket.Assurance.CARD)


def test_what_the_kiosk_shows_is_set_one_by_one(cast):
    session = a_live_session(cast)
    before = seq_of(f"device:{session.device_id}")
    remote.show(session, instruction="sign")
    remote.show(session, caption="请" * 300)
    session = again(session)
    assert (session.instruction, session.caption) == ("sign", "请" * 200)
    assert seq_of(f"device:{session.device_id}") == before + 2


# --- the end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        ("placed", "finish", TicketState.FINISHED),
        ("live", "finish", TicketState.FINISHED),
        ("held", "finish", TicketState.FINISHED),
        ("placed", "no_show", TicketState.NO_SHOW),
        ("placed", "cancel", TicketState.CANCELLED),
        ("live", "cancel", TicketState.CANCELLED),
        ("live", "transfer", TicketState.WAITING),
    ],
)
def test_the_number_ends_with_the_call(cast, before, verb, after):
    from servicedesk.queueing import services as queueing

    session = a_placed_session(cast)
    if before != "placed":
        session = connected(session)
    if before == "held":
        queueing.move_ticket(session.ticket, "hold", actor=ACTOR)
    outcome = "done" if verb == "finish" else ""
    remote.end_session(session, actor=ACTOR, reason="because", outcome=outcome, verb=verb)
    session = again(session)
    assert (session.state, session.end_reason, session.ticket.state) == (SessionState.ENDED, "because", after)
    assert session.ended_at is not None and remote.session_at(cast.counter) is None


def test_a_call_ends_once(cast):
    session = a_live_session(cast)
    stale = again(session)
    remote.end_session(session, actor=ACTOR, reason="finished", outcome="done")
    with pytest.raises(InvalidTransition):
        remote.end_session(stale, actor="resident", reason="resident_left", verb="cancel")
    session = again(session)
    assert (session.end_reason, session.ticket.state) == ("finished", TicketState.FINISHED)


def test_nothing_ends_when_the_number_cannot_go_that_way(cast):
    session = a_live_session(cast)
    with pytest.raises(InvalidTransition):
        remote.end_session(session, actor=ACTOR, reason="nobody_came", verb="no_show")
    session = again(session)
    assert (session.state, session.ticket.state) == (SessionState.LIVE, TicketState.SERVING)


def test_the_kiosk_asks_for_a_rating_only_after_a_call_that_took_place(cast):
    session = a_live_session(cast)
    assert remote.unrated_session_of(session.device) is None
    remote.end_session(session, actor=ACTOR, reason="finished", outcome="done")
    assert remote.unrated_session_of(session.device) == session
    RemoteSession.objects.update(ended_at=timezone.now() - timedelta(seconds=121))
    assert remote.unrated_session_of(session.device) is None


def test_the_chain_of_a_session_holds(cast):
    session = a_live_session(cast)
    remote.confirm_face(session, actor=ACTOR)
    remote.end_session(session, actor=ACTOR, reason="finished", outcome="done")
    assert journal.chain_faults(("session", session.pk)) == []
    assert actions_of(session) == ["place", "agree", "connect", "confirm_face", "end"]


# --- nodes -------------------------------------------------------------------------------------------------------


def test_the_node_with_the_most_room_is_taken(cast):
    a_node("full", sessions=8)
    a_node("gone", is_alive=False)
    a_node("busy", sessions=3)
    a_node("calm", sessions=1)
    assert nodes.least_loaded_node().name == "calm"


def test_a_node_that_is_gone_is_replaced(cast):
    a_node("first")
    session = a_placed_session(cast)
    assert nodes.node_for(session).name == "first"
    a_node("first", is_alive=False)
    with pytest.raises(NoVideoLine):
        nodes.node_for(session)
    a_node("second")
    assert nodes.node_for(session).name == "second"
    assert again(session).node_id == "second" and actions_of(session)[-1] == "node"


def test_only_the_connection_that_leased_a_node_releases_it(cast):
    nodes.lease_node(name="node-1", capacity=8, channel="new")
    nodes.release_node(name="node-1", channel="old")
    assert nodes.least_loaded_node() is not None
    nodes.release_node(name="node-1", channel="new")
    assert nodes.least_loaded_node() is None


def test_a_check_point_never_goes_back(cast):
    session = a_live_session(cast)
    for count in (2, 5, 3):
        nodes.check_point(str(session.pk), track="voice-kiosk", count=count, head=f"{count:064x}", size_bytes=count)
    track = session.tracks.get()
    assert (track.segments, track.head) == (5, f"{5:064x}")
    last = {"track": "voice-kiosk", "kind": "voice", "side": "kiosk", "count": 6, "head": "6" * 64, "bytes": 60}
    nodes.close_tracks(str(session.pk), [last])
    nodes.check_point(str(session.pk), track="voice-kiosk", count=9, head="9" * 64, size_bytes=90)
    track.refresh_from_db()
    assert (track.segments, track.head, track.is_closed) == (6, "6" * 64, True)
