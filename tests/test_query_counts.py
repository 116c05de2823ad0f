"""What a page asks of the database does not grow with the number of items: 129 in the handbook's district, 1,300 in ten."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from content.guides.services import build_site, publish_guides
from content.items import services as items
from content.items.models import ItemAtPlace, ItemEdition, Line, ServiceItem
from content.search import services as search
from servicedesk.desk.consumers import DeskConsumer
from servicedesk.kiosk.consumers import KioskConsumer
from servicedesk.queueing import services as queueing
from tests.cast import Cast
from tests.servicedesk.queueing.conftest import a_device

pytestmark = pytest.mark.django_db
FEW, MANY = 129, 1_300
WAITING = 12


def make_items(first: int, last: int, place) -> None:
    """Items with an edition in force each, over twelve lines; every tenth is not offered at the place."""
    lines = [
        Line.objects.get_or_create(code=f"line-{n}", defaults={"name": f"条线{n}", "order": n})[0] for n in range(12)
    ]
    made = ServiceItem.objects.bulk_create(
        ServiceItem(key=f"item-{n}", line=lines[n % 12], name_zh=f"第{n}件事", name_en=f"Thing {n}", frequency=n % 97)
        for n in range(first, last)
    )
    ItemEdition.objects.bulk_create(
        ItemEdition(item=item, name=item.name_zh, name_en=item.name_en, aliases=f"那件事{item.key}", live=True,
                    valid_from="2020-01-01", summary="办一件事", conditions="本市居民")
        for item in made
    )  # fmt: skip
    ItemAtPlace.objects.bulk_create(ItemAtPlace(item=item, place=place, is_offered=False) for item in made[::10])
    items.content_changed()


def counted(work: Callable[[], object]) -> tuple[int, list[str]]:
    """How many queries a piece of work takes, and which; once before, so that what is loaded once is loaded."""
    work()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    return len(queries), [query["sql"] for query in queries]


def page(path: str) -> Callable[[], object]:
    def visit() -> None:
        answer = Client().get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    return visit


def kiosk(device, name: str, **view: str) -> Callable[[], object]:
    screen = KioskConsumer()
    screen._forget_person()
    screen.paired = device
    screen.view = {"name": name, **view}

    def draw() -> None:
        shown = screen.snapshot()
        assert shown["screen"] == name

    return draw


def desk(cast: Cast) -> Callable[[], object]:
    screen = DeskConsumer()
    screen.scope = {"user": cast.clerk}
    screen.identities = {}
    screen.seat = cast.counter

    def draw() -> None:
        assert screen.snapshot()["regions"]["queue"]

    return draw


@pytest.fixture
def pages(cast) -> dict[str, Callable[[], object]]:
    """Every page by its name, in a site with the few items and a hall with people waiting."""
    with translation.override("zh-hans"):
        make_items(0, FEW, cast.point)
        build_site(theme="jingan", district_place=cast.district, hostname="testserver", port=80)
        publish_guides(list(ServiceItem.objects.filter(key="item-7")))
    device = a_device(cast.point)
    for number in range(WAITING):
        item = ServiceItem.objects.get(key=f"item-{number + 1}")
        queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="resident", item=item)
    return {
        "front door": page("/"),
        "front door in English": page("/en/"),
        "list of guides": page("/guides/"),
        "one line": page("/guides/?line=line-3"),
        "guide": page("/guides/item-7/"),
        "points": page("/points/"),
        "points for an item": page("/points/?item=item-7"),
        "map's data": page("/points.geojson"),
        "point": page(f"/points/{cast.point.code}/"),
        "search": page("/search/?q=第7件事"),
        "search without a hit": page("/search/?q=zzqqxx"),
        "kiosk, front": kiosk(device, "home"),
        "kiosk, items": kiosk(device, "items"),
        "kiosk, one line": kiosk(device, "line", line="line-3", page=1),
        "kiosk, search": kiosk(device, "search", query="第7件事"),
        "desk": desk(cast),
    }


def test_no_page_asks_more_with_1300_items_than_with_129(cast, pages):
    few = {name: counted(work) for name, work in pages.items()}
    make_items(FEW, MANY, cast.point)
    assert ServiceItem.objects.count() == MANY
    search.index()
    many = {name: counted(work) for name, work in pages.items()}
    grown = {name: (few[name][0], many[name][0]) for name in pages if many[name][0] != few[name][0]}
    assert grown == {}, {name: set(many[name][1]) - set(few[name][1]) for name in grown}
    assert max(count for count, _sql in many.values()) < 60, {name: count for name, (count, _sql) in many.items()}
