"""Exports all items to a workbook or JSON file that import_items reads back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from content.items.exporting import export_items


class Command(BaseCommand):
    help = "Writes all published editions to FILE.xlsx or FILE.json, in the format of import_items."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if file.suffix.lower() not in (".xlsx", ".json"):
            raise CommandError(_("The file's name must end in .xlsx or .json."))
        try:
            count = export_items(file)
        except OSError as error:
            raise CommandError(_("%(file)s cannot be written: %(why)s") % {"file": file, "why": error}) from error
        self.stdout.write(_("%(count)s editions written to %(file)s.") % {"count": count, "file": file})
