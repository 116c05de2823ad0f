"""The only place that touches private attributes of aiortc: frames leave a receiver undecoded, estimates are shared."""

from collections.abc import Callable, Iterable
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcicetransport import connection_kwargs
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpRrPacket, RtcpSrPacket, RtpPacket, unpack_remb_fci

from .ice import PortRangeConnection
from .jitter import MediaPacket

# The contract test asserts that each of these is there; an upgrade of aiortc that moves one fails there, not in a call.
PRIVATE_ATTRIBUTES = {
    "receiver": (
        "_RTCRtpReceiver__decoder_queue",
        "_RTCRtpReceiver__jitter_buffer",
        "_RTCRtpReceiver__nack_generator",
        "_RTCRtpReceiver__remote_bitrate_estimator",
        "_RTCRtpReceiver__rtx_ssrc",
        "_send_rtcp_nack",
        "_send_rtcp_pli",
    ),
    "sender": ("_handle_rtcp_packet", "_send_keyframe", "_ssrc"),
    "dtls": ("_rtp_router", "_state"),
    "router": ("ssrc_table",),
    "ice": ("_connection", "_recv", "_send"),
    "gatherer": ("_connection",),
}
LOWEST_BITRATE = 150_000

PacketHandler = Callable[[int, MediaPacket], None]


class SharedEstimate:
    """
    One estimate of the bandwidth from a publisher for all its tracks, capped, for one estimate a track starves each.

    It is lowered further only while a viewer's own estimate is below what is forwarded to it.
    """

    def __init__(self, *, cap: int) -> None:
        self._inner = RemoteBitrateEstimator()
        self._cap = cap
        self.viewer_limit: int | None = None

    def add(
        self, *, abs_send_time: int, arrival_time_ms: int, payload_size: int, ssrc: int
    ) -> tuple[int, list[int]] | None:
        estimate = self._inner.add(
            abs_send_time=abs_send_time, arrival_time_ms=arrival_time_ms, payload_size=payload_size, ssrc=ssrc
        )
        if estimate is None:
            return None
        bitrate = min(estimate[0], self._cap)
        if self.viewer_limit is not None:
            bitrate = max(LOWEST_BITRATE, min(bitrate, self.viewer_limit))
        return bitrate, estimate[1]


class _FramesLeaveHere:
    """Stands where aiortc's jitter buffer was: passes each packet to `on_packet` and gives nothing to decode."""

    def __init__(self, on_packet: PacketHandler, *, is_video: bool, now: Callable[[], float]) -> None:
        self._on_packet = on_packet
        self._is_video = is_video
        self._now = now

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        payload = packet.payload
        media = MediaPacket(
            sequence=packet.sequence_number,
            timestamp=packet.timestamp,
            payload=packet._data,  # type: ignore[attr-defined]
            marker=bool(packet.marker),
            # RFC 7741 section 4.2: a frame begins where S is 1 and the partition index is 0.
            starts_frame=not self._is_video or (bool(payload) and payload[0] & 0x17 == 0x10),
            arrived_at=self._now(),
        )
        self._on_packet(packet.ssrc, media)
        return False, None


class _NothingToDecode:
    """Stands where the decoder thread's queue was: the thread ends at once, its end marks the track's end."""

    def put(self, item: object) -> None:
        del item

    def get(self) -> None:
        return None


def tap_receiver(
    receiver: RTCRtpReceiver,
    on_packet: PacketHandler,
    *,
    is_video: bool,
    estimate: SharedEstimate,
    now: Callable[[], float],
) -> None:
    """Let `on_packet(ssrc, packet)` have every packet of this receiver instead of a decoder; before negotiating."""
    inside: Any = receiver
    inside._RTCRtpReceiver__decoder_queue = _NothingToDecode()
    inside._RTCRtpReceiver__jitter_buffer = _FramesLeaveHere(on_packet, is_video=is_video, now=now)
    inside._RTCRtpReceiver__nack_generator = None
    inside._RTCRtpReceiver__remote_bitrate_estimator = estimate if is_video else None
    start = receiver.receive

    async def receive(parameters: Any) -> None:
        await start(parameters)
        # Two pictures in one bundle share a payload type, so aiortc would drop retransmissions of unknown SSRCs.
        for ssrc in inside._RTCRtpReceiver__rtx_ssrc:
            inside.transport._rtp_router.ssrc_table[ssrc] = receiver

    inside.receive = receive


def watch_sender(
    sender: RTCRtpSender,
    *,
    on_keyframe_wanted: Callable[[], None],
    on_report: Callable[[], None],
    on_bandwidth: Callable[[int], None],
) -> None:
    """Tell what the viewer asks for: a keyframe, a lower bitrate; `on_report` at each of its receiver reports."""
    inside: Any = sender
    handle = sender._handle_rtcp_packet
    inside._send_keyframe = on_keyframe_wanted

    async def handle_rtcp_packet(packet: Any) -> None:
        if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            on_report()
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            try:
                on_bandwidth(unpack_remb_fci(packet.fci)[0])
            except ValueError:
                return
        await handle(packet)

    inside._handle_rtcp_packet = handle_rtcp_packet


async def send_nack(receiver: RTCRtpReceiver, ssrc: int, sequences: Iterable[int]) -> None:
    await receiver._send_rtcp_nack(ssrc, list(sequences))


async def send_picture_loss(receiver: RTCRtpReceiver, ssrc: int) -> None:
    await receiver._send_rtcp_pli(ssrc)


def use_port_range(peer: RTCPeerConnection, *, ports: range, address: str, ice_servers: list[Any]) -> None:
    """Let the one bundled transport of a peer connection bind inside `ports`; call once its transceivers are there."""
    transport: Any = peer.getTransceivers()[0].receiver.transport.transport
    connection = PortRangeConnection(
        ports=ports, address=address, ice_controlling=False, **connection_kwargs(ice_servers)
    )
    transport.iceGatherer._connection = connection
    transport._connection = connection
    transport._recv = connection.recv
    transport._send = connection.send
