"""A recording opened for an auditor: tracks decrypted into a private folder, joined, and gone after it is sent."""

import tempfile
from pathlib import Path
from typing import BinaryIO

from servicedesk.remote.dossier import folder_of
from servicedesk.remote.media.join import JoinFailed, JoinTrack, join_tracks
from servicedesk.remote.media.sealing import SealBroken, describe_track, open_track
from servicedesk.remote.models import RemoteSession
from servicedesk.remote.sessions import recording_key

__all__ = ["PICTURES", "JoinFailed", "SealBroken", "joined", "pictures_of"]

PICTURES = {"resident": ("face", "kiosk"), "clerk": ("face", "clerk"), "document": ("document", "kiosk")}


def pictures_of(session: RemoteSession) -> list[str]:
    """Which of the three pictures were recorded."""
    recorded = {(track.kind, track.side) for track in session.tracks.all()}
    return [name for name, place in PICTURES.items() if place in recorded]


def joined(session: RemoteSession, *, picture: str) -> BinaryIO:
    """One WebM with both voices and one picture, as an open file that has no name any more.

    Raises:
        SealBroken: a track was changed.
        JoinFailed: the tracks could not be joined.
    """
    key = recording_key(session)
    wanted = PICTURES[picture]
    with tempfile.TemporaryDirectory(prefix="playback-") as folder:
        tracks = []
        for path in sorted(folder_of(session).glob("*.seg")):
            told = describe_track(path)
            if told["kind"] != "voice" and (told["kind"], told["side"]) != wanted:
                continue
            plain = Path(folder) / f"{path.stem}.mkv"
            plain.write_bytes(open_track(path, key))
            tracks.append(JoinTrack(plain, told["kind"], told["side"], told["started_at"]))
        target = join_tracks(tracks, Path(folder) / "joined.webm", has_mixed_voices=True)
        return open(target, "rb")
