"""`manage.py export_points FILE.csv|.json|.xlsx`: all points and centres, in WGS-84 and GCJ-02."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from content.points import exporting


class Command(BaseCommand):
    help = "Writes all points and centres into a CSV, JSON or Excel file; positions in WGS-84 and GCJ-02."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options) -> None:
        kind = options["file"].suffix.lower().removeprefix(".")
        if kind not in exporting.FORMATS:
            raise CommandError(f"{options['file']}: choose a name that ends in .csv, .json or .xlsx.")
        rows = exporting.point_rows()
        options["file"].write_bytes(exporting.write_points(kind, rows, as_of=timezone.now()))
        self.stdout.write(f"{len(rows)} places written to {options['file']}.")
