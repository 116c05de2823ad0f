"""Merges locale/parts/*.po into locale/zh_Hans/LC_MESSAGES/django.po and .mo, and finds what is not translated.

The parts are the sources, one a room or feature; the merged catalogue is built and not committed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "locale/parts"
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
# Sentences of Django, allauth and Wagtail that we say better, or that they do not say in Chinese.
OF_LIBRARIES = ("libraries.po", "wagtail.po")
ROOMS = ("portal", "content", "servicedesk", "kiosk_bridge", "themes")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
METADATA = {
    "Project-Id-Version": "linban",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}

Key = tuple[str | None, str]


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def merge_parts() -> tuple[polib.POFile, list[str]]:
    """The catalogue of all parts, and what is wrong in them: conflicts, fuzzy entries, lost placeholders."""
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = dict(METADATA)
    faults = []
    seen: dict[Key, tuple[polib.POEntry, str]] = {}
    for part in sorted(PARTS.glob("*.po")):
        for entry in polib.pofile(str(part), encoding="utf-8"):
            where = f"{part.name}: {entry.msgid[:60]!r}"
            if entry.obsolete or not any(_translations(entry)):
                continue
            if "fuzzy" in entry.flags:
                faults.append(f"{where} is fuzzy.")
                continue
            known = seen.get(_key(entry))
            if known and _translations(known[0])[0] != _translations(entry)[0]:
                here, there = _translations(entry)[0], _translations(known[0])[0]
                faults.append(f"{where} is {here!r} here and {there!r} in {known[1]}; agree on one.")
            for translation in _translations(entry):
                # A plural form may leave its number out, but never invent a placeholder or lose a named one.
                if set(PLACEHOLDER.findall(translation)) - set(
                    PLACEHOLDER.findall(entry.msgid + (entry.msgid_plural or ""))
                ):
                    faults.append(f"{where}: the translation has a placeholder that the sentence lacks.")
                elif not entry.msgid_plural and set(PLACEHOLDER.findall(entry.msgid)) - set(
                    PLACEHOLDER.findall(translation)
                ):
                    faults.append(f"{where}: the translation loses a placeholder.")
            if known and entry.msgid_plural and not known[0].msgid_plural:
                catalogue.remove(known[0])
            elif known:
                continue
            copy = polib.POEntry(msgid=entry.msgid, msgctxt=entry.msgctxt, msgstr=entry.msgstr, comment=f"{part.name}")
            if entry.msgid_plural:
                copy.msgid_plural, copy.msgstr_plural = entry.msgid_plural, {0: _translations(entry)[0]}
            if PLACEHOLDER.search(entry.msgid) and "%" in entry.msgid:
                copy.flags = ["python-format"]
            seen[_key(entry)] = (copy, part.name)
            catalogue.append(copy)
    return catalogue, faults


def write(catalogue: polib.POFile) -> None:
    """Write .po and .mo, each whole or not at all."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    for path, save in ((CATALOGUE, catalogue.save), (CATALOGUE.with_suffix(".mo"), catalogue.save_as_mofile)):
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        save(str(unfinished))
        unfinished.rename(path)


def sentences_in_code() -> polib.POFile:
    """What makemessages finds in our rooms, read from a copy so that the checkout stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for room in ROOMS:
            if (ROOT / room).is_dir():
                ignored = shutil.ignore_patterns(
                    "__pycache__", "static", "migrations", "*.png", "*.jpg", "*.json", "*.xlsx"
                )
                shutil.copytree(ROOT / room, copy / room, ignore=ignored)
        (copy / "locale").mkdir()
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        found = subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "-e", "py,html,txt", "--no-wrap"],
            cwd=copy, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.returncode:
            raise SystemExit(f"makemessages failed: {found.stdout}{found.stderr}")
        return polib.pofile(str(copy / "locale/zh_Hans/LC_MESSAGES/django.po"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/messages", description="Merges the parts of the Chinese catalogue.")
    parser.add_argument("--check", action="store_true", help="fail when anything is untranslated or wrong")
    parser.add_argument("--missing", action="store_true", help="print the untranslated sentences as a part")
    options = parser.parse_args()
    catalogue, faults = merge_parts()
    write(catalogue)
    if not options.check and not options.missing:
        sys.stdout.write(f"{len(catalogue)} sentences in {CATALOGUE.relative_to(ROOT)}\n")
        return 0
    known = {_key(entry) for entry in catalogue}
    in_code = sentences_in_code()
    missing = [entry for entry in in_code if _key(entry) not in known]
    if options.missing:
        part = polib.POFile(wrapwidth=110)
        part.metadata = dict(METADATA)
        for entry in missing:
            entry.flags = []
            entry.msgstr = ""
            part.append(entry)
        sys.stdout.write(str(part) + "\n")
        return 0
    for entry in missing:
        place = entry.occurrences[0] if entry.occurrences else ("?", "?")
        faults.append(f"{place[0]}:{place[1]}: {entry.msgid[:90]!r} has no Chinese translation.")
    in_use = {_key(entry) for entry in in_code}
    for entry in catalogue:
        if _key(entry) not in in_use and entry.comment not in OF_LIBRARIES:
            faults.append(f"{entry.comment}: {entry.msgid[:60]!r} stands in no code any more; take it out.")
    for fault in faults:
        sys.stderr.write(fault + "\n")
    sys.stdout.write(f"{len(in_code)} sentences in the code, {len(missing)} untranslated.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
