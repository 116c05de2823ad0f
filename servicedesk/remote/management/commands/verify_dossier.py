"""Checks a sealed dossier folder: says that it holds, or what was changed, is missing or was cut."""

import base64
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk.remote.verification import faults_of


class Command(BaseCommand):
    help = "Verifies a dossier folder. Works offline: give the centre's public key with --key, or it is looked up."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--key", help="the centre's public key, base64; without it the database is asked")

    def handle(self, *args: object, **options) -> None:
        folder: Path = options["path"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        public = base64.b64decode(options["key"]) if options["key"] else self._known_key(folder)
        faults = faults_of(folder, public)
        if faults:
            raise CommandError("The dossier does not hold:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.stdout.write(self.style.SUCCESS("The dossier is whole: nothing was changed, removed or added."))

    def _known_key(self, folder: Path) -> bytes:
        from servicedesk.remote.models import Dossier

        dossier = Dossier.objects.select_related("key").filter(session__pk=folder.resolve().name).first()
        if dossier is None:
            raise CommandError("This dossier is not in the database; give the centre's public key with --key.")
        return bytes(dossier.key.public)
