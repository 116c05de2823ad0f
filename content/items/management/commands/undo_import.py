"""Takes a whole import back, unless somebody has edited some of it since."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from content.items import import_runs
from content.items.models import ImportRun
from portal.base.errors import DomainError


class Command(BaseCommand):
    help = "Takes the import RUN back as a whole; import_items names it when it has written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=uuid.UUID)

    def handle(self, *args: Any, run: uuid.UUID, **options: Any) -> None:
        found = ImportRun.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(_("There is no import with this number."))
        try:
            stayed = import_runs.undo(found, user=None)
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(_("The import of %s is taken back.") % found.file_name)
        if stayed:
            self.stdout.write(_("In use, so it stays: %s") % _("; ").join(stayed))
