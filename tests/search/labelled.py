"""The labelled queries: what residents type, by kind, and which items answer it; half for tuning, half for judging."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from content.search.index import Document, Index, best_of
from content.search.tokens import plain

QUERIES = Path(__file__).with_name("queries.tsv")
OFFICES = Path(__file__).with_name("offices.tsv")
STRANGERS = Path(__file__).with_name("strangers.tsv")
# Nobody who works on the search looks into this one: it tells what to expect of queries that nobody has seen.
UNREAD = Path(__file__).with_name("unread.tsv")


@dataclass(frozen=True)
class Labelled:
    """One query; any of `keys` among the first three answers it."""

    half: str
    kind: str
    query: str
    keys: frozenset[str]


def lines_of(half: str) -> list[str]:
    """The file's lines of one half, "tune" or "test"."""
    return [line for line in QUERIES.read_text("utf-8").splitlines() if line.startswith(f"{half}\t")]


def labelled(half: str) -> list[Labelled]:
    """The queries of one half."""
    rows = [line.split("\t") for line in lines_of(half)]
    return [Labelled(half, kind, query, frozenset(keys.split())) for half, kind, query, keys in rows]


def offices(half: str) -> tuple[list[Document], list[Labelled]]:
    """Items of all other offices, which nobody gave residents' words, and the queries of half of the offices."""
    lines = [line.split("\t") for line in OFFICES.read_text("utf-8").splitlines() if not line.startswith("#")]
    documents = [Document("item", name, name, "", "/", body=body) for _office, _half, name, body, _typed in lines]
    rows = [
        Labelled(half, office, query, frozenset([name]))
        for office, its_half, name, _body, typed in lines
        if its_half == half
        for query in typed.split(";")
    ]
    return documents, rows


def strangers(file: Path = STRANGERS) -> tuple[list[Document], list[Labelled]]:
    """Items without residents' words, and queries, by people who had seen neither the engine nor the table of words."""
    lines = [line.split("\t") for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    documents = [
        Document("item", key, name, english, "/", body=summary)
        for key, name, summary, english in (rest for what, *rest in lines if what == "item")
    ]
    rows = [
        Labelled("all", kind, query, frozenset(keys.split()))
        for kind, query, keys in (rest for what, *rest in lines if what == "query")
    ]
    return documents, rows


def fingerprint(half: str) -> str:
    """SHA-256 over the lines of one half."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines_of(half)).encode()).hexdigest()


def place_of(answer: list[str], row: Labelled) -> int | None:
    """Where the first right item stands in the answer, from 1; None when it is not there."""
    return next((place for place, key in enumerate(answer, start=1) if key in row.keys), None)


def measured(index: Index, rows: list[Labelled]) -> tuple[float, float]:
    """Recall at three and mean reciprocal rank (of the first ten) of an index on labelled queries."""
    recalled = ranks = 0.0
    for row in rows:
        best = best_of(index.scores(plain(row.query)).total, 10)
        place = place_of([index.documents[number].key for number in best], row)
        recalled += place is not None and place <= 3
        ranks += 1 / place if place else 0
    return recalled / len(rows), ranks / len(rows)
