"""Publishing a new version of the privacy and recording notice from a JSON file."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from servicedesk.residents import services


class Command(BaseCommand):
    help = (
        'Publishes a version of the notice: FILE holds {"version", "text_zh", "text_en", "valid_from": "YYYY-MM-DD"}.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            body = json.loads(options["file"].read_text(encoding="utf-8"))
            notice = services.publish_notice(
                version=str(body["version"]),
                text_zh=str(body["text_zh"]),
                text_en=str(body.get("text_en", "")),
                valid_from=date.fromisoformat(body["valid_from"]),
                actor="command",
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{options['file']} is not such a file: {error}") from error
        except IntegrityError as error:
            raise CommandError("This version is there already. Give the new text a new version.") from error
        self.stdout.write(f"Version {notice.version} is in force from {notice.valid_from}.\n")
