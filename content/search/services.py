"""The search: an in-process index over items, points and pages, loaded again whenever what is published has changed."""

import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bm25s
import numpy as np
from django.db.models import Max
from django.utils import timezone
from wagtail.models import Locale
from wagtail.rich_text import get_text_for_indexing

from content.guides.models import ContentPage
from content.items import services as items
from content.items.models import in_english
from content.points import services as points
from content.search import tokens
from portal.base.places.models import Place

LIMIT = 10
MAX_QUERY = 80
# By field: its weight. What counted was measured on the real items; see docs/content.md.
WEIGHTS = {"title": 3.0, "alias": 3.0, "sound": 1.2, "body": 0.6, "single": 0.5, "initial": 0.9}
SYNONYM_WEIGHT = 0.8
# A hit must have at least this share of the best hit's score to be shown.
LEAST_SHARE = 0.22
INITIAL_CANDIDATES = 200
KIND_WEIGHT = {"item": 1.0, "point": 0.8, "page": 0.8}
_RUNS = re.compile(r"\s+")


@dataclass(frozen=True)
class Document:
    """One thing that can be found."""

    kind: str
    key: str
    title: str
    title_en: str
    path: str
    note: str = ""
    note_en: str = ""
    aliases: str = ""
    body: str = ""


@dataclass(frozen=True)
class Hit:
    """One thing found, in the reader's language; `marked` is the title in parts, each with whether it matched."""

    kind: str
    key: str
    title: str
    url: str
    note: str
    score: float
    marked: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Found:
    """The answer to a query: hits best first, or guesses where nothing fits."""

    query: str
    hits: tuple[Hit, ...]
    guesses: tuple[Hit, ...]


@cache
def synonyms() -> tuple[tuple[str, str], ...]:
    """What people say and what it is called, the longest first."""
    text = (Path(__file__).parent / "data/synonyms.tsv").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(sorted(((said, called) for said, called in pairs), key=lambda pair: -len(pair[0])))


