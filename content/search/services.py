"""The search: what others call. The index is loaded once a process and again whenever what is published has changed."""

import logging
import threading
import time
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import close_old_connections
from django.db.models import Max
from django.utils import timezone

from content.items import services as items
from content.items.models import in_english
from content.search import tokens
from content.search.documents import documents
from content.search.index import Document, Index
from content.search.marking import marked
from portal.base.places.models import Place

LIMIT = 10
MAX_QUERY = 80
# A hit must have at least this share of the best hit's score to be shown.
LEAST_SHARE = 0.4
# Where no words fit, a meaning must be at least so near to be a hit, and so near to be a guess.
NEAR_HIT, NEAR_GUESS = 0.42, 0.3
GUESSES = 3
# Up to so many documents a changed index is made before the answer; above, behind it, with the old one served.
AT_ONCE = 2_000
log = logging.getLogger("linban.search")


@dataclass(frozen=True)
class Hit:
    """One thing found, in the reader's language; `marked` is the title in parts, each with whether it matched.

    `matched` is the other name by which it was found, where the title shows none of what was typed.
    """

    kind: str
    key: str
    title: str
    url: str
    note: str
    score: float
    marked: tuple[tuple[str, bool], ...]
    matched: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Found:
    """The answer to a query: hits best first, or guesses where nothing fits."""

    query: str
    hits: tuple[Hit, ...]
    guesses: tuple[Hit, ...]


_making = threading.Lock()
_loaded: tuple[tuple, Index] | None = None


def generation() -> tuple:
    """What the index was made from: the day (editions change with it), the last change to content, and to a place."""
    return (
        timezone.localdate(),
        items.content_generation(),
        Place.objects.aggregate(latest=Max("changed_at"))["latest"],
    )


def index() -> Index:
    """The index of what is published now.

    Whoever comes first after a change makes it again, once; while that lasts, all others are answered from the old one.
    A large index is made behind the answer.
    """
    now = generation()
    loaded = _loaded
    if loaded is not None and loaded[0] == now:
        return loaded[1]
    if loaded is None:
        with _making:
            return _loaded[1] if _loaded is not None else _make()
    if not _making.acquire(blocking=False):
        return loaded[1]
    if len(loaded[1].documents) <= AT_ONCE:
        try:
            return _make()
        finally:
            _making.release()
    # The thread gives the lock back; it is a daemon, for a process that ends needs no index.
    threading.Thread(target=_make_behind, name="search-index", daemon=True).start()
    return loaded[1]


def _make() -> Index:
    """Make the index and remember it; the caller holds the lock."""
    global _loaded
    began, now = time.monotonic(), generation()
    made = Index(documents(), with_meaning=settings.SEARCH_MEANING)
    _loaded = (now, made)
    log.info("The search index has %s documents, made in %.1f s.", len(made.documents), time.monotonic() - began)
    return made


def _make_behind() -> None:
    try:
        _make()
    except Exception:
        # Whoever searches next tries again; until then the old index answers.
        log.exception("The search index could not be made.")
    finally:
        _making.release()
        close_old_connections()


def warm() -> threading.Thread:
    """Make the index in a thread of its own at the start of a process, so that nobody waits for it."""

    def first() -> None:
        try:
            search("开始")
        except Exception:
            log.exception("The search index could not be made at the start; the first search makes it.")
        finally:
            close_old_connections()

    thread = threading.Thread(target=first, name="search-index", daemon=True)
    thread.start()
    return thread


def _hit(document: Document, score: float, query: str) -> Hit:
    english = in_english()
    title = document.title_en if english and document.title_en else document.title
    note = document.note_en if english else document.note
    prefix = "/en" if english and not document.path.startswith("/en/") else ""
    parts = marked(title, query)
    other: tuple[tuple[str, bool], ...] = ()
    if not english and document.kind == "item" and not any(is_match for _part, is_match in parts):
        others = [marked(name, query) for name in document.aliases.split("\n") if name]
        other = max(others, key=lambda name: sum(len(part) for part, is_match in name if is_match), default=())
        other = other if any(is_match for _part, is_match in other) else ()
    return Hit(document.kind, document.key, title, prefix + document.path, note, score, parts, other)


def search(query: str, *, limit: int = LIMIT, kinds: tuple[str, ...] = ()) -> Found:
    """Find things by what somebody typed: their own words, pinyin, initials, traditional characters, with slips.

    `kinds` keeps only "item", "event", "point" or "page". Nothing about the query is kept.
    """
    query = tokens.plain(query.strip()[:MAX_QUERY])
    loaded = index()
    if not query or not loaded.documents:
        return Found(query, (), ())
    scored = loaded.scores(query)
    total = scored.total
    if kinds:
        total = np.where([document.kind in kinds for document in loaded.documents], total, 0)
    order = np.argsort(-total, kind="stable")[: limit * 2]
    best = total[order[0]] if len(order) else 0
    is_single = len(tokens.singles(query)) == 1 and not tokens.LATIN.search(query)
    kept: list[Hit] = []
    weak: list[Hit] = []
    for number in order:
        if total[number] <= 0:
            break
        is_hit = scored.strong[number] > 0 or is_single or scored.near[number] >= NEAR_HIT
        hit = _hit(loaded.documents[number], float(total[number]), query)
        if is_hit and total[number] >= LEAST_SHARE * best:
            kept.append(hit)
        elif hit.kind == "item" and (scored.weak[number] > 0 or scored.near[number] >= NEAR_GUESS):
            weak.append(hit)
    guesses = () if kept else tuple(weak[:GUESSES])
    return Found(query, tuple(kept[:limit]), guesses)


def nearest_items(text: str, limit: int) -> list[str]:
    """Keys of the items that come nearest to words that found nothing: a guess for editors to choose from."""
    loaded = index()
    total = loaded.scores(tokens.plain(text)).total
    order = (int(number) for number in np.argsort(-total, kind="stable") if total[number] > 0)
    return [loaded.documents[number].key for number in order if loaded.documents[number].kind == "item"][:limit]
