"""Pages kept in memory: compressed once, the longest unused ones given up first when the room runs out."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

import brotli

Headers = list[tuple[bytes, bytes]]
# What an entry costs beside its bodies: headers, key and the objects themselves.
OVERHEAD_BYTES = 2_000
GZIP_LEVEL, BROTLI_QUALITY = 6, 5
# Best first.
ENCODINGS = (b"br", b"gzip")


@dataclass(frozen=True)
class KeptPage:
    """One answer for everybody: headers without length and encoding, and the body in each encoding."""

    headers: Headers
    bodies: dict[bytes, bytes]
    etag: bytes
    until: float
    size: int = field(default=0)

    def best_for(self, accepted: bytes) -> tuple[bytes, bytes]:
        """The encoding that the reader takes (empty for none) and the body in it."""
        refused = {b"0", b"0.0", b"0.00", b"0.000"}
        taken = set()
        for part in accepted.replace(b" ", b"").lower().split(b","):
            name, _separator, quality = part.partition(b";q=")
            if quality not in refused:
                taken.add(name)
        encoding = next((name for name in ENCODINGS if name in taken and name in self.bodies), b"")
        return encoding, self.bodies[encoding]


def make_page(headers: Headers, body: bytes, *, until: float) -> KeptPage:
    """Compress a body in every way that makes it smaller; some milliseconds of work."""
    bodies = {b"": body}
    for name, packed in (
        (b"br", brotli.compress(body, quality=BROTLI_QUALITY)),
        (b"gzip", gzip.compress(body, GZIP_LEVEL, mtime=0)),
    ):
        if len(packed) < len(body):
            bodies[name] = packed
    # A weak one: the same page in another encoding is the same page.
    etag = b'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    size = sum(len(each) for each in bodies.values()) + OVERHEAD_BYTES
    return KeptPage(headers, bodies, etag, until, size)


class PageStore:
    """Pages by key, bounded by bytes; used from the event loop alone."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, now: float) -> KeptPage | None:
        """The page of a key, unless its time is over."""
        page = self._pages.get(key)
        if page is None:
            return None
        if page.until <= now:
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return page

    def put(self, key: Hashable, page: KeptPage) -> None:
        """Keep a page, and give up what was unused for longest until all fits; what never fits is not kept."""
        self._drop(key)
        if page.size > self.most_bytes:
            return
        self._pages[key] = page
        self.bytes += page.size
        while self.bytes > self.most_bytes:
            self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        self._pages.clear()
        self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.bytes -= page.size
