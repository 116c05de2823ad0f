"""The node's WebSocket to the portal: commands, acknowledgements, breaks, and its end."""

import asyncio
import threading

import pytest

from servicedesk.remote.media.client import Outbox, portal_socket, run
from servicedesk.remote.media.node import NodeSettings, parse_udp_ports

from .conftest import KEY
from .peers import MadeUpBrowser, until
from .portal_double import PortalDouble


@pytest.fixture
async def portal():
    portal = PortalDouble(17700, key=KEY)
    await portal.start()
    yield portal
    await portal.stop()


@pytest.fixture
async def linked(portal: PortalDouble, node_settings: NodeSettings):
    stop = asyncio.Event()
    node = asyncio.create_task(run(node_settings, stop=stop))
    await portal.node_arrives()
    yield portal
    stop.set()
    await asyncio.wait_for(node, 20)


async def test_a_session_is_opened_recorded_and_closed_over_the_wire(linked: PortalDouble):
    assert linked.hellos[0] == {
        "type": "hello",
        "node": "node-1",
        "token": "node-token",
        "capacity": 2,
        "sessions": [],
    }
    await linked.open_session("s1")
    kiosk, clerk = MadeUpBrowser("kiosk"), MadeUpBrowser("clerk")
    await kiosk.accept(await linked.offer("s1", side="kiosk", leg="k", sdp=await kiosk.offer()))
    await clerk.accept(await linked.offer("s1", side="clerk", leg="c", sdp=await clerk.offer()))
    await until(lambda: clerk.decoded["document"] > 5 and kiosk.decoded["face"] > 5, what="pictures on both sides")
    await until(lambda: linked.told("checkpoint", track="face-kiosk"), what="a check-point")
    assert set(linked.told("checkpoint")[0]) == {"type", "n", "session", "track", "count", "head", "bytes"}
    await until(lambda: linked.told("stats", sessions=1), what="stats")
    await linked.send({"type": "leg.close", "session": "s1", "leg": "k"})
    await until(lambda: linked.told("leg.state", leg="k", state="closed"), what="the kiosk's leg closed")
    await linked.send({"type": "session.close", "session": "s1"})
    await until(lambda: linked.told("session.closed", session="s1"), what="session.closed")
    tracks = linked.told("session.closed")[0]["tracks"]
    assert {t["track"] for t in tracks} == {"voice-kiosk", "face-kiosk", "document-kiosk", "voice-clerk", "face-clerk"}
    assert all(
        set(t) == {"track", "kind", "side", "started_at", "count", "head", "bytes", "codec"} and t["count"] > 0
        for t in tracks
    )
    assert linked.acknowledged == list(range(1, len(linked.acknowledged) + 1))
    await asyncio.gather(kiosk.close(), clerk.close())


async def test_what_was_not_acknowledged_is_sent_again_after_a_break(linked: PortalDouble):
    linked.is_deaf = True
    await linked.send({"type": "session.open", "session": "s1"})
    await until(lambda: linked.told("session.opened"), what="session.opened")
    linked.is_deaf = False
    await linked.hang_up()
    await linked.node_arrives(hellos=2)
    assert linked.hellos[1]["sessions"] == ["s1"]
    await until(lambda: len(linked.told("session.opened")) == 2, what="session.opened again")
    first, again = linked.told("session.opened")
    assert first["n"] == again["n"]
    await until(lambda: len(linked.told("key.request")) == 2, what="key.request again")


async def test_a_call_goes_on_while_the_portal_is_away(linked: PortalDouble):
    await linked.open_session("s1")
    kiosk, clerk = MadeUpBrowser("kiosk"), MadeUpBrowser("clerk")
    await kiosk.accept(await linked.offer("s1", side="kiosk", leg="k", sdp=await kiosk.offer()))
    await clerk.accept(await linked.offer("s1", side="clerk", leg="c", sdp=await clerk.offer()))
    await until(lambda: clerk.decoded["face"] > 5, what="the kiosk's pictures")
    await linked.hang_up()
    seen = clerk.decoded["face"]
    await until(lambda: clerk.decoded["face"] > seen + 10, what="more pictures without the portal")
    await linked.node_arrives(hellos=2)
    await asyncio.gather(kiosk.close(), clerk.close())


