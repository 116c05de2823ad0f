"""`backup FILE.tar`: the database, uploads, recordings and keys in one file, while the portal runs."""

import json
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

from portal.archive import ArchiveError, Writer, read_passphrase


def postgres_environment() -> dict[str, str]:
    """What PostgreSQL's own programs need to reach the portal's database."""
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
    given = {names[key]: str(connection.settings_dict[key]) for key in names if connection.settings_dict.get(key)}
    return dict(os.environ) | given


def dump_database(folder: Path) -> Path:
    """A consistent copy of the database in the folder, made while others write."""
    if connection.vendor == "sqlite":
        target = folder / "linban.sqlite3"
        connection.ensure_connection()
        with sqlite3.connect(target) as copy:
            connection.connection.backup(copy)
        copy.close()
        return target
    target = folder / "linban.dump"
    done = subprocess.run(
        ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"],
        env=postgres_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CommandError(f"pg_dump failed: {done.stderr.strip()}")
    return target


class Command(BaseCommand):
    help = "Writes the database, uploads, recordings and keys into one tar file. The portal may go on running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the tar file to write; it must not exist yet")
        parser.add_argument("--passphrase-file", help="its first line seals the keys (else BACKUP_PASSPHRASE does)")

    def handle(self, *_args: Any, **options: Any) -> None:
        target = Path(options["file"])
        if target.exists():
            raise CommandError(f"{target} exists already. Backups are never overwritten; choose another name.")
        secrets = {"KEYRING": json.dumps(settings.KEYRING), "SECRET_KEY": settings.SECRET_KEY}
        try:
            passphrase = read_passphrase(options["passphrase_file"])
            with (
                tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".backup-") as folder,
                Writer(target, secrets=secrets, passphrase=passphrase) as writer,
            ):
                # The database goes first: a file that it names is there when the files are copied after it.
                dump = dump_database(Path(folder))
                writer.add_file(f"database/{dump.name}", dump)
                media = writer.add_tree("media", Path(settings.MEDIA_ROOT))
                recordings = writer.add_tree("recordings", Path(settings.RECORDINGS_DIR))
                writer.finish(
                    {
                        "made_at": timezone.now().isoformat(timespec="seconds"),
                        "engine": connection.vendor,
                        "key_ids": [entry["id"] for entry in settings.KEYRING],
                    }
                )
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{target}: {target.stat().st_size / 1e6:.1f} MB, {media} uploads, {recordings} files of recordings. "
            "Keep the passphrase apart from the file: without it nobody can open the keys."
        )
