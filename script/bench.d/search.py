"""Measures the search's engine at 150, 1,500 and 15,000 items beside an uncached guide page, in one run."""

import gc
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _portal import ROOT, environment, prepare

sys.path.insert(0, str(ROOT))
MOST = 0.5
SIZES = (150, 1_500, 15_000)
WORDS_AN_ITEM = 8
GUIDE_CALLS = 40
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def _p95(times_ms: list[float]) -> float:
    return statistics.quantiles(times_ms, n=20)[-1]


def grown(items: list, count: int) -> list:
    """As many items as asked for: the demo's own, then others like them with three characters more in every name."""
    chooser = random.Random(20261126)
    characters = sorted({char for item in items for char in item.title if "\u4e00" <= char <= "\u9fff"})
    made = list(items[:count])
    while len(made) < count:
        model = items[len(made) % len(items)]
        names = model.aliases.split("\n")[:WORDS_AN_ITEM]
        made.append(
            replace(
                model,
                key=f"{model.key}-{len(made)}",
                title="".join(chooser.choices(characters, k=3)) + model.title,
                aliases="\n".join(name + "".join(chooser.choices(characters, k=2)) for name in names),
            )
        )
    return made


def _beside(index, queries: list[str], page: Callable[[], int]) -> tuple[list[float], list[float]]:
    """Times of the queries and of a page, which take turns, so that a busy moment of the machine strikes both."""
    times: list[float] = []
    pages: list[float] = []
    page()
    for number, query in enumerate(queries):
        began = time.perf_counter()
        index.scores(query)
        times.append((time.perf_counter() - began) * 1000)
        if number % (len(queries) // GUIDE_CALLS) == 0:
            began = time.perf_counter()
            status = page()
            pages.append((time.perf_counter() - began) * 1000)
            assert status == 200, f"the guide page answers {status}"
    return times, pages


def main(arguments: list[str]) -> str:
    """One line a size: time to build, memory, and p95 of the labelled queries beside p95 of a guide page."""
    import django

    prepare()
    os.environ.update(environment())
    django.setup()
    from django.conf import settings
    from django.test import Client

    from content.guides.models import GuidePage
    from content.search import meaning
    from content.search.documents import documents
    from content.search.index import Index
    from content.search.tokens import plain
    from tests.search.labelled import labelled

    settings.ALLOWED_HOSTS = ["*"]
    address = GuidePage.objects.live().first().url
    client = Client(headers={"cookie": "bench=1", "cache-control": "no-cache"})
    queries = [plain(row.query) for half in ("tune", "test") for row in labelled(half)]
    items = [document for document in documents() if document.kind == "item"]
    before = _memory_mb()
    meaning.vector("开始")
    encoder = _memory_mb() - before
    lines = [
        f"{len(queries)} queries; {platform.machine()}, {os.cpu_count()} cores; the sentence encoder takes "
        f"{encoder:.0f} MB once a process.",
        "",
        "| items | build s | memory MB | query p50 ms | query p95 ms | guide page p95 ms | query : page |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in SIZES if not arguments else [int(size) for size in arguments]:
        meaning.forget()
        gc.collect()
        some, before, began = grown(items, size), _memory_mb(), time.perf_counter()
        index = Index(some)
        built_s, memory = time.perf_counter() - began, _memory_mb() - before
        times, pages = _beside(index, queries, lambda: client.get(address).status_code)
        lines.append(
            f"| {size:,} | {built_s:.1f} | {memory:.0f} | {statistics.median(times):.1f} | {_p95(times):.1f} "
            f"| {_p95(pages):.1f} | {_p95(times) / _p95(pages):.2f} |"
        )
        slow = _p95(times) > MOST * _p95(pages)
        del index, some
    if slow:
        raise SystemExit("\n".join([*lines, "", f"At most {MOST} of a page is wanted at the largest size."]))
    lines += ["", f"The bar is {MOST} of an uncached guide page at 15,000 items."]
    return "\n".join(lines)
