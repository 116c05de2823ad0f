"""The recorder against a disk that refuses, and what the frames themselves say."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from servicedesk.remote.media.frames import EncodedFrame
from servicedesk.remote.media.recorder import SessionRecorder, session_directory, vp8_size
from servicedesk.remote.media.sealing import SealedWriter, open_track

from .conftest import KEY

EPOCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def opus(n: int) -> EncodedFrame:
    return EncodedFrame(b"\xf8\xff\xfe", n * 960, n * 960, True, n * 0.02)


def wait_for(condition, *, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_track_starts_when_its_first_frame_came(tmp_path: Path):
    recorder = SessionRecorder(tmp_path, session="s1", key=KEY, epoch=EPOCH)
    for n in range(100, 200):
        recorder.add("clerk", "voice", opus(n))
    report = recorder.close()[0]
    assert report.started_at == "2026-03-02T01:00:02.000000+00:00"
    assert (report.track, report.kind, report.side, report.codec) == ("voice-clerk", "voice", "clerk", "opus")
    assert open_track(tmp_path / "s1" / "voice-clerk.seg", KEY).startswith(b"\x1aE\xdf\xa3")


def test_a_full_disk_ends_the_recording_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recorder = SessionRecorder(tmp_path, session="s1", key=KEY, epoch=EPOCH)
    for n in range(100):
        recorder.add("clerk", "voice", opus(n))
    wait_for(lambda: recorder.positions() and recorder.positions()["voice-clerk"].count)
    kept = recorder.positions()["voice-clerk"]

    def refuse(self: SealedWriter, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SealedWriter, "_append", refuse)
    for n in range(100, 300):
        recorder.add("clerk", "voice", opus(n))
    wait_for(lambda: recorder.fault is not None)
    assert "No space left" in recorder.fault
    recorder.add("clerk", "voice", opus(301))
    report = recorder.close()[0]
    assert (report.count, report.head) == (kept.count, kept.head)


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "s1").write_text("a file stands in the way")
    recorder = SessionRecorder(tmp_path, session="s1", key=KEY, epoch=EPOCH)
    wait_for(lambda: recorder.fault is not None)
    assert recorder.close() == []


def test_adding_never_blocks_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cut = SealedWriter.cut

    def slow_cut(self: SealedWriter) -> None:
        time.sleep(0.3)
        cut(self)

    monkeypatch.setattr(SealedWriter, "cut", slow_cut)
    recorder = SessionRecorder(tmp_path, session="s1", key=KEY, epoch=EPOCH)
    began = time.monotonic()
    for n in range(500):
        recorder.add("clerk", "voice", opus(n))
    assert time.monotonic() - began < 0.2
    assert asyncio.run(asyncio.to_thread(recorder.close))[0].count >= 1


def test_session_ids_stay_inside_the_root(tmp_path: Path):
    assert session_directory(tmp_path, "0198c1d2-aaaa-7000-8000-000000000001").parent == tmp_path
    for session in ("..", "a/b", "", "x" * 65):
        with pytest.raises(ValueError):
            session_directory(tmp_path, session)


def test_a_keyframe_tells_its_size():
    assert vp8_size(b"\x10\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01") == (640, 480)
    with pytest.raises(ValueError):
        vp8_size(b"\x11\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01")
