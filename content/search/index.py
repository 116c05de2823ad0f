"""The index itself: documents, and how well each of them answers a query. It knows neither database nor request."""

import logging
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bm25s
import numpy as np
from rapidfuzz import fuzz, process

from content.search import meaning, tokens

# By field: its weight in the sum of BM25 scores. What counted was measured; see docs/search.md.
WEIGHTS = {"name": 3.0, "sound": 1.0, "skip": 0.8, "body": 1.0, "single": 0.5}
SYNONYM_WEIGHT = 1.0
# The same for words that only sound like something people say, from so many syllables on.
HEARD_WEIGHT = 0.5
LEAST_HEARD = 2
# How much of the likeness counts where the query was put into other words first.
VARIANT_SHARE = 0.9
# Who names only a paper wants the paper: such items come a little before its renewal, loss and cancelling.
FIRST_THINGS, FIRST_THING = re.compile("新办|申领|申请|签发|办理|初次"), 0.08
# So many letters and more are taken for the initials of what people say, with or without what is done about it.
LEAST_INITIALS, DONE = 2, ("", "sq", "sl", "bl", "cx", "dj", "bb", "bt")
# What is added to the share of the best sum: likeness of the letters, of the sounds, of the meaning, and initials.
LIKENESS = {"text": 0.55, "sound": 0.45, "meaning": 1.2, "initials": 1.0}
# A best sum below this is no sure answer, and its share of the score is smaller.
SURE = 15.0
# So many documents, the best by words and the nearest in meaning, are compared closely.
CLOSE = 50
NEAR = 15
INITIAL_CANDIDATES = 80
# An English word is taken for one that is known from so alike on, 0 to 100, and from so many letters on.
SPELLED, LEAST_SPELLED = 78, 4
# So much of a document's text goes into its meaning.
MEANT = 120
KIND_WEIGHT = {"item": 1.0, "point": 0.8, "page": 0.8, "event": 0.9}


# It tells of every field of every index.
logging.getLogger("bm25s").setLevel(logging.WARNING)
_SPACES = re.compile(r"\s+")
ENGLISH = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")


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
class Scores:
    """For every document: its score, and what that comes from, by words, by single characters and by meaning."""

    total: np.ndarray
    strong: np.ndarray
    weak: np.ndarray
    near: np.ndarray


@dataclass(frozen=True)
class Synonym:
    """One line of the table: what is said, how it sounds, its English stems, and the words that it is called by."""

    said: str
    heard: str
    english: str
    called: tuple[str, ...]
    letters: str = ""


