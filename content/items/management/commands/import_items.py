"""Imports items from a JSON or XLSX file and publishes their guides; all or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.items.import_work import Outcome, import_file
from content.items.importing import ImportRefused

SHOWN = 400


class Command(BaseCommand):
    help = "Adds and changes items from FILE.json or FILE.xlsx and publishes their guides; removes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            outcome = import_file(file, is_trial=dry_run, progress=self._progress())
        except ImportRefused as refused:
            for fault in refused.faults:
                self.stderr.write(f"  {fault}")
            count = len(refused.faults)
            words = ngettext("Nothing was imported: %(count)s fault.", "Nothing was imported: %(count)s faults.", count)
            raise CommandError(words % {"count": count}) from None
        self._tell(outcome, dry_run=dry_run, verbosity=options.get("verbosity", 1))

    def _progress(self) -> Any:
        """Counts on one line of a terminal; says nothing where the output goes into a file."""
        if not self.stdout.isatty():
            return None

        def tell(done: int, total: int) -> None:
            end = "\n" if done == total else "\r"
            self.stdout.write(_("%(done)s of %(total)s") % {"done": done, "total": total}, ending=end)
            self.stdout.flush()

        return tell

    def _tell(self, outcome: Outcome, *, dry_run: bool, verbosity: int) -> None:
        for warning in outcome.warnings:
            self.stdout.write(f"  {warning}")
        if dry_run or verbosity > 1:
            lines = [line for change in outcome.changes for line in change.lines()]
            for line in lines[:SHOWN]:
                self.stdout.write(f"  {line}")
            if len(lines) > SHOWN:
                self.stdout.write("  " + _("and %(count)s more") % {"count": len(lines) - SHOWN})
        if dry_run:
            words = _(
                "A trial, nothing was written. It would be: %(added)s added, %(changed)s changed, %(same)s the same."
            )
        else:
            words = _("%(added)s items added, %(changed)s changed, %(same)s the same.")
        self.stdout.write(words % outcome.counts)
        if outcome.run is not None:
            words = _("To take all of it back: script/manage undo_import %s")
            self.stdout.write(words % outcome.run.pk)
