"""Whether an item can be taken here and now, and what is said when it cannot."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from content.items.models import ItemAtPlace, ItemHours
from content.items.services import (
    can_be_taken,
    current_edition,
    get_item,
    is_in_window,
    items_for_place,
    lines_with_items,
    most_frequent,
    next_day_in_window,
)
from portal.base.calendars.services import load_shipped_holidays
from portal.base.places.services import change_status

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)
KEY = "hun-yin-deng-ji-dang-an-cha-xun"
WINDOWED = "tui-xiu-zhu-yuan-bao-zhang-ji-hua-can-bao"


@pytest.mark.sqlite
def test_an_item_is_taken_at_an_open_point(site, cast):
    assert can_be_taken(get_item(KEY), cast.point, NOON, channel="remote") is None


def test_outside_its_days_it_says_the_next_one(site, cast):
    load_shipped_holidays()
    refusal = can_be_taken(get_item(WINDOWED), cast.point, datetime(2026, 11, 27, 10, 0, tzinfo=SHANGHAI))
    assert refusal.code == "not_today"
    assert refusal.next_on == date(2026, 12, 5)
    assert "每月 5 日至 26 日办" in refusal.sentence
    assert "12月5日" in refusal.next_step


def test_a_holiday_inside_its_days_refuses_and_an_unknown_year_is_said_plainly(site, cast):
    load_shipped_holidays()
    edition = current_edition(get_item(WINDOWED))
    assert is_in_window(edition, date(2026, 5, 5)) is False
    assert is_in_window(edition, date(2026, 5, 6)) is True
    assert is_in_window(edition, date(2031, 3, 10)) is None
    assert is_in_window(edition, date(2031, 3, 28)) is False
    assert next_day_in_window(edition, date(2030, 12, 30)) is None


def test_a_subdistrict_can_switch_an_item_off_and_a_point_on_again(site, cast):
    item = get_item(KEY)
    ItemAtPlace.objects.create(item=item, place=cast.subdistrict, is_offered=False)
    assert can_be_taken(item, cast.point, NOON).code == "not_here"
    assert cast.centre.name in can_be_taken(item, cast.second_point, NOON).next_step
    assert can_be_taken(item, cast.other_point, NOON) is None
    ItemAtPlace.objects.create(item=item, place=cast.point, is_offered=True)
    assert can_be_taken(item, cast.point, NOON) is None
    assert item in items_for_place(cast.point)
    assert item not in items_for_place(cast.second_point)


def test_a_channel_can_be_switched_off_at_a_place(site, cast):
    item = get_item(KEY)
    ItemAtPlace.objects.create(item=item, place=cast.point, is_remote=False)
    assert can_be_taken(item, cast.point, NOON, channel="remote").code == "not_remote"
    assert item not in items_for_place(cast.point, "remote")
    assert item in items_for_place(cast.point, "onsite")


def test_a_closed_point_is_refused_with_its_reason(site, cast):
    point = change_status(cast.point, "suspended", reason="线路检修", by="test")
    refusal = can_be_taken(get_item(KEY), point, NOON)
    assert refusal.code == "closed"
    assert "线路检修" in refusal.sentence
    assert refusal.next_step


def test_a_closed_centre_closes_its_points_remote_window(site, cast):
    change_status(cast.centre, "suspended", reason="停电", by="test")
    assert can_be_taken(get_item(KEY), cast.point, NOON, channel="remote").code == "closed"


def test_the_most_frequent_come_first(site, cast):
    assert [item.frequency for item in most_frequent(cast.point, 2, "remote")] == [30, 20]
    lines = lines_with_items(cast.point)
    assert {line.code for line, _items in lines} == {"medical-insurance", "archives", "trade-union"}
    assert all(items for _line, items in lines)


def test_what_starts_later_is_refused_with_its_day_and_not_listed(site, cast):
    item = get_item(KEY)
    ItemAtPlace.objects.create(item=item, place=cast.point, starts_on=date(2027, 1, 1))
    refusal = can_be_taken(item, cast.point, NOON)
    assert (refusal.code, refusal.next_on) == ("not_yet", date(2027, 1, 1))
    assert "1月1日" in refusal.sentence
    assert refusal.next_step
    assert item not in items_for_place(cast.point, at=NOON)
    later = datetime(2027, 1, 1, 0, 0, tzinfo=SHANGHAI)
    assert can_be_taken(item, cast.point, later) is None
    assert item in items_for_place(cast.point, at=later)


def test_outside_a_places_hours_for_the_item_it_says_the_next_hour(site, cast):
    item = get_item(KEY)
    rule = ItemAtPlace(item=item, place=cast.subdistrict)
    rule.hours = [
        ItemHours(weekday=0, opens=time(9), closes=time(11)),
        ItemHours(weekday=2, opens=time(13), closes=time(16)),
    ]
    rule.save()
    refusal = can_be_taken(item, cast.point, NOON)
    assert (refusal.code, refusal.next_on) == ("not_now", date(2026, 11, 25))
    assert "09:00–11:00" in refusal.sentence
    assert "13:00" in refusal.next_step
    assert item not in items_for_place(cast.point, at=NOON)
    assert item in items_for_place(cast.point)
    assert can_be_taken(item, cast.point, datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)) is None
    assert can_be_taken(item, cast.point, datetime(2026, 11, 23, 11, 0, tzinfo=SHANGHAI)).code == "not_now"
