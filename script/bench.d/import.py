"""Measures an import of 500 items from a workbook: check, writing with its guides, the same file again, roll-back."""

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
ITEMS = 500
BAR_S = 60
HANDBOOK = ROOT / "content/items/data/items.json"


def grown(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """As many rows as asked for, like the handbook's, each with a key and a name of its own."""
    chooser = random.Random(20261126)
    characters = sorted({char for row in rows for char in row["name"] if "\u4e00" <= char <= "\u9fff"})
    made = []
    for number in range(count):
        model = rows[number % len(rows)]
        name = "".join(chooser.choices(characters, k=4)) + model["name"]
        made.append(model | {"key": f"bench-{number}", "name": name[:120], "aliases": model.get("aliases", [])[:8]})
    return made


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds on the clock and of the processor, and what the work gave."""
    began, used = time.perf_counter(), time.process_time()
    result = work()
    return (time.perf_counter() - began, time.process_time() - used), result


def main(arguments: list[str]) -> str:
    """One line a step in seconds; the bar is 60 s for the writing, with a report of progress for each item."""
    import _portal

    _portal.DATA.mkdir(parents=True, exist_ok=True)
    database = _portal.DATA / "import.sqlite3"
    for old in _portal.DATA.glob("import.sqlite3*"):
        old.unlink()
    os.environ.update(_portal.environment(DATABASE_URL=f"sqlite:///{database}"))
    import django

    django.setup()
    import json

    from django.core.management import call_command
    from django.utils import translation

    from content.guides.services import build_site
    from content.items import import_runs, import_work
    from content.items.exporting import export_bytes
    from content.items.models import ItemEdition

    call_command("migrate", verbosity=0)
    load_before = os.getloadavg()[0]
    with translation.override("zh-hans"):
        build_site(theme="base", district_place=None)
        handbook = json.loads(HANDBOOK.read_text("utf-8"))
        first_s, _outcome = _timed(lambda: import_work.import_file(HANDBOOK))
        plain = _portal.DATA / "import.json"
        plain.write_text(json.dumps({"items": grown(handbook["items"], ITEMS)}, ensure_ascii=False), "utf-8")
        seen: list[tuple[int, int]] = []
        check_s, _outcome = _timed(lambda: import_work.import_file(plain, is_trial=True))
        write_s, outcome = _timed(
            lambda: import_work.import_file(plain, progress=lambda done, total: seen.append((done, total)))
        )
        assert outcome.counts["added"] == ITEMS, outcome.counts
        assert seen[-1] == (ITEMS, ITEMS) and len(seen) == ITEMS, "progress is told for each item"
        assert ItemEdition.objects.filter(live=True).count() == ITEMS + len(handbook["items"])
        workbook = _portal.DATA / "import.xlsx"
        export_s, exported = _timed(lambda: export_bytes(".xlsx"))
        workbook.write_bytes(exported[0])
        again_s, again = _timed(lambda: import_work.import_file(workbook))
        assert again.counts["changed"] == again.counts["added"] == 0, again.counts
        undo_s, _stayed = _timed(lambda: import_runs.undo(outcome.run, user=None))
        assert ItemEdition.objects.filter(live=True).count() == len(handbook["items"])
    lines = [
        (f"the handbook, {len(handbook['items'])} items, into an empty portal", first_s, len(handbook["items"])),
        (f"{ITEMS} more: checked, with every difference", check_s, ITEMS),
        (f"{ITEMS} more: written, guides published, progress told for each", write_s, ITEMS),
        ("all of it as a workbook", export_s, ITEMS + len(handbook["items"])),
        ("the same workbook imported again, nothing to change", again_s, ITEMS + len(handbook["items"])),
        (f"the {ITEMS} taken back as a whole", undo_s, ITEMS),
    ]
    rows = "\n".join(f"| {what} | {s:.1f} | {cpu:.1f} | {cpu / count * 1000:.0f} |" for what, (s, cpu), count in lines)
    return (
        f"Items imported in one process on SQLite; {os.cpu_count()} cores, Python {sys.version.split()[0]}. "
        f"Load before and after: {load_before:.1f}, {os.getloadavg()[0]:.1f}.\n\n"
        f"On a busy machine the processor's seconds are those that compare.\n\n"
        f"| step | s | processor s | processor ms an item |\n|---|---|---|---|\n{rows}\n\n"
        f"The bar is {BAR_S} s for writing {ITEMS} items; it took {write_s[0] / BAR_S:.2f} of it."
    )
