"""Joins the decrypted tracks of a session into one file that plays, without encoding the pictures again."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

JOIN_TIMEOUT_S = 1800


class JoinFailed(Exception):
    """ffmpeg could not join the tracks; the message is its own."""


@dataclass(frozen=True, slots=True)
class JoinTrack:
    """A decrypted track on disk and when it began (ISO 8601 with zone), as the manifest says."""

    path: Path
    kind: str
    side: str
    started_at: str


def join_tracks(
    tracks: Sequence[JoinTrack], target: Path, *, has_mixed_voices: bool = False, ffmpeg: str = "ffmpeg"
) -> Path:
    """
    Write one .mkv or .webm in which every track keeps its place in time.

    Pictures and voices are copied. `has_mixed_voices` puts one sound track with all voices first, for players that play
    only one (it alone is encoded).

    Raises:
        ValueError: no tracks.
        JoinFailed: ffmpeg says why.
    """
    if not tracks:
        raise ValueError("There are no tracks to join.")
    starts = [datetime.fromisoformat(track.started_at) for track in tracks]
    first = min(starts)
    order = sorted(range(len(tracks)), key=lambda i: (tracks[i].kind == "voice", starts[i]))
    offsets_s = [(starts[i] - first).total_seconds() for i in order]
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-y"]
    for i, offset_s in zip(order, offsets_s, strict=True):
        command += ["-itsoffset", f"{offset_s:.6f}", "-i", str(tracks[i].path)]
    voices = [place for place, i in enumerate(order) if tracks[i].kind == "voice"]
    is_mixed = has_mixed_voices and len(voices) > 1
    if is_mixed:
        delayed = ";".join(
            f"[{place}:a]asetpts=PTS-STARTPTS,aresample=async=1,adelay={round(offsets_s[place] * 1000)}:all=1[v{place}]"
            for place in voices
        )
        inputs = "".join(f"[v{place}]" for place in voices)
        mix = f"{delayed};{inputs}amix=inputs={len(voices)}:duration=longest:normalize=0[mixed]"
        command += ["-filter_complex", mix, "-map", "[mixed]", "-metadata:s:0", "title=voices"]
    for place, i in enumerate(order):
        command += ["-map", str(place), f"-metadata:s:{place + is_mixed}", f"title={tracks[i].kind}-{tracks[i].side}"]
    command += ["-c", "copy"]
    if is_mixed:
        command += ["-c:0", "libopus"]
    try:
        done = subprocess.run(
            [*command, str(target)], capture_output=True, text=True, timeout=JOIN_TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise JoinFailed("ffmpeg is not installed.") from error
    if done.returncode:
        raise JoinFailed(done.stderr.strip() or f"ffmpeg ended with {done.returncode}.")
    return target
