"""Encoded frames on their way: the clock that stamps them, the feed of a camera or microphone, a viewer's track."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import Packet

Side = Literal["kiosk", "clerk"]
Kind = Literal["voice", "face", "document"]

CLOCK_RATES: dict[Kind, int] = {"voice": 48_000, "face": 90_000, "document": 90_000}
RESTAMP_AFTER_S = 1.5
KEYFRAME_ASKED_EVERY_S = 0.5
MAX_QUEUED_FRAMES = 60


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One VP8 picture or Opus packet; `pts` for viewers, `recorded_pts` for the file, in the kind's clock."""

    payload: bytes
    pts: int
    recorded_pts: int
    is_keyframe: bool
    arrived_at: float


class Timeline:
    """
    Maps a publisher's RTP timestamps to one clock that starts with the session and never runs backwards.

    `settle=True` lets later packets that travelled faster pull the clock to the least delay (for the recording, so that
    sound and picture agree); without it each step equals the publisher's own (a player of Opus needs exact steps).
    """

    def __init__(self, *, rate: int, epoch: float, settle: bool) -> None:
        self._rate = rate
        self._epoch = epoch
        self._settle = settle
        self._timestamp: int | None = None
        self._offset = 0
        self._last = -1

    def restart(self) -> None:
        """The next frame comes from another connection, whose timestamps begin anywhere."""
        self._timestamp = None

    def stamp(self, timestamp: int, arrived_at: float) -> int:
        arrival = int((arrived_at - self._epoch) * self._rate)
        if self._timestamp is None:
            self._timestamp = timestamp
            self._offset = arrival - timestamp
        else:
            delta = (timestamp - self._timestamp) & 0xFFFFFFFF
            self._timestamp += delta - (1 << 32) if delta & 0x80000000 else delta
        pts = self._timestamp + self._offset
        is_off = abs(pts - arrival) > RESTAMP_AFTER_S * self._rate
        if is_off or (self._settle and pts > arrival):
            self._offset = arrival - self._timestamp
            pts = arrival
        self._last = max(pts, self._last + 1)
        return self._last


class RelayTrack(MediaStreamTrack):
    """What one viewer receives of one feed: `recv` gives encoded packets, which aiortc sends without encoding."""

    def __init__(self, feed: "Feed") -> None:
        super().__init__()
        self.kind = "audio" if feed.kind == "voice" else "video"
        self.feed = feed
        self._time_base = Fraction(1, feed.rate)
        self._frames: deque[EncodedFrame] = deque()
        self._ready = asyncio.Event()
        self._needs_keyframe = self.kind == "video"
        self._is_read = False
        feed.sinks.append(self.push)

    def push(self, frame: EncodedFrame) -> None:
        if not self._is_read:
            # The viewer is not connected yet, or does not want this line at all.
            return
        if self._needs_keyframe and not frame.is_keyframe:
            self.feed.request_keyframe()
            return
        self._needs_keyframe = False
        if len(self._frames) >= MAX_QUEUED_FRAMES:
            # A connection that takes nothing is no reason to keep old pictures: go on from a fresh one.
            self._frames.clear()
            self._needs_keyframe = self.kind == "video"
            self.feed.request_keyframe()
            return
        self._frames.append(frame)
        self._ready.set()

    async def recv(self) -> Packet:
        if not self._is_read:
            self._is_read = True
            self.feed.request_keyframe()
        while not self._frames:
            if self.readyState != "live":
                raise MediaStreamError
            self._ready.clear()
            await self._ready.wait()
        frame = self._frames.popleft()
        packet = Packet(frame.payload)
        packet.pts = frame.pts
        packet.time_base = self._time_base
        return packet

    def stop(self) -> None:
        if self.push in self.feed.sinks:
            self.feed.sinks.remove(self.push)
        super().stop()
        self._ready.set()


class Feed:
    """One camera or microphone of one side; outlives the connections that publish it."""

    def __init__(self, *, side: Side, kind: Kind, epoch: float) -> None:
        self.side = side
        self.kind = kind
        self.rate = CLOCK_RATES[kind]
        self.sinks: list[Callable[[EncodedFrame], None]] = []
        self.frames = 0
        self.bytes = 0
        self.keyframe_at: float | None = None
        self.keyframes_asked = 0
        self._live = Timeline(rate=self.rate, epoch=epoch, settle=False)
        self._recorded = Timeline(rate=self.rate, epoch=epoch, settle=True)
        self._ask: Callable[[], None] | None = None
        self._asked_at = float("-inf")
        self._ask_later: asyncio.TimerHandle | None = None

    def attach(self, ask_keyframe: Callable[[], None]) -> None:
        """A (new) connection publishes from now on; `ask_keyframe` sends it a picture loss indication."""
        self._live.restart()
        self._recorded.restart()
        self._ask = ask_keyframe

    def detach(self, ask_keyframe: Callable[[], None]) -> None:
        if self._ask == ask_keyframe:
            self._ask = None

    def is_from(self, ask_keyframe: Callable[[], None]) -> bool:
        return self._ask == ask_keyframe

    def publish(self, *, timestamp: int, payload: bytes, is_keyframe: bool, arrived_at: float) -> None:
        frame = EncodedFrame(
            payload=payload,
            pts=self._live.stamp(timestamp, arrived_at),
            recorded_pts=self._recorded.stamp(timestamp, arrived_at),
            is_keyframe=is_keyframe,
            arrived_at=arrived_at,
        )
        self.frames += 1
        self.bytes += len(payload)
        if is_keyframe:
            self.keyframe_at = arrived_at
        for sink in list(self.sinks):
            sink(frame)

    def request_keyframe(self) -> None:
        """Ask the publisher for a keyframe, at most twice a second; what comes too early is asked once, later."""
        if self.kind == "voice" or self._ask is None or self._ask_later is not None:
            return
        loop = asyncio.get_running_loop()
        wait_s = self._asked_at + KEYFRAME_ASKED_EVERY_S - loop.time()
        if wait_s <= 0:
            self._ask_now()
        else:
            self._ask_later = loop.call_later(wait_s, self._ask_now)

    def close(self) -> None:
        if self._ask_later is not None:
            self._ask_later.cancel()
            self._ask_later = None
        self._ask = None
        self.sinks.clear()

    def _ask_now(self) -> None:
        self._ask_later = None
        if self._ask is not None:
            self._asked_at = asyncio.get_running_loop().time()
            self.keyframes_asked += 1
            self._ask()
