"""A backup restored elsewhere has the same rows, chains and recordings; a changed one is refused."""

import base64
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from portal import archive
from portal.base.journal import services as journal
from portal.base.journal.models import JournalEntry
from servicedesk.remote import dossier
from tests.cast import make_cast
from tests.servicedesk.remote import calls

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]

PASSPHRASE = "eight horses cross a river"
SUBJECT = ("backup-test", "0001")
# Starting Django costs seconds, so the other machine does all it has to do in one process.
ELSEWHERE = """
import io, json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
from portal.base.journal import services as journal

def restore(*options):
    try:
        call_command("restore", sys.argv[1], *options, stdout=io.StringIO())
    except CommandError as error:
        return str(error)
    return ""

def dossiers():
    # What verify_dossier says of each restored dossier, and whether its recording opens with the restored key.
    from servicedesk.remote import dossier, services, verification
    from servicedesk.remote.media.sealing import open_track
    from servicedesk.remote.models import Dossier

    told = {}
    for found in Dossier.objects.select_related("key", "session"):
        folder = dossier.folder_of(found.session)
        faults = verification.faults_of(folder, bytes(found.key.public))
        sizes = [len(open_track(path, services.recording_key(found.session))) for path in sorted(folder.glob("*.seg"))]
        told[str(found.pk)] = {"faults": faults, "bytes": sizes}
    return told

def look():
    entries = journal.entries_for(("backup-test", "0001"))
    return {
        "hashes": [entry.hash for entry in entries],
        "faults": journal.faults_of(entries),
        "text": journal.text_of(entries[0]) if entries else None,
        "dossiers": dossiers(),
    }

first = restore()
told = {"first": first, "found": look() if not first else None}
if not first:
    told |= {"again": restore(), "forced": restore("--force"), "after": look()}
print("TOLD " + json.dumps(told))
"""


@contextlib.contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The address of an empty database of the same kind as the tests'."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder}/restored.sqlite3"
        return
    import psycopg

    given = connection.settings_dict
    name = f"linban_restore_{uuid.uuid4().hex[:8]}"
    server = psycopg.connect(
        host=given["HOST"], port=given["PORT"] or 5432, user=given["USER"], password=given["PASSWORD"] or None,
        dbname="postgres", autocommit=True,
    )  # fmt: skip
    with server:
        server.execute(f'create database "{name}"')
        try:
            password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
            yield f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT'] or 5432}/{name}"
        finally:
            server.execute(f'drop database if exists "{name}" with (force)')


def restore_elsewhere(backup: Path, *, database: str, folder: Path, keyring: list | None = None) -> dict:
    """What happens when the backup is restored in a process of its own, on that database and folder."""
    environment = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "BACKUP_PASSPHRASE": PASSPHRASE,
    }
    if keyring is not None:
        environment["KEYRING"] = json.dumps(keyring)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(backup)],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert "TOLD " in done.stdout, done.stderr
    return json.loads(done.stdout.split("TOLD ", 1)[1].splitlines()[0])


