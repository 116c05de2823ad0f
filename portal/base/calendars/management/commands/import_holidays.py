"""`manage.py import_holidays FILE.json|.xlsx|.csv`: load a year's public holidays and make-up working days."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.base.calendars import holidays


class Command(BaseCommand):
    help = "Loads a year's public holidays from a JSON, Excel or CSV file; without a file, the tables that ship with Linban."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args, **options) -> None:
        if options["file"] is None:
            years = holidays.load_shipped_holidays()
            self.stdout.write(f"Loaded: {', '.join(map(str, years)) or 'nothing new'}.")
            return
        try:
            table = holidays.read_table(options["file"].name, options["file"].read_bytes())
            row = holidays.load_holidays(table)
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self.stdout.write(f"{row.year}: {row.days.count()} days loaded.")