async def test_repeating_a_command_is_harmless(linked: PortalDouble):
    for _ in range(2):
        await linked.open_session("s1")
    clerk = MadeUpBrowser("clerk")
    sdp = await clerk.offer()
    first = await linked.offer("s1", side="clerk", leg="c", sdp=sdp)
    await linked.offer("s1", side="clerk", leg="c", sdp=sdp)
    await until(lambda: len(linked.told("leg.answer")) == 2, what="the answer again")
    assert linked.told("leg.answer")[1]["sdp"] == first
    for _ in range(2):
        await linked.send({"type": "session.close", "session": "s1"})
    await until(lambda: len(linked.told("session.closed")) == 2, what="session.closed twice")
    await clerk.close()


async def test_refusals_and_malformed_commands_are_answered(linked: PortalDouble):
    await linked.open_session("s1")
    await linked.open_session("s2")
    await linked.send({"type": "session.open", "session": "s3"})
    await until(lambda: linked.told("session.refused", session="s3", code="full"), what="session.refused")
    await linked.send({"type": "leg.offer", "request": "r", "session": "s1", "side": "clerk", "leg": "l", "sdp": "x"})
    await until(lambda: linked.told("leg.error", request="r", code="bad_offer"), what="leg.error")
    await linked.send({"type": "key", "session": "s1", "key": "not base64!"})
    await until(lambda: linked.told("error", code="malformed"), what="error")
    await linked.send({"type": "leg.sing", "session": "s1"})
    await linked.open_session("s1")


async def test_stopping_with_live_peers_closes_the_session(portal: PortalDouble, node_settings: NodeSettings):
    stop = asyncio.Event()
    node = asyncio.create_task(run(node_settings, stop=stop))
    await portal.node_arrives()
    await portal.open_session("s1")
    clerk = MadeUpBrowser("clerk")
    await clerk.accept(await portal.offer("s1", side="clerk", leg="c", sdp=await clerk.offer()))
    await until(lambda: portal.told("leg.state", leg="c", state="connected"), what="the clerk's leg")
    stop.set()
    await asyncio.wait_for(node, 10)
    assert portal.told("session.closed", session="s1")
    await clerk.close()


async def test_it_runs_in_a_thread_of_another_program(portal: PortalDouble, node_settings: NodeSettings):
    ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        ready.append((asyncio.get_running_loop(), stop))
        await run(node_settings, stop=stop)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    await portal.node_arrives()
    await portal.open_session("s1")
    loop, stop = ready[0]
    loop.call_soon_threadsafe(stop.set)
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()


async def test_a_cancelled_node_closes_its_sessions_too(portal: PortalDouble, node_settings: NodeSettings):
    node = asyncio.create_task(run(node_settings))
    await portal.node_arrives()
    await portal.open_session("s1")
    node.cancel()
    await asyncio.gather(node, return_exceptions=True)
    assert portal.told("session.closed", session="s1")


async def test_only_the_latest_checkpoint_waits_for_the_portal():
    outbox = Outbox()
    outbox.put({"type": "session.opened", "session": "s1"})
    for count in (1, 2, 3):
        outbox.put({"type": "checkpoint", "session": "s1", "track": "face-kiosk", "count": count})
        outbox.put({"type": "checkpoint", "session": "s1", "track": "voice-kiosk", "count": count})
    waiting = outbox.take_unsent()
    assert [(m["type"], m.get("count")) for m in waiting] == [
        ("session.opened", None),
        ("checkpoint", 3),
        ("checkpoint", 3),
    ]
    assert outbox.take_unsent() == []
    outbox.acknowledge(waiting[0]["n"])
    outbox.start_again()
    assert outbox.take_unsent() == waiting[1:]


def test_addresses_and_ports_are_checked():
    assert portal_socket("https://linban.example/") == "wss://linban.example/ws/node/"
    with pytest.raises(ValueError, match="PORTAL_URL"):
        portal_socket("linban.example")
    assert parse_udp_ports("40000-40200") == (40000, 40200)
    for wrong in ("", "40000", "40200-40000", "80-90", "a-b", "40000-70000"):
        with pytest.raises(ValueError, match="MEDIA_UDP_PORTS"):
            parse_udp_ports(wrong)
