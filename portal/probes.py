"""What the portal as a whole lets be counted: its cache of public pages."""

from collections.abc import Iterable

from portal.base.probes import Metric, measured


@measured
def page_cache() -> Iterable[Metric]:
    from portal import page_cache
    from portal.asgi import pages

    for outcome in ("hit", "miss", "shared", "bypass"):
        yield Metric(
            "linban_page_cache_requests",
            page_cache.counts[outcome],
            "Requests by what the page cache did",
            {"outcome": outcome},
        )
    yield Metric("linban_page_cache_bytes", pages.store.bytes, "Memory of the kept pages")
    yield Metric("linban_page_cache_pages", len(pages.store), "Pages kept now")
