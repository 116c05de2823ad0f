"""Writes one session's feeds to sealed Matroska files, a file a track, in a thread of its own (disks may be slow)."""

import json
import logging
import os
import re
import struct
import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from .frames import CLOCK_RATES, EncodedFrame, Kind, Side
from .sealing import (
    MAX_SEGMENT_BYTES,
    Position,
    SealBroken,
    SealedWriter,
    check_key,
    describe_track,
    measure_track,
)

log = logging.getLogger(__name__)

CODECS: dict[Kind, str] = {"voice": "opus", "face": "vp8", "document": "vp8"}
CLUSTER_MS = 1000
WAKE_EVERY_S = 0.2
MAX_WAITING_FRAMES = 5000
MANIFEST = "manifest.json"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# RFC 7845 section 5.1: version 1, two channels, nothing to skip, 48 kHz, no gain, mapping family 0.
OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)


@dataclass(frozen=True, slots=True)
class TrackReport:
    """A track as `session.closed` and the manifest tell it; `started_at` is ISO 8601 in UTC."""

    track: str
    kind: str
    side: str
    started_at: str
    count: int
    head: str
    bytes: int
    codec: str


def session_directory(root: Path, session: str) -> Path:
    """
    Where a session's files lie.

    Raises:
        ValueError: the id would not be a plain directory name.
    """
    if not _SAFE_NAME.fullmatch(session):
        raise ValueError("A session id has 1 to 64 letters, digits, '-' and '_' and begins with a letter or digit.")
    return root / session


class _TrackFile:
    """One open track: frames go into PyAV's muxer, its bytes into the sealing writer."""

    def __init__(
        self, directory: Path, *, session: str, side: Side, kind: Kind, key: bytes, started_at: datetime
    ) -> None:
        self.side, self.kind = side, kind
        self.started_at = started_at.isoformat(timespec="microseconds")
        stem, number = f"{kind}-{side}", 1
        while (directory / f"{stem}.seg").exists():
            number += 1
            stem = f"{kind}-{side}-{number}"
        self.track = stem
        description = {
            "session": session,
            "track": stem,
            "kind": kind,
            "side": side,
            "codec": CODECS[kind],
            "started_at": self.started_at,
        }
        self._writer = SealedWriter(directory / f"{stem}.seg", key=key, description=description)
        self._container: Any = None
        self._stream: Any = None
        self._first_pts: int | None = None
        self._time_base = Fraction(1, CLOCK_RATES[kind])
        self.has_failed = False

    @property
    def position(self) -> Position:
        return self._writer.position

    def report(self) -> TrackReport:
        return TrackReport(
            track=self.track,
            kind=self.kind,
            side=self.side,
            started_at=self.started_at,
            codec=CODECS[self.kind],
            **asdict(self.position),
        )

    def add(self, frame: EncodedFrame) -> None:
        if self._container is None:
            self._open(frame)
        packet = av.Packet(frame.payload)
        packet.pts = packet.dts = frame.recorded_pts - (self._first_pts or 0)
        packet.time_base = self._time_base
        packet.is_keyframe = frame.is_keyframe
        packet.stream = self._stream
        self._container.mux(packet)
        if self._writer.pending_bytes >= MAX_SEGMENT_BYTES:
            self._writer.cut()

    def cut(self) -> None:
        """Seal the clusters that were finished since the last time; PyAV finishes one a second."""
        self._writer.cut()

    def close(self) -> None:
        try:
            if self._container is not None:
                self._container.close()
        finally:
            self._writer.close()

    def abandon(self) -> None:
        self.has_failed = True
        self._writer.abandon()

    def _open(self, frame: EncodedFrame) -> None:
        # Unbuffered and without seeking, so that each finished cluster reaches the sealing writer at once.
        options = {"live": "1", "cluster_time_limit": str(CLUSTER_MS), "flush_packets": "1"}
        self._container = av.open(self._writer, "w", format="matroska", options=options)
        if self.kind == "voice":
            self._stream = self._container.add_mux_stream(
                "opus", rate=CLOCK_RATES["voice"], extradata=OPUS_HEAD, time_base=self._time_base
            )
        else:
            width, height = vp8_size(frame.payload)
            self._stream = self._container.add_mux_stream("vp8", width=width, height=height, time_base=self._time_base)
        self._first_pts = frame.recorded_pts


