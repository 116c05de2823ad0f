"""The labelled queries: what residents type, by kind, and which items answer it; half for tuning, half for judging."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

QUERIES = Path(__file__).with_name("queries.tsv")


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


def fingerprint(half: str) -> str:
    """SHA-256 over the lines of one half."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines_of(half)).encode()).hexdigest()
