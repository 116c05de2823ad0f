"""The queries by which the search is judged were written before it was tuned, and stay as they were."""

import hashlib
from collections import Counter

from content.search.index import Index
from tests.search.labelled import OFFICES, UNREAD, fingerprint, labelled, measured, offices, strangers

OFFICES_WRITTEN = "7c84f7634d44316378191246abe5bd6ea4803bf3e92f939b32a76300cbfeb4f1"
JUDGED = "c355c2a923147bbbc35c00349118380c5fcf17471aa937ee40919f09a149b38d"


def test_the_half_that_judges_was_never_touched():
    assert fingerprint("test") == JUDGED


def test_every_kind_is_in_both_halves():
    tune, test = labelled("tune"), labelled("test")
    assert len(tune) + len(test) >= 260
    judging, tuning = Counter(row.kind for row in test), Counter(row.kind for row in tune)
    assert set(judging) == set(tuning)
    assert min(judging.values()) >= 8
    assert not {row.query for row in tune} & {row.query for row in test}


def test_the_items_of_other_offices_were_written_before_the_table_of_words():
    assert hashlib.sha256(OFFICES.read_bytes()).hexdigest() == OFFICES_WRITTEN


def test_items_of_offices_without_residents_words_are_found():
    documents, rows = offices("judge")
    recalled, _ranks = measured(Index(documents, with_meaning=False), rows)
    assert recalled >= 0.9


def test_what_strangers_typed_is_found_among_their_own_items():
    documents, rows = strangers()
    assert (len(documents), len(rows)) == (90, 300)
    assert frozenset().union(*(row.keys for row in rows)) == {document.key for document in documents}
    recalled, ranks = measured(Index(documents, with_meaning=False), rows)
    assert recalled >= 0.95
    assert ranks >= 0.93


def test_what_nobody_here_has_read_is_found_too():
    documents, rows = strangers(UNREAD)
    assert (len(documents), len(rows)) == (70, 220)
    recalled, ranks = measured(Index(documents), rows)
    assert recalled >= 0.95
    assert ranks >= 0.90