class SessionRecorder:
    """
    Records a session until `close`; `add` never blocks, the disk is the thread's affair.

    `positions` says what is safely on disk. A disk that refuses ends the recording (`fault` says so), never the call.
    """

    def __init__(self, root: Path, *, session: str, key: bytes, epoch: datetime) -> None:
        self._directory = session_directory(root, session)
        self._session = session
        self._key = check_key(key)
        self._epoch = epoch
        self._frames: deque[tuple[Side, Kind, EncodedFrame]] = deque()
        self._ends = threading.Event()
        self._files: dict[tuple[Side, Kind], _TrackFile] = {}
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"recorder-{session}", daemon=True)
        self._thread.start()

    def add(self, side: Side, kind: Kind, frame: EncodedFrame) -> None:
        if self.fault is not None:
            return
        if len(self._frames) > MAX_WAITING_FRAMES:
            self._fail("The disk does not keep up with the recording.")
            return
        self._frames.append((side, kind, frame))

    def positions(self) -> dict[str, Position]:
        return {file.track: file.position for file in list(self._files.values())}

    def close(self) -> list[TrackReport]:
        """Write all that waits, close the files; returns when they are on disk. Blocks: call it from a thread."""
        self._ends.set()
        self._thread.join()
        return [file.report() for file in self._files.values()]

    def _run(self) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._fail(f"The recordings' directory can't be made: {error}")
        # Waking five times a second for what has come costs much less than waking for each frame.
        while not self._ends.wait(WAKE_EVERY_S):
            self._write_waiting()
            for file in self._files.values():
                self._guard(file, file.cut)
        self._write_waiting()
        for file in self._files.values():
            self._guard(file, file.close)
        if self._files:
            self._write_manifest(is_closed=True)

    def _write_waiting(self) -> None:
        while self._frames:
            self._write(*self._frames.popleft())

    def _write(self, side: Side, kind: Kind, frame: EncodedFrame) -> None:
        file = self._files.get((side, kind))
        if file is None:
            if self.fault is not None or not frame.is_keyframe:
                return
            started_at = self._epoch + timedelta(seconds=frame.recorded_pts / CLOCK_RATES[kind])
            try:
                file = _TrackFile(
                    self._directory, session=self._session, side=side, kind=kind, key=self._key, started_at=started_at
                )
            except OSError as error:
                self._fail(f"A track file can't be opened: {error}")
                return
            self._files[side, kind] = file
            self._write_manifest()
        self._guard(file, lambda: file.add(frame))

    def _guard(self, file: _TrackFile, step: Any) -> None:
        if file.has_failed:
            return
        try:
            step()
        except (OSError, ValueError) as error:
            self._fail(f"{file.track} can't be written: {error}")
            file.abandon()

    def _fail(self, message: str) -> None:
        log.error("Recording of session %s: %s", self._session, message)
        self.fault = self.fault or message

    def _write_manifest(self, *, is_closed: bool = False) -> None:
        """Tracks of an earlier node stay listed, so that a resumed session is joined as a whole."""
        own = {file.track: asdict(file.report()) | {"is_closed": is_closed} for file in self._files.values()}
        path = self._directory / MANIFEST
        try:
            earlier = read_manifest(self._directory)["tracks"] if path.exists() else []
            tracks = [track for track in earlier if track["track"] not in own] + list(own.values())
            text = json.dumps({"version": 1, "session": self._session, "tracks": tracks}, indent=1)
            draft = path.with_suffix(".tmp")
            with open(draft, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except (OSError, ValueError) as error:
            # The manifest is a convenience: each track file says the same of itself.
            log.error("Manifest of session %s can't be written: %s", self._session, error)


def read_manifest(directory: Path) -> dict[str, Any]:
    return json.loads((directory / MANIFEST).read_text(encoding="utf-8"))


def recover_tracks(directory: Path, *, but: set[str]) -> list[TrackReport]:
    """What a killed process left of its tracks: each as far as its segments are whole, without those named in `but`."""
    reports = []
    for path in sorted(directory.glob("*.seg")):
        if path.stem in but:
            continue
        try:
            said, position = describe_track(path), measure_track(path)
            reports.append(
                TrackReport(
                    track=path.stem,
                    kind=said["kind"],
                    side=said["side"],
                    started_at=said["started_at"],
                    codec=said["codec"],
                    **asdict(position),
                )
            )
        except (SealBroken, OSError, KeyError) as error:
            log.error("Track %s can't be read: %s", path, error)
    return reports


def vp8_size(keyframe: bytes) -> tuple[int, int]:
    """
    Width and height in pixels of a VP8 keyframe (RFC 6386 section 9.1).

    Raises:
        ValueError: these are no bytes of a keyframe.
    """
    if len(keyframe) < 10 or keyframe[0] & 1 or keyframe[3:6] != b"\x9d\x01\x2a":
        raise ValueError("This is no VP8 keyframe.")
    width, height = struct.unpack("<HH", keyframe[6:10])
    return width & 0x3FFF, height & 0x3FFF
