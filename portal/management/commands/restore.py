"""`restore FILE.tar`: checks a backup whole, then puts database, uploads and recordings in place of what is there."""

import fcntl
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from portal.archive import ArchiveError, extract, read_passphrase, verify
from portal.management.commands.backup import postgres_environment

EMPTY_POSTGRES = """
do $$
declare name text;
begin
    set local client_min_messages = error;
    for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', name);
    end loop;
    create schema public;
end $$
"""


def contents_of_target() -> list[str]:
    """What is there already, a phrase each; empty for a fresh machine."""
    found = []
    tables = connection.introspection.table_names()
    if tables:
        found.append(f"a database with {len(tables)} tables")
    for name, folder in (("uploads", settings.MEDIA_ROOT), ("recordings", settings.RECORDINGS_DIR)):
        if any(path.is_file() for path in Path(folder).rglob("*")):
            found.append(f"{name} in {folder}")
    return found


def refuse_while_portal_runs() -> None:
    """Raises CommandError while an embedded portal holds this data folder."""
    path = Path(settings.DATA_DIR) / "portal.lock"
    if not path.exists():
        return
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError("The portal runs on this data. End it first, then restore.") from error
    finally:
        os.close(descriptor)


def restore_sqlite(dump: Path) -> None:
    """Copy the backup's pages over the database in one transaction of SQLite's own backup API."""
    name = str(connection.settings_dict["NAME"])
    if not name.startswith(("file:", ":memory:")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    connection.ensure_connection()
    source = sqlite3.connect(dump)
    try:
        source.backup(connection.connection)
    finally:
        source.close()
    connection.close()


def restore_postgres(dump: Path) -> None:
    """Empty the schema and load the dump in one transaction: all of it is there afterwards, or what was before."""
    listing = subprocess.run(["pg_restore", "--list", str(dump)], capture_output=True, text=True, check=False)
    if listing.returncode:
        raise CommandError(f"pg_restore cannot read the dump: {listing.stderr.strip()}")
    script = dump.with_suffix(".sql")
    command = ["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"pg_restore cannot read the dump: {done.stderr.strip()}")
    connection.close()
    loaded = subprocess.run(
        ["psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1",
         f"--command={EMPTY_POSTGRES}", f"--file={script}"],
        env=postgres_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if loaded.returncode:
        raise CommandError(f"PostgreSQL refused the dump, and nothing was changed: {loaded.stderr.strip()[-600:]}")


def replace_tree(archive: Path, name: str, folder: Path) -> tuple[int, Path | None]:
    """Unpack beside the folder, then swap; (number of files, where the old ones went)."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}-"))
    count = extract(archive, name, fresh)
    aside = None
    if folder.exists():
        if any(folder.iterdir()):
            aside = folder.with_name(f"{folder.name}.before-{timezone.now():%Y%m%dT%H%M%S}")
            folder.rename(aside)
        else:
            folder.rmdir()
    fresh.chmod(0o750)
    fresh.rename(folder)
    return count, aside


class Command(BaseCommand):
    help = "Checks a backup, then restores database, uploads and recordings. Refuses a target that is not empty."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the tar file that backup wrote")
        parser.add_argument("--passphrase-file", help="its first line opens the keys (else BACKUP_PASSPHRASE does)")
        parser.add_argument("--force", action="store_true", help="replace what is there; old files are put aside")
        parser.add_argument("--check", action="store_true", help="only check the backup, and change nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        archive = Path(options["file"])
        try:
            manifest = verify(archive, read_passphrase(options["passphrase_file"]))
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{archive}: made {manifest['made_at']}, {len(manifest['files'])} files, all as they were.")
        if options["check"]:
            return
        if manifest["engine"] != connection.vendor:
            raise CommandError(
                f"The backup is of {manifest['engine']}, DATABASE_URL names {connection.vendor}. "
                "Restore onto the same kind of database."
            )
        lacking = sorted(set(manifest["key_ids"]) - {entry["id"] for entry in settings.KEYRING})
        if lacking:
            raise CommandError(
                f"KEYRING lacks {', '.join(lacking)}, so the restored rows could not be read. "
                f"Take it from the backup: python -m portal.archive keys {archive}"
            )
        refuse_while_portal_runs()
        found = contents_of_target()
        if found and not options["force"]:
            raise CommandError(f"The target is not empty: {'; '.join(found)}. Give --force to replace it.")
        with tempfile.TemporaryDirectory(dir=archive.resolve().parent, prefix=".restore-") as folder:
            extract(archive, "database", Path(folder))
            if manifest["engine"] == "sqlite":
                restore_sqlite(Path(folder) / "linban.sqlite3")
            else:
                restore_postgres(Path(folder) / "linban.dump")
        for name, place in (("media", settings.MEDIA_ROOT), ("recordings", settings.RECORDINGS_DIR)):
            count, aside = replace_tree(archive, name, Path(place))
            self.stdout.write(f"{name}: {count} files" + (f"; what was there is in {aside}" if aside else ""))
        self.stdout.write("Restored. Run migrate if this version is newer than the backup, then start the portal.")
