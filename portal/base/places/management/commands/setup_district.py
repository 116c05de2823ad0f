"""`manage.py setup_district FILE.xlsx [--dry-run]`: load places, counters, hours, staff and roles from a workbook."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.base.places import district


class Command(BaseCommand):
    help = "Loads a district from a workbook: all of it or, when something is wrong, nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")

    def handle(self, *args, **options) -> None:
        try:
            report = district.load(options["file"], dry_run=options["dry_run"])
        except district.DistrictRefused as refused:
            for sentence in refused.report.errors:
                self.stderr.write(sentence)
            raise CommandError(f"{len(refused.report.errors)} errors; nothing was changed.") from refused
        for kind in district.SHEETS:
            numbers = [table.get(kind, 0) for table in (report.added, report.changed, report.same)]
            if any(numbers):
                self.stdout.write("{}: {} added, {} changed, {} as they were".format(kind, *numbers))
        if options["dry_run"]:
            self.stdout.write("This was a dry run; nothing was changed.")
