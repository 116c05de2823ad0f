"""Speaks the hall display's words into sound files, for browsers without a Mandarin voice of their own."""

import shutil
import subprocess
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from servicedesk.queueing import voice

WORDS_A_MINUTE = 150


class Command(BaseCommand):
    help = "Makes the hall display's sound clips with espeak-ng; repeating it makes only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="make all of them again")

    def handle(self, *args: Any, **options: Any) -> None:
        speaker = shutil.which("espeak-ng")
        if speaker is None:
            raise CommandError("espeak-ng is not installed. Install the package espeak-ng, then run make_clips again.")
        folder = voice.clips_folder()
        folder.mkdir(parents=True, exist_ok=True)
        made = 0
        for name, text in voice.clip_texts().items():
            path = folder / f"{name}.wav"
            if path.is_file() and not options["again"]:
                continue
            part = path.with_suffix(".part")
            command = [speaker, "-v", "cmn", "-s", str(WORDS_A_MINUTE), "-w", str(part), text]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0 or not part.is_file():
                raise CommandError(f"espeak-ng could not say {text!r}: {done.stderr.strip()[:200]}")
            part.replace(path)
            made += 1
        self.stdout.write(f"{made} clips made in {folder}.")
