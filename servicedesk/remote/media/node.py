"""The media node: its sessions, their legs, relaying and recording; knows nothing of the portal's socket."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .frames import EncodedFrame, Feed, Kind, Side
from .peer import OTHER_SIDE, PUBLISHES, Leg, LegRefused, read_offer
from .recorder import SessionRecorder, TrackReport, recover_tracks, session_directory

log = logging.getLogger(__name__)

KEYFRAME_EVERY_S = 10.0
CHECKPOINT_EVERY_S = 2.0
IDLE_SESSION_S = 600.0
ROOM_BEFORE_RAISING = 1.2


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """
    What a node must know; `udp_ports` both ends included, `recordings_root` a directory on a disk of its own.

    `address` (MEDIA_ADDRESS) is the IP address that browsers reach it by, if not simply its own; `max_bitrate` in bit/s
    for all pictures of one side.
    """

    node: str
    portal_url: str
    token: str
    recordings_root: Path
    udp_ports: tuple[int, int] = (40000, 40200)
    capacity: int = 6
    max_bitrate: int = 1_500_000
    address: str = ""

    @property
    def ports(self) -> range:
        return range(self.udp_ports[0], self.udp_ports[1] + 1)


def parse_udp_ports(text: str) -> tuple[int, int]:
    """
    Read MEDIA_UDP_PORTS, such as "40000-40200".

    Raises:
        ValueError: naming the variable and what is allowed.
    """
    first, _, last = text.partition("-")
    if first.isdigit() and last.isdigit() and 1024 <= int(first) <= int(last) <= 65535:
        return int(first), int(last)
    raise ValueError(f"MEDIA_UDP_PORTS must be FIRST-LAST within 1024-65535, such as 40000-40200; it is {text!r}.")


class SessionRefused(Exception):
    """A session can't be opened here; `code` is for the portal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class MediaSession:
    session: str
    epoch: float
    epoch_utc: datetime
    feeds: dict[tuple[Side, Kind], Feed]
    legs: dict[Side, Leg] = field(default_factory=dict)
    key: bytes | None = None
    must_record: bool = False
    recorder: SessionRecorder | None = None
    idle_since: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    bytes_before: dict[tuple[Side, Kind], int] = field(default_factory=dict)


