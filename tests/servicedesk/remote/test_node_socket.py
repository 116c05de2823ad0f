"""The media node's connection: its token, its lease, offers to it, keys and check-points from it."""

import asyncio
import base64
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from portal.asgi import routed
from servicedesk.remote import nodes, signalling
from servicedesk.remote import services as remote
from servicedesk.remote.errors import NoVideoLine
from servicedesk.remote.models import MediaNode, RemoteSession
from servicedesk.remote.states import SessionState
from tests.cast import make_cast
from tests.servicedesk.remote.calls import a_placed_session
from tests.sockets import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = {"type": "hello", "node": "node-1", "capacity": 4, "sessions": []}


async def a_session() -> RemoteSession:
    return await sync_to_async(lambda: a_placed_session(make_cast()))()


async def in_state(session: RemoteSession) -> str:
    return (await sync_to_async(remote.get_session)(str(session.pk))).state


async def opened(**changes) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(routed, "/ws/node/")
    accepted, _code = await socket.connect(timeout=10)
    assert accepted
    await socket.send_json_to(HELLO | {"token": settings.NODE_TOKEN} | changes)
    return socket


async def welcomed(**changes) -> WebsocketCommunicator:
    socket = await opened(**changes)
    assert await socket.receive_json_from(timeout=10) == {"type": "welcome", "lease_s": nodes.NODE_LEASE_S}
    return socket


async def tell(socket: WebsocketCommunicator, number: int, **message) -> None:
    """Say something with a number, and wait until it is acknowledged."""
    await socket.send_json_to(message | {"n": number})
    assert await socket.receive_json_from(timeout=10) == {"type": "ack", "n": number}


@pytest.mark.parametrize("wrong", [{"token": "guessed"}, {"token": None}, {"type": "stats"}])
async def test_without_the_token_a_node_is_closed_out(wrong):
    socket = await opened(**wrong)
    output = await socket.receive_output(timeout=10)
    assert (output["type"], output["code"]) == ("websocket.close", 4401)
    assert await MediaNode.objects.acount() == 0


async def test_a_node_holds_its_lease_while_it_is_connected():
    socket = await welcomed(node="node/1 ; x")
    node = await MediaNode.objects.aget()
    assert (node.name, node.capacity) == ("node1x", 4) and node.lease_until > timezone.now()
    await socket.disconnect()
    assert await sync_to_async(nodes.least_loaded_node)() is None


async def test_an_offer_goes_to_the_node_and_its_answer_comes_back():
    session = await a_session()
    socket = await welcomed()
    waiting = asyncio.create_task(signalling.exchange(session, side="kiosk", sdp="v=0 offer"))
    assert await socket.receive_json_from(timeout=10) == {"type": "session.open", "session": str(session.pk)}
    offer = await socket.receive_json_from(timeout=10)
    assert (offer["type"], offer["side"], offer["sdp"]) == ("leg.offer", "kiosk", "v=0 offer")

    await tell(socket, 1, type="session.opened", session=str(session.pk))
    answer = {"request": offer["request"], "session": offer["session"], "leg": offer["leg"], "sdp": "v=0 answer"}
    await tell(socket, 2, type="leg.answer", **answer)
    assert await waiting == {"sdp": "v=0 answer", "leg": offer["leg"]}

    # The second side's offer does not open the session once more.
    waiting = asyncio.create_task(signalling.exchange(session, side="clerk", sdp="v=0"))
    offer = await socket.receive_json_from(timeout=10)
    assert (offer["type"], offer["side"]) == ("leg.offer", "clerk")
    await tell(socket, 3, type="leg.error", request=offer["request"], code="full", message="full")
    with pytest.raises(NoVideoLine):
        await waiting
    await socket.disconnect()


async def test_an_offer_that_no_node_answers_is_refused(monkeypatch):
    monkeypatch.setattr(signalling, "ANSWER_WITHIN_S", 0.2)
    session = await a_session()
    with pytest.raises(NoVideoLine):
        await signalling.exchange(session, side="kiosk", sdp="v=0")
    socket = await welcomed()
    with pytest.raises(NoVideoLine):
        await signalling.exchange(session, side="kiosk", sdp="v=0")
    await socket.disconnect()


async def test_key_legs_check_points_and_the_closed_tracks(monkeypatch):
    session = await a_session()
    await sync_to_async(remote.answer_notice)(session, agreed=True, actor="resident")
    pk = str(session.pk)
    socket = await welcomed()
    await socket.send_json_to({"type": "key.request", "session": pk})
    key = await socket.receive_json_from(timeout=10)
    assert (key["type"], key["recording"]) == ("key", True)
    assert base64.b64decode(key["key"]) == remote.recording_key(session)

    for number, side in enumerate(("kiosk", "clerk"), start=1):
        await tell(socket, number, type="leg.state", session=pk, side=side, leg="a", state="connected")
    assert await in_state(session) == SessionState.LIVE
    await tell(socket, 3, type="leg.state", session=pk, side="clerk", leg="a", state="silent")
    assert await in_state(session) == SessionState.DROPPED

    point = {"session": pk, "track": "voice-kiosk", "count": 3, "head": "a" * 64, "bytes": 300}
    await tell(socket, 4, type="checkpoint", **point)
    # Sent again after a lost acknowledgement: harmless.
    await tell(socket, 4, type="checkpoint", **point)
    track = await session.tracks.aget()
    assert (track.segments, track.head, track.is_closed) == (3, "a" * 64, False)

    closed = {"track": "voice-kiosk", "kind": "voice", "side": "kiosk", "codec": "opus", "count": 4, "head": "b" * 64}
    await tell(socket, 5, type="session.closed", session=pk, tracks=[closed | {"bytes": 400}])
    await track.arefresh_from_db()
    assert (track.segments, track.head, track.kind, track.is_closed) == (4, "b" * 64, "voice", True)
    await socket.disconnect()


async def test_words_that_are_not_understood_are_acknowledged_and_change_nothing():
    socket = await welcomed()
    await tell(socket, 1, type="of.tomorrow")
    await tell(
        socket, 2, type="checkpoint", session="00000000-0000-7000-8000-000000000000", track="x", count=1, head="a"
    )
    await tell(socket, 3, type="checkpoint", session="no id", track="x", count=1, head="a")
    await tell(socket, 4, type="leg.state", session="no id")
    await tell(socket, 5, type="stats", sessions=0, load=0.1)
    await socket.disconnect()


async def test_a_node_hears_that_a_call_is_over_even_when_nobody_told_it(monkeypatch):
    from servicedesk.remote import consumers

    monkeypatch.setattr(consumers, "LOOK_FOR_ENDED_EVERY_S", 0.1)
    session = await a_session()
    socket = await welcomed(sessions=[str(session.pk)])
    await sync_to_async(remote.end_session)(session, actor="user:1", reason="finished", outcome="done")
    assert await socket.receive_json_from(timeout=20) == {"type": "session.close", "session": str(session.pk)}
    await socket.disconnect()


async def test_a_node_that_starts_anew_has_lost_its_calls():
    session = await a_session()
    await sync_to_async(remote.answer_notice)(session, agreed=True, actor="resident")
    await RemoteSession.objects.filter(pk=session.pk).aupdate(node=await MediaNode.objects.acreate(
        name="node-1", capacity=4, lease_until=timezone.now() + timedelta(seconds=20)))  # fmt: skip
    for side in ("kiosk", "clerk"):
        await sync_to_async(remote.leg_changed)(session, side=side, is_connected=True)
    socket = await welcomed()
    assert await in_state(session) == SessionState.DROPPED
    await socket.disconnect()