@cache
def synonyms() -> tuple[Synonym, ...]:
    """What people say and what it is called, the longest first."""
    text = (Path(__file__).parent / "data/synonyms.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    found = []
    for said, called in lines:
        is_english = said.isascii()
        heard = "" if is_english else tokens.coded(said)
        english = f" {' '.join(tokens.latin_words(said))} " if is_english else ""
        letters = "".join(read[0][0] for read in tokens.readings_of(said) if read)
        found.append(Synonym(said, heard, english, tuple(called.split()), "" if is_english else letters))
    return tuple(sorted(found, key=lambda synonym: -len(synonym.said)))


@cache
def said_in_initials() -> dict[str, tuple[str, ...]]:
    """First letters of what people say, alone and with what is done about it, and the words that it is called by."""
    found: dict[str, list[str]] = {}
    for synonym in synonyms():
        if len(synonym.letters) >= LEAST_INITIALS:
            for done in DONE:
                if len(synonym.letters + done) > LEAST_INITIALS:
                    found.setdefault(synonym.letters + done, []).extend(synonym.called)
    return {letters: tuple(dict.fromkeys(called)) for letters, called in found.items()}


def said_otherwise(query: str) -> tuple[list[str], list[str], str]:
    """By which words the things are called that the query's words mean.

    Returns the words for what was written so, those for what only sounds so, and the query with the first of each put
    in the place of what was said.
    """
    rest = _SPACES.sub("", query) if tokens.HAN.search(query) else query
    latin = f" {' '.join(tokens.latin_words(query))} "
    heard = tokens.coded(query)
    written: list[str] = []
    sounding: list[str] = []
    variant = rest
    for synonym in synonyms():
        if synonym.english:
            if synonym.english in latin:
                written += synonym.called
                latin = latin.replace(synonym.english, " ")
        elif synonym.said in rest:
            written += synonym.called
            rest = rest.replace(synonym.said, " ")
            variant = variant.replace(synonym.said, synonym.called[0])
            heard = heard.replace(synonym.heard, " ")
        elif len(synonym.heard) >= LEAST_HEARD and synonym.heard in heard:
            sounding += synonym.called
            heard = heard.replace(synonym.heard, " ")
    sounding += said_in_initials().get(query.strip(), ())
    return written, sounding, variant


def english_words(texts: list[str]) -> list[str]:
    """Every English word of the texts and of the table, once."""
    said = [synonym.said for synonym in synonyms() if synonym.english]
    return sorted({word for text in (*texts, *said) for word in ENGLISH.findall(text) if len(word) >= LEAST_SPELLED})


class Index:
    """BM25 over each field of the documents, then a close look at the best of them."""

    def __init__(self, documents: list[Document], *, with_meaning: bool = True) -> None:
        self.documents = documents
        self.known: dict[str, set[str]] = {}
        self.fields: dict[str, bm25s.BM25] = {}
        self.kind_weights = np.array([KIND_WEIGHT[document.kind] for document in documents])
        self.first_things = np.array([FIRST_THING * bool(FIRST_THINGS.search(d.title)) for d in documents])
        titles = [tokens.plain(document.title) for document in documents]
        english = [document.title_en.lower() for document in documents]
        aliases = [tokens.plain(document.aliases) for document in documents]
        bodies = [tokens.plain(document.body) for document in documents]
        both = [f"{title}\n{alias}" for title, alias in zip(titles, aliases, strict=True)]
        self.names = [
            [name for name in (*text.split("\n"), other) if name] for text, other in zip(both, english, strict=True)
        ]
        # Each name is a row of its own, so that an item with one name is not crowded out by those with many.
        self.name_counts = np.array([len(names) for names in self.names], dtype=int)
        self._add("name", [tokens.bigrams(name) for names in self.names for name in names])
        self._add("sound", [tokens.sounds(text) for text in both])
        self._add("skip", [tokens.skips(text) + tokens.as_skips(text) for text in both])
        self._add("initial", [tokens.initials(text) for text in both])
        self._add("single", [tokens.singles(text) for text in both])
        self._add("body", [tokens.bigrams(body) for body in bodies])
        self.english_words = english_words(english)
        self.meanings: meaning.Meanings | None = None
        if with_meaning and documents:
            words = [text.replace("\n", " ") for text in aliases]
            told = [f"{t}。{b[:MEANT]}" if b else "" for t, b in zip(titles, bodies, strict=True)]
            self.meanings = meaning.Meanings([titles, words, english, told])

    def _add(self, name: str, corpus: list[list[str]]) -> None:
        self.known[name] = {word for words in corpus for word in words}
        if self.known[name]:
            # Little weight on length: a long title is no worse an answer than a short one.
            self.fields[name] = bm25s.BM25(k1=1.2, b=0.4)
            self.fields[name].index(corpus, show_progress=False)

    def _field_scores(self, name: str, words: list[str]) -> np.ndarray:
        words = [word for word in words if word in self.known[name]]
        if not words or name not in self.fields:
            return np.zeros(int(self.name_counts.sum()) if name == "name" else len(self.documents))
        return self.fields[name].get_scores(words)

    def _name_scores(self, pairs: list[str]) -> np.ndarray:
        """For every document the score of the best of its names."""
        return WEIGHTS["name"] * self._best_of_each(self._field_scores("name", pairs), self.name_counts)

    @staticmethod
    def _best_of_each(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The highest value of each run of `counts` values; zero for an empty run, to which reduceat would lend another's."""
        best = np.zeros(len(counts))
        if len(values):
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
            named = counts > 0
            best[named] = np.maximum.reduceat(values, starts[named])
        return best

    def spelled(self, query: str) -> str:
        """The query with each English word that nobody here knows as the known word most like it; pinyin stays."""

        def known(match: re.Match[str]) -> str:
            word = match[0]
            if len(word) < LEAST_SPELLED or word in self.english_words or word in tokens.ENGLISH_FILLERS:
                return word
            if (read := tokens.units(word)) and all(is_whole for _unit, is_whole in read):
                return word
            likest = process.extractOne(word, self.english_words, scorer=fuzz.ratio, score_cutoff=SPELLED)
            return likest[0] if likest else word

        return ENGLISH.sub(known, query)

    def _initial_scores(self, query: str) -> np.ndarray:
        """How well what was typed in letters is initials, or beginnings of the syllables, of a name."""
        scores = np.zeros(len(self.documents))
        # Beside characters, two letters say too little.
        least = 3 if tokens.HAN.search(query) else 2
        for typed in tokens.ways_of(tokens.typed_units(query)):
            if len(typed) < least:
                continue
            found = self._field_scores("initial", tokens.typed_initials(typed))
            likely = best_of(found, INITIAL_CANDIDATES)
            for number in likely[found[likely] > 0]:
                fit = max((tokens.has_units(name, typed) for name in self.names[number]), default=0.0)
                scores[number] = max(scores[number], fit)
        return scores

    def _likeness(self, close: np.ndarray, core: str, heard: str, other: str) -> np.ndarray:
        """How alike the query and the best of each document's names are, by characters and by sound: 0 to about 1."""
        names = [name for number in close for name in self.names[number]]
        counts = np.array([len(self.names[number]) for number in close])
        if not names:
            return np.zeros(len(close))
        by_text = alike(core, names)
        if other:
            by_text = np.maximum(by_text, VARIANT_SHARE * alike(other, names))
        total = LIKENESS["text"] * by_text
        by_sound = alike(heard, [tokens.coded(name) for name in names]) if len(heard) > 1 else np.zeros(len(names))
        by_text = self._best_of_each(total, counts)
        return by_text + LIKENESS["sound"] * self._best_of_each(by_sound, counts)

    def near(self, query: str) -> np.ndarray:
        """For every document how near its meaning is to the query's: -1 to 1; zeros without the encoder."""
        return self.meanings.near(query) if self.meanings else np.zeros(len(self.documents))

    def scores(self, query: str) -> Scores:
        """How well every document answers a query."""
        query = self.spelled(query)
        core = tokens.without_fillers(query)
        pairs = tokens.bigrams(core) or tokens.bigrams(query)
        strong = self._name_scores(pairs)
        strong += WEIGHTS["sound"] * self._field_scores("sound", tokens.query_sounds(core))
        strong += WEIGHTS["skip"] * self._field_scores("skip", tokens.skips(core) + tokens.as_skips(core))
        strong += WEIGHTS["body"] * self._field_scores("body", pairs)
        written, sounding, variant = said_otherwise(query)
        for called, weight in ((written, SYNONYM_WEIGHT), (sounding, HEARD_WEIGHT)):
            words = list(dict.fromkeys(pair for word in called for pair in tokens.bigrams(word)))
            if words:
                strong += weight * self._name_scores(words)
        initials = self._initial_scores(query)
        weak = WEIGHTS["single"] * self._field_scores("single", tokens.singles(core))
        total = strong + weak
        near = self.near(core if len(core.strip()) > 1 else query)
        best = float(total.max())
        score = total / max(best, SURE)
        score = score + LIKENESS["initials"] * initials
        close = np.union1d(best_of(score, CLOSE), best_of(near, NEAR))
        squeezed, heard = _SPACES.sub("", core), tokens.coded(core)
        other = _SPACES.sub("", tokens.without_fillers(variant))
        score[close] += self._likeness(close, squeezed, heard, "" if other == squeezed else other)
        score[close] += LIKENESS["meaning"] * np.maximum(0.0, near[close])
        score[close] += self.first_things[close]
        return Scores(score * self.kind_weights, strong + initials, weak, near)


def alike(query: str, names: list[str]) -> np.ndarray:
    """How alike a query is to each name, with a slip here and there: the best part of the longer, and the whole; 0 to 1."""
    if not query:
        return np.zeros(len(names))
    part = process.cdist([query], names, scorer=fuzz.partial_ratio)[0] / 100
    whole = process.cdist([query], names, scorer=fuzz.ratio)[0] / 100
    covered = np.sqrt(np.minimum(1.0, np.array([len(name) for name in names]) / len(query)))
    return 0.6 * part * covered + 0.4 * whole


def best_of(scores: np.ndarray, count: int) -> np.ndarray:
    """The numbers of the `count` highest scores, best first."""
    if count <= 0:
        return np.zeros(0, dtype=int)
    top = np.argpartition(-scores, count - 1)[:count] if count < len(scores) else np.arange(len(scores))
    return top[np.argsort(-scores[top], kind="stable")]