class MediaNode:
    """
    All sessions of one process. `emit(message)` gets leg.state, checkpoint and session.closed as wire messages.

    Every command may be repeated without harm. `run` must be running for silence, key frames and check-points.
    """

    def __init__(self, settings: NodeSettings, *, emit: Callable[[dict[str, Any]], None]) -> None:
        self._settings = settings
        self._emit = emit
        self._sessions: dict[str, MediaSession] = {}
        self._is_closing = False
        self._cpu_before = (time.monotonic(), time.thread_time())
        self._load = 0.0

    @property
    def sessions(self) -> list[str]:
        return list(self._sessions)

    def open_session(self, session: str) -> None:
        """
        Raises:
            SessionRefused: `full`, `closing` or `bad_session`.
        """
        if session in self._sessions:
            return
        if self._is_closing:
            raise SessionRefused("closing", "The node shuts down.")
        if len(self._sessions) >= self._settings.capacity:
            raise SessionRefused("full", f"The node serves {self._settings.capacity} sessions already.")
        try:
            session_directory(self._settings.recordings_root, session)
        except ValueError as error:
            raise SessionRefused("bad_session", str(error)) from error
        epoch = asyncio.get_running_loop().time()
        feeds = {
            (side, kind): Feed(side=side, kind=kind, epoch=epoch) for side, kinds in PUBLISHES.items() for kind in kinds
        }
        self._sessions[session] = MediaSession(session, epoch, datetime.now(UTC), feeds, idle_since=epoch)

    async def answer_leg(
        self, session: str, *, side: Side, leg: str, sdp: str, ice_servers: list[dict[str, Any]] | None = None
    ) -> str:
        """
        Answer a side's offer. A side that comes back replaces its old leg; the recording and the other side go on.

        Raises:
            LegRefused: `no_session`, `bad_offer` or `no_ports`.
        """
        if side not in PUBLISHES:
            raise LegRefused("bad_offer", f"There is no side {side!r}.")
        found = self._sessions.get(session)
        if found is None or self._is_closing:
            raise LegRefused("no_session", f"Session {session} is not open on this node.")
        servers = read_offer(sdp, ice_servers or [])
        async with found.lock:
            old = found.legs.pop(side, None)
            if old is not None:
                await old.close()
            new = Leg(
                leg=leg,
                side=side,
                feeds=found.feeds,
                ports=self._settings.ports,
                address=self._settings.address,
                max_bitrate=self._settings.max_bitrate,
                on_state=lambda changed, state: self._on_leg_state(found, changed, state),
            )
            found.legs[side] = new
            try:
                return await new.answer(sdp, servers)
            except LegRefused:
                found.legs.pop(side, None)
                raise

    async def close_leg(self, session: str, leg: str) -> None:
        found = self._sessions.get(session)
        for old in list(found.legs.values()) if found is not None else []:
            if old.leg == leg:
                await old.close()

    def give_key(self, session: str, key: bytes, *, recording: bool) -> None:
        """The session's key came; recording begins if it is wanted, now or through `start_recording`."""
        found = self._sessions.get(session)
        if found is None:
            return
        found.key = key
        if recording or found.must_record:
            self.start_recording(session)

    def start_recording(self, session: str) -> None:
        found = self._sessions.get(session)
        if found is None or found.recorder is not None:
            return
        found.must_record = True
        if found.key is None:
            return
        root = self._settings.recordings_root
        recorder = SessionRecorder(root, session=session, key=found.key, epoch=found.epoch_utc)
        found.recorder = recorder
        for feed in found.feeds.values():
            feed.sinks.append(_sink(recorder, feed))
            feed.request_keyframe()

    async def close_session(self, session: str) -> None:
        """
        Close the legs, finish the files and emit session.closed with every track on disk.

        Tracks that an earlier, killed process left are reported too, as far as they are whole; so a session that this
        process never saw can be closed.
        """
        found = self._sessions.pop(session, None)
        if found is None:
            await self._report_closed(session, [])
            return
        async with found.lock:
            for leg in list(found.legs.values()):
                await leg.close()
        for feed in found.feeds.values():
            feed.close()
        reports = await asyncio.to_thread(found.recorder.close) if found.recorder is not None else []
        await self._report_closed(session, reports)

    async def _report_closed(self, session: str, reports: list[TrackReport]) -> None:
        try:
            directory = session_directory(self._settings.recordings_root, session)
        except ValueError:
            return
        known = {report.track for report in reports}
        earlier = await asyncio.to_thread(recover_tracks, directory, but=known)
        tracks = [asdict(report) for report in [*earlier, *reports]]
        self._emit({"type": "session.closed", "session": session, "tracks": tracks})

    async def close(self) -> None:
        """Close all peers (a process with live peers would not end) and finish all files."""
        self._is_closing = True
        await asyncio.gather(*(self.close_session(session) for session in self.sessions))

    def stats(self) -> dict[str, Any]:
        """`load` is the share of one core that the node's loop took since the last call, 0 to 1."""
        wall, cpu = time.monotonic(), time.thread_time()
        if wall - self._cpu_before[0] > 0.5:
            self._load = (cpu - self._cpu_before[1]) / (wall - self._cpu_before[0])
            self._cpu_before = (wall, cpu)
        faults = {
            s.session: s.recorder.fault for s in self._sessions.values() if s.recorder is not None and s.recorder.fault
        }
        stats: dict[str, Any] = {"sessions": len(self._sessions), "load": round(self._load, 3)}
        return stats | {"recording_faults": faults} if faults else stats

    async def run(self) -> None:
        """Look after the sessions every second until cancelled."""
        checkpoint_at = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1.0)
            now = loop.time()
            with_checkpoints = now - checkpoint_at >= CHECKPOINT_EVERY_S - 0.1
            if with_checkpoints:
                checkpoint_at = now
            for found in list(self._sessions.values()):
                self._look_after(found, now, with_checkpoints=with_checkpoints)
                if not found.legs and now - found.idle_since > IDLE_SESSION_S:
                    log.warning("Session %s had no leg for %.0f s and is closed.", found.session, IDLE_SESSION_S)
                    await self.close_session(found.session)

    def _look_after(self, found: MediaSession, now: float, *, with_checkpoints: bool) -> None:
        rates = {}
        for at, feed in found.feeds.items():
            rates[at] = (feed.bytes - found.bytes_before.get(at, 0)) * 8
            found.bytes_before[at] = feed.bytes
            is_old = feed.keyframe_at is not None and now - feed.keyframe_at > KEYFRAME_EVERY_S
            if found.recorder is not None and is_old and rates[at]:
                feed.request_keyframe()
        for side, leg in list(found.legs.items()):
            viewer = found.legs.get(OTHER_SIDE[side])
            forwarded = sum(rates[side, kind] for kind in PUBLISHES[side] if kind != "voice")
            limit = viewer.viewer_bitrate if viewer is not None else None
            # A viewer's narrow line lowers the publisher, who gets its freedom back only when there is some room.
            room = 1.0 if leg.estimate.viewer_limit is None else ROOM_BEFORE_RAISING
            leg.estimate.viewer_limit = limit if limit is not None and limit < forwarded * room else None
            leg.check()
        if with_checkpoints and found.recorder is not None:
            for track, position in found.recorder.positions().items():
                self._emit({"type": "checkpoint", "session": found.session, "track": track, **asdict(position)})

    def _on_leg_state(self, found: MediaSession, leg: Leg, state: str) -> None:
        if state == "closed" and found.legs.get(leg.side) is leg:
            del found.legs[leg.side]
            found.idle_since = asyncio.get_running_loop().time()
        self._emit({"type": "leg.state", "session": found.session, "side": leg.side, "leg": leg.leg, "state": state})


def _sink(recorder: SessionRecorder, feed: Feed) -> Callable[[EncodedFrame], None]:
    return lambda frame: recorder.add(feed.side, feed.kind, frame)