@pytest.fixture
def lived_in(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> list[JournalEntry]:
    """Two chained journal rows with a sealed text, an upload, and a recording of two files."""
    monkeypatch.setenv("BACKUP_PASSPHRASE", PASSPHRASE)
    settings.MEDIA_ROOT = tmp_path / "here/media"
    settings.RECORDINGS_DIR = tmp_path / "here/recordings"
    (settings.MEDIA_ROOT / "images").mkdir(parents=True)
    (settings.MEDIA_ROOT / "images/hall.png").write_bytes(b"picture")
    (settings.RECORDINGS_DIR / "s1").mkdir(parents=True)
    (settings.RECORDINGS_DIR / "s1/voice.seg").write_bytes(os.urandom(70_000))
    (settings.RECORDINGS_DIR / "s1/manifest.json").write_text("{}")
    with transaction.atomic():
        journal.append(SUBJECT, action="opened", actor="test", text="a remark of the clerk's")
    with transaction.atomic():
        journal.append(SUBJECT, action="closed", actor="test", old="open", new="closed")
    return journal.entries_for(SUBJECT)


@pytest.fixture
def backup_file(lived_in: list[JournalEntry], tmp_path: Path) -> Path:
    target = tmp_path / "linban.tar"
    call_command("backup", str(target), stdout=io.StringIO())
    return target


def test_a_restored_backup_has_the_rows_the_chains_the_texts_and_the_recordings(
    lived_in: list[JournalEntry], backup_file: Path, tmp_path: Path
):
    there = tmp_path / "there"
    with fresh_database(tmp_path) as database:
        told = restore_elsewhere(backup_file, database=database, folder=there)
    assert told["first"] == ""
    expected = {"hashes": [entry.hash for entry in lived_in], "faults": [], "text": "a remark of the clerk's"}
    assert told["found"] == expected | {"dossiers": {}}
    for name in ("media/images/hall.png", "recordings/s1/voice.seg", "recordings/s1/manifest.json"):
        assert (there / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert "not empty" in told["again"] and "--force" in told["again"]
    assert told["forced"] == "" and told["after"] == told["found"]
    assert len(list(there.glob("recordings.before-*/s1/voice.seg"))) == 1, "what was there is put aside, not lost"


def test_a_restored_dossier_is_verified_and_its_recording_opens(lived_in: list[JournalEntry], tmp_path: Path):
    session = calls.a_live_session(make_cast())
    calls.recorded(session)
    sealed = dossier.seal_session(calls.ended(session))
    target = tmp_path / "with-dossier.tar"
    call_command("backup", str(target), stdout=io.StringIO())
    with fresh_database(tmp_path) as database:
        told = restore_elsewhere(target, database=database, folder=tmp_path / "there")
    found = told["found"]["dossiers"][str(sealed.pk)]
    assert found["faults"] == [] and len(found["bytes"]) == 3 and min(found["bytes"]) > 1000


def test_a_machine_without_the_keys_is_told_how_to_get_them(backup_file: Path, tmp_path: Path):
    foreign = [entry | {"id": entry["id"] + "-other"} for entry in settings.KEYRING]
    with fresh_database(tmp_path) as database:
        told = restore_elsewhere(backup_file, database=database, folder=tmp_path / "there", keyring=foreign)
    assert "python -m portal.archive keys" in told["first"]
    secrets = archive.read_secrets(backup_file, PASSPHRASE)
    assert json.loads(secrets["KEYRING"]) == settings.KEYRING
    assert secrets["SECRET_KEY"] == settings.SECRET_KEY


def test_the_keys_do_not_stand_in_the_file(backup_file: Path):
    content = backup_file.read_bytes()
    for entry in settings.KEYRING:
        assert entry["secret"].encode() not in content
        assert base64.b64decode(entry["secret"]) not in content
    assert settings.SECRET_KEY.encode() not in content
    assert backup_file.stat().st_mode & 0o077 == 0


def test_a_wrong_passphrase_opens_nothing(backup_file: Path):
    with pytest.raises(archive.ArchiveError, match="passphrase does not open"):
        archive.verify(backup_file, "nine horses cross a river")


def rewrite(source: Path, target: Path, *, change: str = "", drop: str = "", add: str = "") -> Path:
    """A copy of the tar with one file changed, dropped or added."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member).read()
            if member.name == drop:
                continue
            if member.name == change:
                content = content[:-1] + bytes([content[-1] ^ 1])
            new.addfile(member, io.BytesIO(content))
        if add:
            entry = tarfile.TarInfo(add)
            entry.size = 1
            new.addfile(entry, io.BytesIO(b"x"))
    return target


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"change": "recordings/s1/voice.seg"}, "recordings/s1/voice.seg was changed"),
        ({"drop": "recordings/s1/manifest.json"}, "recordings/s1/manifest.json is missing"),
        ({"add": "recordings/s1/more.seg"}, "recordings/s1/more.seg was added"),
        ({"change": "manifest.json"}, "manifest.json was changed"),
        ({"drop": "manifest.mac"}, "is cut: manifest.mac is missing"),
        ({"add": "../outside"}, "no plain file inside the backup"),
    ],
)
def test_one_changed_byte_is_named_and_nothing_is_restored(backup_file: Path, tmp_path: Path, fault, message):
    broken = rewrite(backup_file, tmp_path / "broken.tar", **fault)
    with pytest.raises(CommandError, match=message):
        call_command("restore", str(broken), "--check", stdout=io.StringIO())


def test_a_cut_file_is_refused(backup_file: Path, tmp_path: Path):
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup_file.read_bytes()[: backup_file.stat().st_size // 2])
    with pytest.raises(CommandError, match="cut|damaged|missing"):
        call_command("restore", str(cut), "--check", stdout=io.StringIO())


def test_a_backup_overwrites_nothing_and_a_failed_one_leaves_no_file(backup_file: Path, tmp_path: Path, monkeypatch):
    before = hashlib.sha256(backup_file.read_bytes()).hexdigest()
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("backup", str(backup_file))
    monkeypatch.setenv("BACKUP_PASSPHRASE", "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("backup", str(tmp_path / "other.tar"))
    assert hashlib.sha256(backup_file.read_bytes()).hexdigest() == before
    assert not list(tmp_path.glob("other*"))
