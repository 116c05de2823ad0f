"""Speaks the hall display's words into sound files, for browsers without a Mandarin voice of their own."""

import array
import shutil
import subprocess
import wave
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from servicedesk.queueing import voice

WORDS_A_MINUTE = 160
QUIET = 300
KEPT_SILENCE_S = 0.04


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
            _trim_silence(part)
            part.replace(path)
            made += 1
        self.stdout.write(f"{made} clips made in {folder}.")


def _trim_silence(path: Path) -> None:
    """Cut the silence at both ends: ten clips in a row would else take twice as long as the sentence."""
    with wave.open(str(path), "rb") as clip:
        shape = clip.getparams()
        samples = array.array("h", clip.readframes(shape.nframes))
    loud = [place for place, sample in enumerate(samples) if abs(sample) > QUIET]
    if not loud:
        return
    kept = int(KEPT_SILENCE_S * shape.framerate)
    samples = samples[max(0, loud[0] - kept) : loud[-1] + kept]
    with wave.open(str(path), "wb") as clip:
        clip.setparams(shape)
        clip.writeframes(samples.tobytes())
