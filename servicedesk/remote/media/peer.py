"""One leg: the peer connection of one browser, its tracks tapped into feeds and fed from the other side's feeds."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import SessionDescription

from . import aiortc_inside
from .aiortc_inside import SharedEstimate
from .frames import Feed, Kind, RelayTrack, Side
from .ice import NoPortsLeft
from .jitter import AudioReassembler, MediaPacket, VideoReassembler, WholeFrame

log = logging.getLogger(__name__)

LINES: tuple[Kind, ...] = ("voice", "face", "document")
PUBLISHES: dict[Side, tuple[Kind, ...]] = {"kiosk": ("voice", "face", "document"), "clerk": ("voice", "face")}
OTHER_SIDE: dict[Side, Side] = {"kiosk": "clerk", "clerk": "kiosk"}
LOSS_TICK_S = 0.02
SILENT_AFTER_S = 5.0
CONNECT_WITHIN_S = 20.0
CLOSE_AFTER_ABSENCE_S = 30.0
VIEWER_GONE_AFTER_S = 2.5


class LegRefused(Exception):
    """An offer can't be answered; `code` is for the portal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_offer(sdp: str, ice_servers: list[dict[str, Any]]) -> list[RTCIceServer]:
    """
    Check an offer's three fixed media lines before anything is given up for it; returns the ICE servers.

    Raises:
        LegRefused: `bad_offer`.
    """
    try:
        kinds = [media.kind for media in SessionDescription.parse(sdp).media]
        servers = [RTCIceServer(**server) for server in ice_servers]
    except (ValueError, TypeError, AttributeError, IndexError, AssertionError) as error:
        raise LegRefused("bad_offer", f"The offer can't be read: {error}") from error
    if kinds != ["audio", "video", "video"]:
        raise LegRefused("bad_offer", f"The offer must have the lines audio, video, video; it has {kinds}.")
    return servers


class _Tap:
    """Everything that one receiver needs between its packets and the feed."""

    def __init__(self, receiver: RTCRtpReceiver, feed: Feed, loop: asyncio.AbstractEventLoop) -> None:
        self.feed = feed
        self.arrived_at: float | None = None
        self._receiver = receiver
        self._loop = loop
        self._order = AudioReassembler() if feed.kind == "voice" else VideoReassembler()
        self._ssrc: int | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()
        feed.attach(self.ask_keyframe)

    def on_packet(self, ssrc: int, packet: MediaPacket) -> None:
        self._ssrc = ssrc
        self.arrived_at = packet.arrived_at
        self._publish(self._order.add(packet))
        if self._order.wants_keyframe:
            self.feed.request_keyframe()
        if self._tick is None and self._order.is_waiting:
            self._tick = self._loop.call_later(LOSS_TICK_S, self._on_tick)

    def ask_keyframe(self) -> None:
        if self._ssrc is not None:
            self._send(aiortc_inside.send_picture_loss(self._receiver, self._ssrc))

    def close(self) -> None:
        self.feed.detach(self.ask_keyframe)
        if self._tick is not None:
            self._tick.cancel()
        for task in self._sending:
            task.cancel()

    def _on_tick(self) -> None:
        self._tick = None
        due = self._order.due(self._loop.time())
        self._publish(due.frames)
        if due.nack and self._ssrc is not None:
            self._send(aiortc_inside.send_nack(self._receiver, self._ssrc, due.nack))
        if self._order.wants_keyframe:
            self.feed.request_keyframe()
        if self._order.is_waiting:
            self._tick = self._loop.call_later(LOSS_TICK_S, self._on_tick)

    def _publish(self, frames: list[WholeFrame]) -> None:
        if not self.feed.is_from(self.ask_keyframe):
            # A leg that came back publishes in this one's place already.
            return
        for frame in frames:
            self.feed.publish(
                timestamp=frame.timestamp,
                payload=frame.payload,
                is_keyframe=frame.is_keyframe,
                arrived_at=frame.arrived_at,
            )

    def _send(self, rtcp: Any) -> None:
        task = self._loop.create_task(rtcp)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


