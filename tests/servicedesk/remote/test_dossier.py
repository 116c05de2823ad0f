"""A sealed dossier holds, and names whatever was changed, cut or taken away afterwards."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.base.keyring import services as keyring
from servicedesk.remote import dossier as dossiers
from servicedesk.remote import services as remote
from servicedesk.remote.media.sealing import measure_track
from servicedesk.remote.models import Dossier, RemoteSession
from servicedesk.remote.states import SessionState
from servicedesk.remote.verification import faults_of
from tests.servicedesk.remote.calls import a_call_with_papers, a_live_session, ended, recorded

pytestmark = pytest.mark.django_db


def public_key(dossier: Dossier) -> bytes:
    return bytes(dossier.key.public)


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_finished_call_is_sealed_whole_and_every_change_is_named(cast):
    session, case = a_call_with_papers(cast)
    folder = recorded(session)
    session = ended(session)
    assert dossiers.seal_finished_sessions() == 1
    dossier = Dossier.objects.get(session=session)
    key = public_key(dossier)
    assert remote.get_session(str(session.pk)).state == SessionState.SEALED
    assert faults_of(folder, key) == []

    papers = {path.name.split("-")[0].split(".")[0] for path in (folder / "papers").iterdir()}
    assert papers == {"page", "form", "signature", "journal", "rating"}
    assert json.loads((folder / "papers/rating.json").read_text())["level"] == 5
    entries = json.loads((folder / "papers/journal.json").read_text())
    assert {entry["subject"][0] for entry in entries} == {"session", "ticket", "case"}
    # Nothing personal lies open in the folder.
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert cast.resident.number.encode() not in everything and cast.resident.name.encode() not in everything

    def changes(change) -> list[str]:
        """The faults after one change, which is undone again."""
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        change()
        faults = faults_of(folder, key)
        for path in folder.rglob("*"):
            if path.is_file() and path not in before:
                path.unlink()
        for path, content in before.items():
            path.write_bytes(content)
        return faults

    track = folder / "face-kiosk.seg"
    size = track.stat().st_size
    assert changes(lambda: flipped(track, size - 40))[0].startswith("face-kiosk.seg: ")

    last = (size - len(track.read_bytes()[: track.read_bytes().index(b"SEGM")])) // 3
    cut = changes(lambda: track.write_bytes(track.read_bytes()[: size - last]))
    assert cut == ["face-kiosk.seg: 2 of 3 segments are there."]
    assert changes(track.unlink) == ["face-kiosk.seg: face-kiosk.seg is not there."]
    added = folder / "face-somebody.seg"
    assert changes(lambda: added.write_bytes(track.read_bytes())) == ["face-somebody.seg: not in the manifest."]

    page = next((folder / "papers").glob("page-*"))
    assert changes(page.unlink) == [f"papers/{page.name}: the file is missing."]
    assert changes(lambda: flipped(page, 30)) == [f"papers/{page.name}: the file was changed."]
    letter = folder / "papers/letter.txt"
    assert changes(lambda: letter.write_text("x")) == ["papers/letter.txt: the file is not in the manifest."]

    def rewrite_entry() -> None:
        for entry in entries:
            if entry["action"] == "agree":
                entry["actor"] = "user:99"
        (folder / "papers/journal.json").write_text(json.dumps(entries, ensure_ascii=False, indent=1))

    place = next(entry["subject"][2] for entry in entries if entry["action"] == "agree")
    assert changes(rewrite_entry) == [
        "papers/journal.json: the file was changed.", f"journal: entry {place} of session was changed.",
    ]  # fmt: skip

    manifest = folder / "dossier.json"
    changed = manifest.read_text().replace('"version":1', '"version":2')
    assert "signature does not fit" in changes(lambda: manifest.write_text(changed))[0]
    assert "never sealed" in changes((folder / "dossier.sig").unlink)[0]
    assert "another centre's key" in faults_of(folder, keyring.new_signing_key()[1])[0]
    assert faults_of(folder, key) == []
    assert f"page-{case.number}-1.sealed" in {path.name for path in (folder / "papers").iterdir()}


def test_the_command_says_that_it_holds_or_what_is_wrong(cast, capsys):
    session = a_live_session(cast)
    folder = recorded(session)
    dossier = dossiers.seal_session(ended(session, level=None))
    call_command("verify_dossier", folder)
    call_command("verify_dossier", folder, key=base64.b64encode(public_key(dossier)).decode())
    assert capsys.readouterr().out.count("The dossier is whole") == 2
    flipped(folder / "voice-clerk.seg", (folder / "voice-clerk.seg").stat().st_size - 1)
    with pytest.raises(CommandError, match=r"voice-clerk\.seg"):
        call_command("verify_dossier", folder)
    with pytest.raises(CommandError, match="no folder"):
        call_command("verify_dossier", folder / "nothing")
    Dossier.objects.all().delete()
    with pytest.raises(CommandError, match="--key"):
        call_command("verify_dossier", folder)


def test_a_dossier_waits_for_the_rating_and_for_the_recording(cast):
    session = a_live_session(cast)
    recorded(session, is_closed=False)
    remote.end_session(session, actor="user:1", reason="finished", outcome="done")
    assert dossiers.seal_finished_sessions() == 0
    # Nobody rates: after a while it is sealed without, unless the node still has the files open.
    RemoteSession.objects.update(ended_at=timezone.now() - timedelta(seconds=dossiers.SEAL_AFTER_S + 1))
    assert dossiers.seal_finished_sessions() == 0
    # A node that never comes back does not keep the evidence from being sealed; the tracks say that they broke off.
    RemoteSession.objects.update(ended_at=timezone.now() - timedelta(seconds=dossiers.UNCLOSED_AFTER_S + 1))
    assert dossiers.seal_finished_sessions() == 1
    dossier = Dossier.objects.get()
    tracks = json.loads(dossier.manifest)["tracks"]
    assert [track["faults"] for track in tracks] == [["interrupted"]] * 3
    assert faults_of(dossiers.folder_of(dossier.session), public_key(dossier)) == []


def test_what_a_killed_node_left_is_measured_and_a_cut_below_the_check_point_is_kept_as_a_fault(cast):
    session = a_live_session(cast)
    folder = recorded(session, is_closed=False)
    track = folder / "face-kiosk.seg"
    # Half a segment at the end is what a kill leaves; two segments gone is less than the check-point had seen.
    (folder / "voice-kiosk.seg").write_bytes((folder / "voice-kiosk.seg").read_bytes() + b"SEGM\0\0")
    track.write_bytes(track.read_bytes()[:-900])
    told = {row.name: row for row in session.tracks.all()}
    torn = dossiers.describe_for_manifest(session, told["voice-kiosk"])
    assert (torn["count"], torn["faults"]) == (3, ["interrupted"])
    assert torn["head"] == measure_track(folder / "voice-kiosk.seg").head
    assert dossiers.describe_for_manifest(session, told["face-kiosk"])["faults"] == ["interrupted", "cut"]


def test_a_rating_that_comes_late_is_a_signed_addendum(cast):
    session = a_live_session(cast)
    folder = recorded(session)
    remote.end_session(session, actor="user:1", reason="finished", outcome="done")
    dossier = dossiers.seal_session(remote.get_session(str(session.pk)))
    from servicedesk.ratings import services as ratings

    ratings.rate(ticket=session.ticket, level=4, options=[], comment="", channel="phone", actor="resident")
    addendum = dossier.addenda.get()
    assert json.loads(addendum.body)["session"] == str(session.pk)
    assert faults_of(folder, public_key(dossier)) == []
    path = folder / f"addendum-{addendum.pk}.json"
    path.write_text(path.read_text().replace("4", "5", 1))
    assert faults_of(folder, public_key(dossier)) == [f"{path.name}: the signature does not fit."]


def test_a_centre_keeps_its_key(cast):
    first = dossiers.centre_key(cast.centre)
    assert dossiers.centre_key(cast.centre) == first
    assert bytes(dossiers.centre_key(cast.other_centre).public) != bytes(first.public)
    assert keyring.is_signed_by(bytes(first.public), b"x", dossiers.sign(first, b"x"))