class Index:
    """BM25 over each field of the documents, added up by weight."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.known: dict[str, set[str]] = {}
        self.fields: dict[str, bm25s.BM25] = {}
        self.kind_weights = np.array([KIND_WEIGHT[document.kind] for document in documents])
        titles = [tokens.plain(f"{document.title} {document.title_en}") for document in documents]
        aliases = [tokens.plain(document.aliases) for document in documents]
        both = [f"{title}\n{alias}" for title, alias in zip(titles, aliases, strict=True)]
        self.names = both
        self._add("title", [tokens.bigrams(text) for text in titles])
        self._add("alias", [tokens.bigrams(text) for text in aliases])
        self._add("sound", [tokens.sounds(text) for text in both])
        self._add("initial", [tokens.initials(text) for text in both])
        self._add("single", [tokens.singles(text) for text in both])
        self._add("body", [tokens.bigrams(tokens.plain(document.body)) for document in documents])

    def _add(self, name: str, corpus: list[list[str]]) -> None:
        self.known[name] = {word for words in corpus for word in words}
        if self.known[name]:
            # Little weight on length: a long title is no worse an answer than a short one.
            self.fields[name] = bm25s.BM25(k1=1.2, b=0.4)
            self.fields[name].index(corpus, show_progress=False)

    def _field_scores(self, name: str, words: list[str]) -> np.ndarray:
        words = [word for word in words if word in self.known[name]]
        if not words or name not in self.fields:
            return np.zeros(len(self.documents))
        return self.fields[name].get_scores(words)

    def _initial_scores(self, query: str) -> np.ndarray:
        """Scores by initials; only of documents that have all of them in a row, since single pairs are everywhere."""
        found = self._field_scores("initial", tokens.typed_initials(query)).copy()
        letters = "".join(char for char in query if char.isalpha())
        likely = [int(number) for number in np.argsort(-found, kind="stable")[:INITIAL_CANDIDATES] if found[number] > 0]
        kept = [number for number in likely if tokens.has_initials(self.names[number], letters)]
        scores = np.zeros(len(self.documents))
        scores[kept] = found[kept]
        return scores

    def scores(self, query: str) -> tuple[np.ndarray, np.ndarray]:
        """For every document its score, and the part of it that comes from more than single characters."""
        core = tokens.without_fillers(query)
        pairs = tokens.bigrams(core) or tokens.bigrams(query)
        strong = WEIGHTS["title"] * self._field_scores("title", pairs) + WEIGHTS["alias"] * self._field_scores(
            "alias", pairs
        )
        strong += WEIGHTS["sound"] * self._field_scores("sound", tokens.sounds(core) + tokens.typed_sounds(query))
        strong += WEIGHTS["body"] * self._field_scores("body", pairs)
        strong += WEIGHTS["initial"] * self._initial_scores(query)
        squeezed = _RUNS.sub("", query)
        rest = squeezed
        for said, called in synonyms():
            if said in rest:
                rest = rest.replace(said, " ")
                words = tokens.bigrams(called)
                strong += SYNONYM_WEIGHT * (
                    WEIGHTS["title"] * self._field_scores("title", words)
                    + WEIGHTS["alias"] * self._field_scores("alias", words)
                )
        weak = WEIGHTS["single"] * self._field_scores("single", tokens.singles(core))
        return (strong + weak) * self.kind_weights, strong * self.kind_weights


_lock = threading.Lock()
_loaded: tuple[tuple, Index] | None = None


def generation() -> tuple:
    """What the index was made from: the day (editions change with it), the last change to content, and to a place."""
    return (
        timezone.localdate(),
        items.content_generation(),
        Place.objects.aggregate(latest=Max("changed_at"))["latest"],
    )


def documents() -> list[Document]:
    """Everything published that can be found."""
    found = [
        Document(
            kind="item",
            key=edition.item.key,
            title=edition.name,
            title_en=edition.name_en,
            path=f"/guides/{edition.item.key}/",
            note=edition.item.line.name,
            note_en=edition.item.line.name_en,
            aliases="\n".join(edition.alias_list),
            body="\n".join([edition.summary, edition.summary_en, edition.conditions[:300], edition.item.line.name]),
        )
        for edition in items.editions_in_force()
        .filter(item__is_active=True)
        .select_related("item__line")
        .order_by("item__key")
    ]
    areas = {area.path: area for area in points.subdistricts()}
    for place in points.shown_places().prefetch_related(None):
        area = areas.get(place.path[: -Place.steplen])
        found.append(
            Document(
                kind="point",
                key=place.code,
                title=place.name,
                title_en=place.name_en,
                path=f"/points/{place.code}/",
                note=area.name if area else "",
                note_en=area.name_en if area else "",
                aliases=place.short_name,
                body=f"{place.address} {area.name if area else ''}",
            )
        )
    for page in ContentPage.objects.live().public().filter(locale=Locale.get_default()):
        text = " ".join(get_text_for_indexing(str(block.value)) for block in page.body)
        address = page.url or ""
        if address:
            found.append(
                Document(
                    kind="page",
                    key=page.slug,
                    title=page.title,
                    title_en="",
                    path=address,
                    note=page.lead,
                    body=text[:2000],
                )
            )
    return found


def index() -> Index:
    """The index of what is published now; made again when the generation in the database has moved."""
    global _loaded
    now = generation()
    if _loaded is None or _loaded[0] != now:
        with _lock:
            if _loaded is None or _loaded[0] != now:
                _loaded = (now, Index(documents()))
    return _loaded[1]


def _marked(title: str, words: set[str]) -> tuple[tuple[str, bool], ...]:
    """The title in runs of characters that are part of a matching pair, and of others."""
    flags = [False] * len(title)
    lower = tokens.plain(title)
    if len(lower) != len(title):
        return ((title, False),)
    for word in words:
        start = lower.find(word)
        while start >= 0:
            flags[start : start + len(word)] = [True] * len(word)
            start = lower.find(word, start + 1)
    runs: list[tuple[str, bool]] = []
    for char, flag in zip(title, flags, strict=True):
        if runs and runs[-1][1] == flag:
            runs[-1] = (runs[-1][0] + char, flag)
        else:
            runs.append((char, flag))
    return tuple(runs)


def _hit(document: Document, score: float, words: set[str]) -> Hit:
    english = in_english()
    title = document.title_en if english and document.title_en else document.title
    note = document.note_en if english else document.note
    prefix = "/en" if english and not document.path.startswith("/en/") else ""
    return Hit(document.kind, document.key, title, prefix + document.path, note, score, _marked(title, words))


def search(query: str, *, limit: int = LIMIT, kinds: tuple[str, ...] = ()) -> Found:
    """Find things by what somebody typed: their own words, pinyin, initials, traditional characters.

    `kinds` keeps only "item", "point" or "page". Nothing about the query is kept.
    """
    query = tokens.plain(query.strip()[:MAX_QUERY])
    loaded = index()
    if not query or not loaded.documents:
        return Found(query, (), ())
    total, strong = loaded.scores(query)
    if kinds:
        total = np.where([document.kind in kinds for document in loaded.documents], total, 0)
    words = set(tokens.bigrams(query))
    order = np.argsort(-total, kind="stable")[: limit * 2]
    best = total[order[0]] if len(order) else 0
    is_single = len(tokens.singles(query)) == 1 and not tokens.LATIN.search(query)
    kept: list[Hit] = []
    weak: list[Hit] = []
    for number in order:
        if total[number] <= 0:
            break
        hit = _hit(loaded.documents[number], float(total[number]), words)
        is_hit = (strong[number] > 0 or is_single) and total[number] >= LEAST_SHARE * best
        (kept if is_hit else weak).append(hit)
    guesses = () if kept else tuple(weak[:3])
    return Found(query, tuple(kept[:limit]), guesses)
