"""Which times are shown: the plan's, in the hours of the place and its centre, for the item, never on a closed day."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from content.items.models import ItemAtPlace, ItemHours
from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.places.models import OpeningException, OpeningInterval
from portal.base.places.services import change_status
from servicedesk.booking import capacity
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking, SlotPlan
from tests.servicedesk.booking.conftest import tomorrow
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


def shown(place, *, item=None, days: int = 1) -> list[str]:
    """The clock times that a place shows on a day ahead."""
    day = tomorrow(days=days).date()
    found = capacity.openings([capacity.get_place(place.code)], item=item, first=day, last=day).get(place.pk, {})
    return [timezone.localtime(row.starts_at).strftime("%H:%M") for row in found.get(day, [])]


def hours(place, *spans: tuple[time, time], on_holidays: bool = True) -> None:
    OpeningInterval.objects.filter(place=place).delete()
    OpeningInterval.objects.bulk_create(
        OpeningInterval(place=place, weekday=weekday, opens=opens, closes=closes, on_holidays=on_holidays)
        for weekday in range(7)
        for opens, closes in spans
    )


@pytest.mark.sqlite
def test_the_times_follow_the_hours(planned):
    hours(planned.centre, (time(9), time(11, 15)), (time(13, 30), time(14, 30)))
    assert shown(planned.centre) == ["09:00", "09:30", "10:00", "10:30", "13:30", "14:00"]


def test_a_weekdays_rows_stand_instead_of_those_for_every_day(planned):
    hours(planned.centre, (time(9), time(17)))
    SlotPlan.objects.create(
        place=planned.centre, weekday=tomorrow().weekday(), starts=time(14), ends=time(15), slot_minutes=20, capacity=5
    )
    assert shown(planned.centre) == ["14:00", "14:20", "14:40"]
    assert len(shown(planned.centre, days=2)) == 16
    SlotPlan.objects.filter(weekday=tomorrow().weekday()).update(capacity=0)
    assert shown(planned.centre) == []


def test_at_a_point_the_centre_must_be_open_as_well(planned):
    hours(planned.point, (time(8), time(12)))
    hours(planned.centre, (time(9), time(11)))
    assert shown(planned.point) == ["09:00", "09:30", "10:00", "10:30"]


def test_a_closed_day_a_holiday_and_a_year_that_is_not_loaded_show_nothing(planned):
    OpeningException.objects.create(place=planned.centre, date=tomorrow().date(), reason="盘点")
    assert shown(planned.centre) == []
    assert shown(planned.centre, days=2)
    hours(planned.centre, (time(9), time(17)), on_holidays=False)
    assert shown(planned.centre, days=2) == [], "nobody knows that year's holidays"
    for year in {tomorrow(days=2).year, tomorrow(days=3).year}:
        HolidayYear.objects.create(year=year, source="test")
    day = tomorrow(days=2).date()
    Holiday.objects.create(year_id=day.year, date=day, name="假日", kind=Holiday.Kind.HOLIDAY)
    assert shown(planned.centre, days=2) == []
    assert len(shown(planned.centre, days=3)) == 16


def test_a_suspended_place_shows_nothing_until_it_ends(planned):
    change_status(planned.point, "suspended", reason="装修", by="test", until=tomorrow(12))
    assert shown(planned.point)[0] == "12:00"
    change_status(planned.centre, "suspended", reason="停电", by="test", starts_at=tomorrow(13), until=tomorrow(14))
    assert "13:00" not in shown(planned.point) and "14:00" in shown(planned.point)


def test_the_items_window_channel_and_hours_hold(planned):
    another_day = tomorrow().day % 28 + 1
    windowed = at_desk.an_item(
        key="windowed", is_remote=True, is_onsite=True, window_from_day=another_day, window_to_day=another_day
    )
    assert shown(planned.centre, item=windowed) == []
    onsite = at_desk.an_item(key="onsite", is_remote=False, is_onsite=True)
    assert shown(planned.point, item=onsite) == [] and shown(planned.centre, item=onsite)
    rule = ItemAtPlace.objects.create(item=onsite, place=planned.centre)
    ItemHours.objects.create(at_place=rule, weekday=tomorrow().weekday(), opens=time(9), closes=time(10))
    assert shown(planned.centre, item=onsite) == ["09:00", "09:30"]
    ItemAtPlace.objects.update(is_offered=False)
    assert shown(planned.centre, item=onsite) == []


def test_the_past_what_comes_at_once_and_what_is_far_are_not_shown(planned):
    now = timezone.now()
    found = capacity.openings([capacity.get_place(planned.centre.code)])[planned.centre.pk]
    assert min(row.starts_at for rows in found.values() for row in rows) > now + capacity.LEAD
    assert max(found) <= timezone.localdate() + timedelta(days=capacity.DAYS_AHEAD)
    assert shown(planned.centre, days=capacity.DAYS_AHEAD + 1) == []


def test_a_full_time_stays_in_view_and_the_next_free_one_is_found(planned, make):
    make(planned.point)
    place = capacity.get_place(planned.point.code)
    opening = capacity.opening_at(place, tomorrow(), item=None)
    assert (opening.capacity, opening.taken, opening.free) == (1, 1, 0)
    first = capacity.next_free({tomorrow().date(): [opening]})
    assert first is None
    assert capacity.opening_at(place, tomorrow(10, 7), item=None) is None
    Booking.objects.update(state="held", held_until=timezone.now() - timedelta(seconds=1))
    assert capacity.opening_at(place, tomorrow(), item=None).free == 1, "what was held too long is free in view as well"


def test_places_without_a_plan_give_no_appointments(planned):
    assert [place.pk for place in capacity.places_with_plans()] == [planned.centre.pk, planned.point.pk]
    assert capacity.get_place(planned.second_point.code) is None
    assert booking.plan_where_none(type(planned.centre).objects.all()) == 4
    plan = SlotPlan.objects.get(place=planned.other_centre)
    assert (plan.capacity, plan.weekday, plan.slot_minutes) == (2, None, 30)
    assert booking.plan_where_none(type(planned.centre).objects.all()) == 0


def test_rows_of_a_plan_that_overlap_are_refused(planned):
    SlotPlan.objects.filter(place=planned.centre).update(starts=time(9), ends=time(12))
    for starts, ends in ((time(11), time(13)), (None, time(10)), (time(8), None), (None, None)):
        with pytest.raises(ValidationError, match="重叠"):
            SlotPlan(place=planned.centre, starts=starts, ends=ends).full_clean()
    SlotPlan(place=planned.centre, starts=time(12), ends=time(13)).full_clean()
    with pytest.raises(ValidationError):
        SlotPlan(place=planned.centre, weekday=1, starts=time(12), ends=time(11)).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        SlotPlan.objects.create(place=planned.centre, starts=time(9))
