"""What the relay takes from the inside of aiortc is still there; an upgrade that moves it fails here first."""

import asyncio
import inspect

import pytest
from aioice.ice import Connection, StunProtocol
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
from aiortc.rate import RemoteBitrateEstimator

from servicedesk.remote.media.aiortc_inside import PRIVATE_ATTRIBUTES, SharedEstimate
from servicedesk.remote.media.ice import PortRangeConnection

from .conftest import RunningNode
from .peers import until


@pytest.fixture
async def peer():
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind in ("audio", "video", "video"):
        peer.addTransceiver(kind)
    yield peer
    await peer.close()


async def test_each_private_attribute_is_there(peer: RTCPeerConnection):
    transceiver = peer.getTransceivers()[1]
    dtls = transceiver.receiver.transport
    objects = {
        "receiver": transceiver.receiver,
        "sender": transceiver.sender,
        "dtls": dtls,
        "router": dtls._rtp_router,
        "ice": dtls.transport,
        "gatherer": dtls.transport.iceGatherer,
    }
    assert set(objects) == set(PRIVATE_ATTRIBUTES)
    absent = [
        f"{name}.{a}" for name, names in PRIVATE_ATTRIBUTES.items() for a in names if not hasattr(objects[name], a)
    ]
    assert absent == []


async def test_three_lines_share_one_transport(peer: RTCPeerConnection):
    assert len({id(t.receiver.transport) for t in peer.getTransceivers()}) == 1


def test_the_signatures_that_are_called_or_stood_in_for_are_the_same():
    assert list(inspect.signature(RemoteBitrateEstimator.add).parameters)[1:] == [
        "arrival_time_ms",
        "abs_send_time",
        "payload_size",
        "ssrc",
    ]
    assert list(inspect.signature(Connection.get_component_candidates).parameters) == list(
        inspect.signature(PortRangeConnection.get_component_candidates).parameters
    )
    assert list(inspect.signature(StunProtocol.datagram_received).parameters) == ["self", "data", "addr"]


async def test_a_frame_passes_undecoded_and_no_decoder_thread_stays(running: RunningNode):
    import threading

    running.node.open_session("s1")
    kiosk = await running.join("s1", "kiosk", "k")
    clerk = await running.join("s1", "clerk", "c")
    await until(lambda: clerk.decoded["document"] > 3 and kiosk.decoded["voice"] > 3, what="frames")
    decoders = [t for t in threading.enumerate() if t.name.endswith("-decoder")]
    # Those of the two made-up browsers alone: two at the kiosk, three at the clerk.
    assert len(decoders) == 5


def test_an_estimate_is_capped_and_lowered_for_a_narrow_viewer():
    estimate = SharedEstimate(cap=1_500_000)
    seen = []
    for n in range(4000):
        now_ms = n * 4
        if n == 2000:
            estimate.viewer_limit = 400_000
        told = estimate.add(
            abs_send_time=(now_ms * (1 << 18) // 1000) & 0xFFFFFF, arrival_time_ms=now_ms, payload_size=1500, ssrc=n % 2
        )
        if told is not None:
            seen.append((n, *told))
    assert {tuple(sorted(ssrcs)) for n, _, ssrcs in seen if n > 100} == {(0, 1)}
    assert max(rate for n, rate, _ in seen if n < 2000) == 1_500_000
    assert {rate for n, rate, _ in seen if n > 2000} == {400_000}


async def test_silence_is_noticed_and_its_end(running: RunningNode, monkeypatch: pytest.MonkeyPatch):
    from servicedesk.remote.media import peer as peer_module

    monkeypatch.setattr(peer_module, "SILENT_AFTER_S", 1.0)
    running.node.open_session("s1")
    clerk = await running.join("s1", "clerk", "c")
    await until(lambda: running.told("leg.state"), what="the leg")
    for sender in clerk.peer.getSenders():
        sender._enabled = False
    await until(lambda: running.told("leg.state")[-1]["state"] == "silent", what="silence")
    for sender in clerk.peer.getSenders():
        sender._enabled = True
    await until(lambda: running.told("leg.state")[-1]["state"] == "connected", what="its end")


async def test_a_peer_that_vanishes_without_closing_is_closed(running: RunningNode, monkeypatch: pytest.MonkeyPatch):
    from servicedesk.remote.media import peer as peer_module

    monkeypatch.setattr(peer_module, "CLOSE_AFTER_ABSENCE_S", 2.0)
    running.node.open_session("s1")
    clerk = await running.join("s1", "clerk", "c")
    await until(lambda: running.told("leg.state"), what="the leg")
    connection = clerk.peer.getTransceivers()[0].receiver.transport.transport._connection
    for protocol in connection._protocols:
        protocol.transport.pause_reading()
        protocol.transport.sendto = lambda *args: None
    await until(lambda: running.told("leg.state")[-1]["state"] == "closed", what="the end of the leg")
    await asyncio.sleep(0)
    assert running.node._sessions["s1"].legs == {}
