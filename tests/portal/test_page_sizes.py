"""The largest public page of the demo district stays under 300 KB, alone and with all that a first visit loads."""

import gzip
import re
from urllib.parse import quote, urljoin

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import translation

from content.guides.models import GuidePage
from content.guides.services import build_site, publish_guides
from content.items.importing import import_items
from content.items.models import ServiceItem
from content.items.reading import read_file
from portal.base.calendars.services import load_shipped_holidays
from portal.base.places import district
from portal.base.places.models import Place
from portal.management.commands.demo import ADDITIONS_FILE, DISTRICT, DISTRICT_FILE, ITEMS_FILE, tasks_left_out

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIMIT_BYTES = 300_000
LOADED = re.compile(
    r"""(?:<script[^>]*\ssrc|<link[^>]*rel="(?:stylesheet|icon)"[^>]*\shref|<img[^>]*\ssrc|<use[^>]*\shref"""
    r"""|data-geojson|data-outline)="([^"#]+)"""
)
INSIDE = {
    ".css": re.compile(r"""url\(["']?([^"')#]+)"""),
    ".js": re.compile(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']"""),
}


def packed(body: bytes) -> int:
    """As the slower of both encodings would send it."""
    return len(gzip.compress(body, 6))


class FirstVisit:
    """A browser with an empty cache: the page, its styles, modules, what those import, icons, and the map's data."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._files: dict[str, bytes] = {}

    def page(self, path: str) -> tuple[int, int]:
        """Bytes of the page alone, and of everything that comes with it."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        body = answer.content
        seen: dict[str, int] = {}
        for address in LOADED.findall(body.decode()):
            self._load(address.replace("&amp;", "&"), seen)
        return packed(body), packed(body) + sum(seen.values())

    def _load(self, address: str, seen: dict[str, int]) -> None:
        if address in seen or address.startswith("data:"):
            return
        body = self._body_of(address)
        seen[address] = packed(body)
        inside = INSIDE.get(address[address.rfind(".") :])
        for found in inside.findall(body.decode()) if inside else ():
            if not found.startswith("data:"):
                self._load(urljoin(address, found), seen)

    def _body_of(self, address: str) -> bytes:
        if not address.startswith("/static/"):
            answer = self.client.get(address)
            assert answer.status_code == 200, address
            return answer.content
        if address not in self._files:
            path = finders.find(address.removeprefix("/static/"))
            assert path, f"{address} is not there"
            with open(path, "rb") as file:
                self._files[address] = file.read()
        return self._files[address]


@pytest.fixture
def demo_district(db):
    """The demo's places and items, as `manage.py demo` loads them."""
    with translation.override("zh-hans"), tasks_left_out():
        district.load(DISTRICT_FILE)
        load_shipped_holidays()
        place = Place.objects.get(code=DISTRICT)
        build_site(theme="jingan", district_place=place, hostname="testserver", port=80, is_demo=True)
        for file in (ITEMS_FILE, ADDITIONS_FILE):
            import_items(read_file(file))
        publish_guides(list(ServiceItem.objects.all()))
    assert ServiceItem.objects.count() >= 129
    assert Place.objects.filter(level__in=("point", "centre")).count() >= 248


def test_no_page_is_larger_than_its_bound(demo_district, client):
    visit = FirstVisit(client)
    point = Place.objects.filter(level="point", has_remote_window=True).first()
    suspended = Place.objects.exclude(status="open").filter(level="point").first() or point
    paths = ["/", "/guides/", "/about/", "/points/", "/points/?open=1", "/points.geojson", "/points/outline.geojson",
             "/search/", f"/search/?q={quote('证')}", f"/search/?q={quote('居委会')}", "/track/", "/privacy/"]  # fmt: skip
    paths += [f"/points/{place.code}/" for place in (point, suspended)]
    paths += [f"/guides/{page.slug}/" for page in GuidePage.objects.live()]
    paths += [f"/en{path}" for path in ("/", "/guides/", "/points/")]
    sizes = {path: visit.page(path) for path in paths}
    alone = max(sizes, key=lambda path: sizes[path][0])
    whole = max(sizes, key=lambda path: sizes[path][1])
    assert len(paths) > 129
    assert sizes[alone][0] < LIMIT_BYTES / 4, (alone, sizes[alone])
    assert sizes[whole][1] < LIMIT_BYTES, (whole, sizes[whole])
    print(f"largest alone: {alone} {sizes[alone][0]:,}; as a whole: {whole} {sizes[whole][1]:,}")  # noqa: T201
