"""The auditor's room: a recording opens for the auditor of the place, under a reason that is kept."""

import subprocess
from pathlib import Path

import pytest

from portal.base.journal import services as journal
from servicedesk.remote import dossier as dossiers
from servicedesk.remote import nodes
from servicedesk.remote import services as remote
from servicedesk.remote.media.sealing import SealedWriter
from tests.servicedesk.remote.calls import STARTED_AT, a_live_session, ended

pytestmark = pytest.mark.django_db
EBML = b"\x1aE\xdf\xa3"
REASON = {"reason": "complaint", "reference": "12345-2026-007"}
SOURCES = {
    "voice": ["-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-c:a", "libopus"],
    "face": ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1", "-c:v", "libvpx"],
}


def played_call(cast, tmp_path: Path):
    """A sealed dossier with a real voice and a real picture of each side."""
    session = a_live_session(cast)
    folder = dossiers.folder_of(session)
    folder.mkdir(parents=True)
    told = []
    for kind, source in SOURCES.items():
        plain = tmp_path / f"{kind}.mkv"
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *source, str(plain)], check=True)
        for side in ("kiosk", "clerk"):
            description = {
                "session": str(session.pk), "track": f"{kind}-{side}", "kind": kind, "side": side, "codec": kind,
                "started_at": STARTED_AT,
            }  # fmt: skip
            path = folder / f"{kind}-{side}.seg"
            writer = SealedWriter(path, key=remote.recording_key(session), description=description)
            writer.write(plain.read_bytes())
            writer.close()
            place = writer.position
            told.append(description | {"count": place.count, "head": place.head, "bytes": place.bytes})
    nodes.close_tracks(str(session.pk), told)
    return dossiers.seal_session(ended(session))


def test_a_recording_opens_under_a_reason_that_is_kept(cast, client_for, tmp_path):
    dossier = played_call(cast, tmp_path)
    page, film = f"/desk/dossiers/{dossier.pk}/", f"/desk/dossiers/{dossier.pk}/resident.webm"
    for user in (cast.clerk, cast.manager, cast.other_auditor, cast.stranger):
        assert client_for(user).get(page).status_code == 403
        assert client_for(user).post(page, REASON).status_code == 403
        assert client_for(user).get(film).status_code == 403
    for user in (cast.clerk, cast.supervisor, cast.stranger):
        assert client_for(user).get("/desk/dossiers/").status_code == 403
    link = f'href="{page}"'
    assert link not in client_for(cast.other_auditor).get("/desk/dossiers/").content.decode()

    auditor = client_for(cast.auditor)
    assert link in auditor.get("/desk/dossiers/").content.decode()
    assert b"data-player" not in auditor.get(page).content
    assert auditor.get(film).status_code == 403
    assert b"data-player" not in auditor.post(page, {"reason": "complaint", "reference": ""}).content
    assert auditor.get(film).status_code == 403

    assert b"data-player" in auditor.post(page, REASON).content
    entry = journal.entries_for(("session", dossier.pk))[-1]
    assert (entry.action, entry.actor, entry.reason) == ("view_recording", f"user:{cast.auditor.pk}", "complaint")
    assert journal.text_of(entry) == "12345-2026-007"
    answer = auditor.get(film)
    assert answer.status_code == 200 and b"".join(answer.streaming_content).startswith(EBML)
    assert auditor.get(f"/desk/dossiers/{dossier.pk}/document.webm").status_code == 404
    # The reason opens this one dossier in this one sign-in.
    assert client_for(cast.auditor).get(film).status_code == 403

    assert b"banner--ok" in auditor.get(page).content
    path = dossiers.folder_of(dossier.session) / "face-kiosk.seg"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    told = auditor.get(page).content.decode()
    assert "banner--stop" in told and "face-kiosk.seg" in told
    assert auditor.get(film).status_code == 409
