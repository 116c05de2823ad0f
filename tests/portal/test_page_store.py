"""Kept pages are bounded by bytes; what was unused for longest goes first."""

from portal.page_store import OVERHEAD_BYTES, PageStore, make_page


def page(size: int, until: float = 100.0):
    return make_page([], bytes(n * 7919 % 251 for n in range(size)), until=until)


def test_the_longest_unused_goes_first():
    one = page(1000)
    store = PageStore(one.size * 2)
    store.put("a", one)
    store.put("b", one)
    assert store.get("a", 0) is one
    store.put("c", one)
    assert store.get("b", 0) is None
    assert store.get("a", 0) is one
    assert store.get("c", 0) is one
    assert store.bytes == one.size * 2 <= store.most_bytes


def test_what_never_fits_is_not_kept_and_pushes_nothing_out():
    small = page(10)
    store = PageStore(small.size)
    store.put("a", small)
    store.put("b", page(50_000))
    assert store.get("a", 0) is small
    assert len(store) == 1


def test_a_page_whose_time_is_over_is_gone():
    store = PageStore(100_000)
    store.put("a", page(10, until=5.0))
    assert store.get("a", 4.9) is not None
    assert store.get("a", 5.0) is None
    assert store.bytes == 0


def test_the_same_key_takes_room_once():
    store = PageStore(100_000)
    for _ in range(3):
        store.put("a", page(10))
    assert len(store) == 1
    assert store.bytes == page(10).size >= OVERHEAD_BYTES
    store.clear()
    assert store.bytes == 0


def test_thousands_of_pages_stay_within_the_bound():
    store = PageStore(200_000)
    for number in range(2_000):
        store.put(number, page(number % 900))
        assert store.bytes <= 200_000
    assert len(store) > 10
