"""Measures the media node's processor time for a call, beside aiortc's own way of decoding and encoding again."""

import argparse
import asyncio
import base64
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import av  # noqa: E402
import uvloop  # noqa: E402
from aiortc import (  # noqa: E402
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaRelay  # noqa: E402

from servicedesk.remote.media import aiortc_inside  # noqa: E402
from servicedesk.remote.media.jitter import AudioReassembler, VideoReassembler  # noqa: E402
from servicedesk.remote.media.node import MediaNode, NodeSettings  # noqa: E402

WIDTH, HEIGHT, FRAMES_PER_S, CLIP_S = 640, 480, 30, 4
WARM_UP_S = 4.0
UDP_PORTS = (40000, 40200)
SIDES = ("kiosk", "clerk")
WAYS = {
    "passed": "frames passed through, recorded and sealed (this node)",
    "encoded": "decoded and encoded again (MediaRelay)",
}


def make_clip() -> tuple[list[bytes], list[bytes]]:
    """Encoded pictures (the first a keyframe) and sound, once, so that the callers themselves cost next to nothing."""
    pictures, sounds = [], []
    video = av.CodecContext.create("libvpx", "w")
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.time_base, video.framerate, video.bit_rate = Fraction(1, FRAMES_PER_S), FRAMES_PER_S, 900_000
    video.options = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}
    noise = os.urandom(WIDTH * HEIGHT // 4)
    for n in range(FRAMES_PER_S * CLIP_S):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            shift = n * 7 % 4096
            texture = (noise[shift:] + noise[:shift]) * 4
            plane.update(bytes(x & 0x3F | 0x40 for x in texture[: plane.buffer_size // 8]) * 8)
        frame.pts, frame.time_base = n, Fraction(1, FRAMES_PER_S)
        pictures += [bytes(packet) for packet in video.encode(frame)]
    audio = av.CodecContext.create("libopus", "w")
    audio.sample_rate, audio.layout, audio.format, audio.bit_rate = 48_000, "stereo", "s16", 32_000
    audio.time_base = Fraction(1, 48_000)
    for n in range(50 * CLIP_S):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.planes[0].update(os.urandom(frame.planes[0].buffer_size // 2) * 2)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, n * 960, Fraction(1, 48_000)
        sounds += [bytes(packet) for packet in audio.encode(frame)]
    return pictures, sounds


class ClipTrack(MediaStreamTrack):
    """Sends the clip in a loop, already encoded; begins again when a keyframe is asked for."""

    def __init__(self, kind: str, frames: list[bytes]) -> None:
        super().__init__()
        self.kind = kind
        self._frames = frames
        self._per_s, self._rate = (FRAMES_PER_S, 90_000) if kind == "video" else (50, 48_000)
        self._count = self._place = 0
        self._began = time.monotonic()

    def begin_again(self) -> None:
        self._place = 0

    async def recv(self) -> av.Packet:
        self._count += 1
        await asyncio.sleep(max(0.0, self._began + self._count / self._per_s - time.monotonic()))
        packet = av.Packet(self._frames[self._place % len(self._frames)])
        self._place += 1
        packet.pts, packet.time_base = self._count * self._rate // self._per_s, Fraction(1, self._rate)
        return packet


class Caller:
    """One side: sends the clip and counts the frames that come, without decoding them."""

    def __init__(self, side: str, clip: tuple[list[bytes], list[bytes]]) -> None:
        self.side = side
        self.frames = {"audio": 0, "video": 0}
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        for kind, frames in (("audio", clip[1]), ("video", clip[0])):
            track = ClipTrack(kind, frames)
            transceiver = self.peer.addTransceiver(track, direction="sendrecv")
            self._count(transceiver.receiver, kind)
            aiortc_inside.watch_sender(
                transceiver.sender,
                on_keyframe_wanted=track.begin_again,
                on_report=lambda: None,
                on_bandwidth=lambda bitrate: None,
            )
        # The third line is there, as the node wants it, and stays empty: two pictures a call, as in the trials.
        self.peer.addTransceiver("video", direction="sendonly" if side == "kiosk" else "recvonly")

    def _count(self, receiver: Any, kind: str) -> None:
        order = VideoReassembler() if kind == "video" else AudioReassembler()

        def on_packet(ssrc: int, packet: Any) -> None:
            self.frames[kind] += len(order.add(packet)) + len(order.due(packet.arrived_at).frames)

        aiortc_inside.tap_receiver(
            receiver,
            on_packet,
            is_video=kind == "video",
            estimate=aiortc_inside.SharedEstimate(cap=1_500_000),
            now=time.monotonic,
        )


async def serve(way: str) -> None:
    """The process that is measured: answers offers that come as JSON lines until its input ends."""
    loop = asyncio.get_running_loop()
    answer, close = await (_serve_passed() if way == "passed" else _serve_encoded())
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        offer = json.loads(line)
        sys.stdout.write(json.dumps({"sdp": await answer(offer["session"], offer["side"], offer["sdp"])}) + "\n")
        sys.stdout.flush()
    await close()


async def _serve_passed() -> tuple[Callable[..., Any], Callable[[], Any]]:
    folder = tempfile.TemporaryDirectory(prefix="linban-bench-")
    settings = NodeSettings(
        node="bench",
        portal_url="http://localhost",
        token="bench",
        recordings_root=Path(folder.name),
        udp_ports=UDP_PORTS,
        capacity=50,
    )
    node = MediaNode(settings, emit=lambda message: None)
    care = asyncio.create_task(node.run())

    async def answer(session: str, side: str, sdp: str) -> str:
        node.open_session(session)
        node.give_key(session, base64.b64decode("A" * 43 + "="), recording=True)
        return await node.answer_leg(session, side=side, leg=f"{session}-{side}", sdp=sdp)

    async def close() -> None:
        care.cancel()
        await node.close()
        folder.cleanup()

    return answer, close


async def _serve_encoded() -> tuple[Callable[..., Any], Callable[[], Any]]:
    peers: dict[tuple[str, str], RTCPeerConnection] = {}
    relay = MediaRelay()

    async def answer(session: str, side: str, sdp: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        peers[session, side] = peer
        await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        for transceiver in peer.getTransceivers()[:2]:
            transceiver.direction = "sendrecv"
        await peer.setLocalDescription(await peer.createAnswer())
        other = peers.get((session, "clerk" if side == "kiosk" else "kiosk"))
        if other is not None:
            for mine, theirs in zip(peer.getTransceivers()[:2], other.getTransceivers()[:2], strict=True):
                mine.sender.replaceTrack(relay.subscribe(theirs.receiver.track))
                theirs.sender.replaceTrack(relay.subscribe(mine.receiver.track))
        return peer.localDescription.sdp

    async def close() -> None:
        await asyncio.gather(*(peer.close() for peer in peers.values()))

    return answer, close


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(
    way: str, *, sessions: int, seconds: float, clip: tuple[list[bytes], list[bytes]]
) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "--serve",
        way,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdin is not None and process.stdout is not None
    callers: list[Caller] = []
    try:
        for session in range(sessions):
            for side in SIDES:
                caller = Caller(side, clip)
                callers.append(caller)
                await caller.peer.setLocalDescription(await caller.peer.createOffer())
                offer = {"session": f"b{session}", "side": side, "sdp": caller.peer.localDescription.sdp}
                process.stdin.write(json.dumps(offer).encode() + b"\n")
                await process.stdin.drain()
                answer = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
                await caller.peer.setRemoteDescription(RTCSessionDescription(sdp=answer["sdp"], type="answer"))
        await asyncio.sleep(WARM_UP_S)
        before = [dict(caller.frames) for caller in callers]
        began, cpu = time.monotonic(), processor_seconds(process.pid)
        await asyncio.sleep(seconds)
        lasted, used = time.monotonic() - began, processor_seconds(process.pid) - cpu
        got = {
            kind: sum(caller.frames[kind] - old[kind] for caller, old in zip(callers, before, strict=True))
            / len(callers)
            for kind in ("audio", "video")
        }
    finally:
        await asyncio.gather(*(caller.peer.close() for caller in callers))
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
    return {
        "cpu_s_per_session_minute": used / lasted * 60 / sessions,
        "pictures_per_s": got["video"] / lasted,
        "sound_per_s": got["audio"] / lasted,
        "cpu_ms_per_picture": used * 1000 / max(got["video"] * len(callers), 1),
    }


def ratios_of(rounds: dict[str, list[dict[str, float]]]) -> list[float]:
    """Encoding against passing through, round by round, in processor time for each picture shown.

    By picture shown, for a busy machine makes the way that encodes drop pictures and look cheaper than it is.
    """
    return [
        encoded["cpu_ms_per_picture"] / max(passed["cpu_ms_per_picture"], 0.01)
        for encoded, passed in zip(rounds["encoded"], rounds["passed"], strict=True)
    ]


def spread(values: list[float]) -> str:
    """`5.1 (4.8–5.6)`: the median, the least and the most."""
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def main(argv: list[str]) -> str:
    """Run both ways in turns, several rounds, and return a markdown table of medians.

    What else the machine does comes and goes; in turns it hits both ways, and each round gives a ratio of its own.
    """
    parser = argparse.ArgumentParser(prog="bench media", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="measured in each way of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--serve", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.serve:
        uvloop.run(serve(options.serve))
        return ""
    load = os.getloadavg()[0]
    clip = make_clip()
    rounds: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for turn in range(max(1, options.rounds)):
        # Who goes first changes, so that neither way always has the warmer machine.
        for way in list(WAYS) if turn % 2 == 0 else list(reversed(WAYS)):
            rounds[way].append(uvloop.run(measure(way, sessions=options.sessions, seconds=options.seconds, clip=clip)))
    ratios = sorted(ratios_of(rounds))
    bitrate = sum(map(len, clip[0])) * 8 / CLIP_S / 1000
    lines = [
        f"Media: {options.sessions} session(s), {len(ratios)} rounds of {options.seconds:.0f} s each way in turns; "
        f"VP8 {WIDTH}x{HEIGHT} at "
        f"{FRAMES_PER_S} ({bitrate:.0f} kbit/s) and Opus both ways; {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Load before and after: {load:.1f}, {os.getloadavg()[0]:.1f}; "
        "on a busy machine the way that encodes drops pictures, so compare on a quiet one.",
        "",
        "Median, and in brackets the least and the most of the rounds:",
        "",
        "| way | CPU s per session-minute | pictures/s (of 30) | sound packets/s (of 50) | CPU ms per picture shown |",
        "|---|---|---|---|---|",
    ]
    for way, name in WAYS.items():
        columns = [[row[figure] for row in rounds[way]] for figure in rounds[way][0]]
        lines.append(f"| {name} | " + " | ".join(map(spread, columns)) + " |")
    lines += ["", f"Encoding again costs {spread(ratios)} times as much processor time for each picture shown."]
    return "\n".join(lines)


if __name__ == "__main__":
    text = main(sys.argv[1:])
    if text:
        sys.stdout.write(text + "\n")
