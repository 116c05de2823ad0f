"""A made-up browser for the media tests: an aiortc peer with a camera that draws and a microphone that hums."""

import asyncio
import math
import struct
import time
from collections import Counter
from fractions import Fraction

from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame, VideoFrame

LINES = ("voice", "face", "document")
FRAMES_PER_S = 15


class Camera(VideoStreamTrack):
    """160x120, a grey that grows with each frame, so that frames differ."""

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self._count = 0

    async def recv(self) -> VideoFrame:
        self._began = self._began or time.monotonic()
        self._count += 1
        await asyncio.sleep(max(0.0, self._began + self._count / FRAMES_PER_S - time.monotonic()))
        frame = VideoFrame(160, 120, "yuv420p")
        for plane, value in zip(frame.planes, (self._count * 3 % 256, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts = self._count * 90_000 // FRAMES_PER_S
        frame.time_base = Fraction(1, 90_000)
        return frame


class Microphone(AudioStreamTrack):
    """A tone of 440 Hz."""

    async def recv(self) -> AudioFrame:
        frame = await super().recv()
        start = frame.pts or 0
        samples = (int(8000 * math.sin(2 * math.pi * 440 * (start + i) / 8000)) for i in range(frame.samples))
        frame.planes[0].update(b"".join(struct.pack("<h", sample) for sample in samples))
        return frame


class MadeUpBrowser:
    """Offers the fixed media lines of `side` and counts the frames that it decodes by line."""

    def __init__(self, side: str) -> None:
        self.side = side
        self.decoded: Counter[str] = Counter()
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._watching: list[asyncio.Task[None]] = []
        self.peer.addTransceiver(Microphone(), direction="sendrecv")
        self.peer.addTransceiver(Camera(), direction="sendrecv")
        if side == "kiosk":
            self.peer.addTransceiver(Camera(), direction="sendonly")
        else:
            self.peer.addTransceiver("video", direction="recvonly")

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return self.peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        for line, transceiver in zip(LINES, self.peer.getTransceivers(), strict=True):
            track = transceiver.receiver.track
            if track is not None:
                self._watching.append(asyncio.create_task(self._count(line, track)))

    async def close(self) -> None:
        for task in self._watching:
            task.cancel()
        await self.peer.close()

    async def _count(self, line: str, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()
            self.decoded[line] += 1


async def until(condition, *, within_s: float = 40.0, what: str = "the condition") -> None:
    """Wait until `condition()` holds; fails with `what` and what is there instead."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {within_s} s"
        await asyncio.sleep(0.05)
