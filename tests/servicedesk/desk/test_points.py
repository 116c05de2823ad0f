"""The staff's page of points: one's own and no other office's, the state with its reason and end, the kiosk's health."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from content.items.importing import import_items
from content.items.models import ItemAtPlace, ServiceItem
from content.items.services import offers_today
from portal.base.accounts.services import landing_page
from portal.base.places.models import Place
from portal.base.places.services import change_status
from portal.base.rights.models import Role
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from tests.cast import make_user, open_all_day
from tests.content.conftest import SMALL, chinese, read_rows

__all__ = ["chinese"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chinese")]


@pytest.fixture
def helper(cast, client_for):
    return client_for(cast.helper)


def listed(page: str) -> str:
    """The list of one's own points, without the open ones near by."""
    return page.partition("point-board__list")[2].partition("point-board__near")[0]


def read(client, address: str = "/point/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_helper_lands_on_its_own_points(cast, helper):
    assert landing_page(cast.helper) == "/point/"
    page = read(helper)
    assert cast.point.name in listed(page) and "开着，全天" in listed(page)
    assert cast.second_point.name not in listed(page) and cast.other_point.name not in listed(page)
    assert cast.second_point.name in page.partition("point-board__near")[2]


def test_what_is_out_of_use_says_why_and_when_it_opens_again(cast, helper):
    until = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=3)
    change_status(cast.point, "suspended", reason="线路检修", by="test", until=until)
    rows = listed(read(helper))
    assert "线路检修" in rows and f"{until:%Y-%m-%d %H:%M} 重新开门" in rows and "能办" not in rows
    assert cast.point.name not in listed(read(helper, "/point/?show=open"))
    assert cast.point.name in listed(read(helper, "/point/?show=partly"))
    assert "没有合适的服务点" in read(helper, "/point/?show=closed")


def test_the_kiosks_health_is_the_offices_own_business(cast, helper, client_for):
    device = devices.pair(code="JA-01", name="慧芝湖自助机", place=cast.point, public_key=b"k" * 32)
    assert "还没有联系上过" in listed(read(helper))
    Device.objects.filter(pk=device.pk).update(bridge_seen_at=timezone.now())
    devices.record_health(device, {"reader": {"state": "ok"}, "receipt": {"state": "paper_out"}})
    rows = listed(read(helper))
    assert "没纸了" in rows and "读卡器" not in rows
    assert "慧芝湖自助机" not in read(client_for(cast.other_helper))
    assert cast.point.name in listed(read(helper, "/point/?show=trouble"))
    devices.record_health(device, {"receipt": {"state": "ok"}})
    assert "设备都正常" in listed(read(helper)) and "没有合适的服务点" in read(helper, "/point/?show=trouble")


def test_only_who_may_change_a_point_gets_the_way_to_it(cast, helper, client_for):
    way = f"/cms/points/{cast.point.code}/status/"
    assert way not in read(helper)
    assert way in read(client_for(cast.editor))
    manager = client_for(cast.manager)
    assert way not in read(manager)
    assert cast.second_point.name in listed(read(manager)) and cast.other_point.name not in listed(read(manager))


def test_a_point_says_what_it_can_do_today(cast):
    import_items(read_rows(*SMALL))
    first, second = ServiceItem.objects.order_by("-frequency")[:2]
    ItemAtPlace.objects.create(item=first, place=cast.point, is_offered=False)
    ItemAtPlace.objects.create(item=second, place=cast.subdistrict, starts_on=timezone.localdate() + timedelta(days=1))
    Place.objects.filter(pk=cast.second_point.pk).update(has_remote_window=False)
    on_the_third = timezone.localtime().replace(year=2026, month=11, day=3, hour=10)
    places = list(Place.objects.filter(pk__in=[cast.point.pk, cast.second_point.pk, cast.other_point.pk]))
    offers = offers_today(places, on_the_third)
    assert (offers[cast.point.pk].count, offers[cast.second_point.pk].count) == (0, 0)
    assert [item.name for item in offers[cast.point.pk].not_today] == ["退休住院保障计划参保"]
    assert offers[cast.other_point.pk].count == 2


def test_the_page_asks_as_much_for_many_points_as_for_few(cast, client_for):
    keeper = client_for(make_user("keeper", "区督查", (Role.DISTRICT_SUPERVISOR, cast.district)))
    counts = []
    for extra in (0, 30):
        for number in range(extra):
            parent = Place.objects.get(pk=cast.subdistrict.pk)
            place = parent.add_child(code=f"more-{number:02d}", name=f"第{number}点", level="point", kind="building")
            devices.pair(code=f"D-{number}", name="机", place=open_all_day(place), public_key=b"k" * 32)
        read(keeper)
        with CaptureQueriesContext(connection) as queries:
            page = read(keeper)
        counts.append(len(queries))
    assert "第29点" in page and counts[1] == counts[0] + 1, [query["sql"][:90] for query in queries]
