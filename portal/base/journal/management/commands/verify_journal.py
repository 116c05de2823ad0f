"""Checks the whole journal: rows, chains and daily seals, and the seals against those that another system received."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.base.journal import seals
from portal.base.journal.models import JournalEntry, JournalSeal

NAMES = {"scope", "day", "rows", "digest", "previous", "hash"}


def read_seals(path: Path) -> Iterator[dict[str, Any]]:
    """One JSON object a line: a seal's body, or the whole message as the gateway got it.

    Raises:
        CommandError: a line is neither.
    """
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            body = found.get("body", found)
            if set(body) != NAMES:
                raise ValueError
        except (ValueError, AttributeError, TypeError) as error:
            raise CommandError(
                f"{path}, line {number}: this is no seal; each line is what SEAL_GATEWAY got."
            ) from error
        yield body


class Command(BaseCommand):
    help = "Verifies the journal's rows, chains and daily seals; with --seals also against seals kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seals", type=Path, help="a file with one received seal a line, as JSON")

    def handle(self, *_args: object, **options: Any) -> None:
        received = list(read_seals(options["seals"])) if options["seals"] else []
        found = seals.faults(received)
        if found:
            raise CommandError("The journal does not hold:\n" + "\n".join(f"- {fault}" for fault in found))
        self.stdout.write(
            f"The journal is whole: {JournalEntry.objects.count()} rows, {JournalSeal.objects.count()} daily seals"
            + (f", {len(received)} of them as received elsewhere." if received else ".")
        )
