"""The queries by which the search is judged were written before it was tuned, and stay as they were."""

from collections import Counter

from tests.search.labelled import fingerprint, labelled

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