class Leg:
    """
    A peer connection of `side`: NEW -> connected <-> silent -> closed, announced through `on_state(leg, state)`.

    `feeds` maps (side, kind) to the session's feeds; the leg publishes to its own side's and views the other side's.
    """

    def __init__(
        self,
        *,
        leg: str,
        side: Side,
        feeds: dict[tuple[Side, Kind], Feed],
        ports: range,
        address: str,
        max_bitrate: int,
        on_state: Callable[["Leg", str], None],
    ) -> None:
        self.leg = leg
        self.side = side
        self.state = "new"
        self._feeds = feeds
        self._ports = ports
        self._address = address
        self._on_state = on_state
        self._loop = asyncio.get_running_loop()
        self.estimate = SharedEstimate(cap=max_bitrate)
        self._peer: RTCPeerConnection | None = None
        self._taps: list[_Tap] = []
        self._relays: list[RelayTrack] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._started_at = self._loop.time()
        self._reported_at: float | None = None
        self.viewer_bitrate: int | None = None

    async def answer(self, sdp: str, ice_servers: list[RTCIceServer]) -> str:
        """
        Answer an offer that `read_offer` has found to be one.

        Raises:
            LegRefused: `bad_offer` or `no_ports`.
        """
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer = peer
        for kind in LINES:
            self._add_line(peer, kind)
        peer.on("connectionstatechange", self._on_connection_state)
        try:
            aiortc_inside.use_port_range(peer, ports=self._ports, address=self._address, ice_servers=ice_servers)
            await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
            await peer.setLocalDescription(await peer.createAnswer())
        except NoPortsLeft as error:
            await self.close()
            raise LegRefused("no_ports", str(error)) from error
        except (ValueError, OperationError, InvalidAccessError, InvalidStateError, AttributeError) as error:
            await self.close()
            raise LegRefused("bad_offer", f"The offer can't be answered: {error}") from error
        return peer.localDescription.sdp

    def _add_line(self, peer: RTCPeerConnection, kind: Kind) -> None:
        publishes = kind in PUBLISHES[self.side]
        views = kind in PUBLISHES[OTHER_SIDE[self.side]]
        direction = {(True, True): "sendrecv", (True, False): "recvonly", (False, True): "sendonly"}[publishes, views]
        media = "audio" if kind == "voice" else "video"
        transceiver = peer.addTransceiver(media, direction=direction)
        wanted = ("audio/opus",) if media == "audio" else ("video/vp8", "video/rtx")
        capabilities = RTCRtpReceiver.getCapabilities(media)
        codecs = capabilities.codecs if capabilities is not None else []
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])
        if publishes:
            tap = _Tap(transceiver.receiver, self._feeds[self.side, kind], self._loop)
            self._taps.append(tap)
            aiortc_inside.tap_receiver(
                transceiver.receiver,
                tap.on_packet,
                is_video=media == "video",
                estimate=self.estimate,
                now=self._loop.time,
            )
        if views:
            feed = self._feeds[OTHER_SIDE[self.side], kind]
            relay = RelayTrack(feed)
            self._relays.append(relay)
            transceiver.sender.replaceTrack(relay)
            self._watch(transceiver.sender, feed)

    def _watch(self, sender: RTCRtpSender, feed: Feed) -> None:
        def on_report() -> None:
            now = self._loop.time()
            if self._reported_at is not None and now - self._reported_at > VIEWER_GONE_AFTER_S:
                # The viewer was cut off and is back: its decoder needs a whole picture.
                for relay in self._relays:
                    relay.feed.request_keyframe()
            self._reported_at = now

        aiortc_inside.watch_sender(
            sender,
            on_keyframe_wanted=feed.request_keyframe,
            on_report=on_report,
            on_bandwidth=self._on_viewer_bandwidth,
        )

    def _on_viewer_bandwidth(self, bitrate: int) -> None:
        self.viewer_bitrate = bitrate

    def check(self) -> None:
        """Once a second: notice silence and peers that vanished without closing."""
        if self.state == "closed":
            return
        now = self._loop.time()
        sent_at = max([tap.arrived_at for tap in self._taps if tap.arrived_at is not None], default=self._started_at)
        silence_s = now - sent_at
        # One who only looks on sends no pictures, but reports what it receives.
        absence_s = now - max(sent_at, self._reported_at or self._started_at)
        if absence_s > (CONNECT_WITHIN_S if self.state == "new" else CLOSE_AFTER_ABSENCE_S):
            log.info("Leg %s of the %s closes after %.0f s without a sign.", self.leg, self.side, absence_s)
            self._close_soon()
        elif self.state == "connected" and silence_s > SILENT_AFTER_S:
            self._set_state("silent")
        elif self.state == "silent" and silence_s < 1.0:
            self._set_state("connected")

    async def close(self) -> None:
        for tap in self._taps:
            tap.close()
        for relay in self._relays:
            relay.stop()
        if self._peer is not None:
            peer, self._peer = self._peer, None
            await peer.close()
        self._set_state("closed")

    def _on_connection_state(self) -> None:
        state = self._peer.connectionState if self._peer is not None else "closed"
        if state == "connected" and self.state == "new":
            self._set_state("connected")
        elif state in ("failed", "closed") and self._peer is not None:
            self._close_soon()

    def _close_soon(self) -> None:
        task = self._loop.create_task(self.close())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _set_state(self, state: str) -> None:
        if state == self.state or self.state == "closed":
            return
        log.info("Leg %s of the %s: %s -> %s", self.leg, self.side, self.state, state)
        self.state = state
        self._on_state(self, state)
