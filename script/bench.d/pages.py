"""Public pages a second for visitors without a session: kept by the page cache, beside the same pages uncached."""

import argparse
import asyncio
import os
import platform
import statistics
import sys
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

from _portal import first_guide, open_page, portal, prepare, requests_per_s

LEAST_RATIO = 5.0
PAGES = {
    "front door": "/",
    "guide": "",
    "list of guides": "/guides/",
    "points": "/points/",
    "search": "/search/?q=" + quote("看病的本子"),
}


async def _measure(kept: str, bare: str, path: str, *, seconds: float, rounds: int) -> tuple[float, float, int, int]:
    """Medians over rounds in which both servers take turns, so that a busy moment of the machine hits both."""
    with_cache, without = [], []
    kept_bytes = bare_bytes = 0
    for address in (kept, bare):
        # The first visitor of a process waits for templates and the search index; that is not what is measured.
        for _ in range(2):
            await asyncio.to_thread(open_page, address + path)
    for _ in range(rounds):
        rate, bare_bytes = await requests_per_s(bare, path, seconds=seconds)
        without.append(rate)
        rate, kept_bytes = await requests_per_s(kept, path, seconds=seconds)
        with_cache.append(rate)
    return statistics.median(with_cache), statistics.median(without), kept_bytes, bare_bytes


def main(argv: list[str]) -> str:
    """Run the table; ends with an error where a page is not at least five times as fast."""
    parser = argparse.ArgumentParser(prog="bench pages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    prepare()
    load = os.getloadavg()[0]
    rows: list[tuple[str, float, float, int, int]] = []
    with portal() as kept, portal(PAGE_CACHE_MB="0") as bare:
        paths = PAGES | {"guide": first_guide(kept)}
        for name, path in paths.items():
            result = asyncio.run(_measure(kept, bare, path, seconds=options.seconds, rounds=options.rounds))
            rows.append((name, *result))
    lines = [
        f"Pages: {options.rounds} rounds of {options.seconds:.0f} s, 8 connections, one web process (uvicorn, SQLite), the demo "
        f"district's places and items, no session; both servers in the same run, taking turns. {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; load before and after {load:.1f}, {os.getloadavg()[0]:.1f}.",
        "",
        "| page | kept, requests/s | uncached, requests/s | ratio | bytes kept (br) | bytes uncached |",
        "|---|---|---|---|---|---|",
    ]
    for name, with_cache, without, kept_bytes, bare_bytes in rows:
        lines.append(
            f"| {name} | {with_cache:.0f} | {without:.1f} | {with_cache / without:.0f} | {kept_bytes:,} | {bare_bytes:,} |"
        )
    slow = [name for name, with_cache, without, *_rest in rows if with_cache < LEAST_RATIO * without]
    if slow:
        raise SystemExit("\n".join([*lines, "", f"Less than {LEAST_RATIO:.0f} times as fast: {', '.join(slow)}."]))
    lines += ["", f"The bar is {LEAST_RATIO:.0f} times the requests a second of the same page uncached."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
