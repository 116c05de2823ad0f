"""Imports items from a JSON or XLSX file and publishes their guides; all or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.guides.services import publish_guides
from content.items.importing import ImportRefused, import_items
from content.items.reading import read_file


class Command(BaseCommand):
    help = "Adds and changes items from FILE.json or FILE.xlsx and publishes their guides; removes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        read = read_file(file)
        try:
            with transaction.atomic():
                report = import_items(read)
                publish_guides(report.items)
                if dry_run:
                    transaction.set_rollback(True)
        except ImportRefused as refused:
            for fault in refused.faults:
                self.stderr.write(f"  {fault}")
            count = len(refused.faults)
            words = ngettext("Nothing was imported: %(count)s fault.", "Nothing was imported: %(count)s faults.", count)
            raise CommandError(words % {"count": count}) from None
        for warning in report.warnings:
            self.stdout.write(f"  {warning}")
        counts = {"added": len(report.added), "changed": len(report.changed), "same": len(report.unchanged)}
        if dry_run:
            words = _(
                "A trial, nothing was written. It would be: %(added)s added, %(changed)s changed, %(same)s the same."
            )
        else:
            words = _("%(added)s items added, %(changed)s changed, %(same)s the same.")
        self.stdout.write(words % counts)
