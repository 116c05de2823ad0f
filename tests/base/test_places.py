"""Places: the centre of a point, status with its history, and counters."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from portal.base.errors import Changed
from portal.base.places import editing, hours, positions, record
from portal.base.places import services as places
from portal.base.places.errors import PlaceRefused
from portal.base.places.models import Place, PlaceStatusChange

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_a_point_is_served_by_its_subdistricts_centre(cast):
    assert places.centre_for(cast.point) == cast.centre
    assert places.centre_for(cast.other_point) == cast.other_centre
    assert places.centre_for(cast.centre) == cast.centre
    assert places.centre_for(cast.district) is None
    assert places.subdistrict_of(cast.point) == cast.subdistrict


def test_a_status_keeps_its_history(cast):
    place = places.change_status(cast.point, "suspended", reason="装修", by="user:1")
    place = places.change_status(place, "open", reason="装修结束", by="user:1")
    assert (place.status, place.status_reason) == ("open", "")
    assert [(row.status, row.changed_by) for row in place.status_changes.all()] == [
        ("open", "user:1"),
        ("suspended", "user:1"),
    ]


def test_a_status_without_its_reason_is_refused(cast):
    with pytest.raises(ValueError):
        places.change_status(cast.point, "closed", reason="", by="user:1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(pk=cast.point.pk).update(status="closed", status_reason="")


def test_a_suspension_ends_by_itself(cast):
    now = timezone.now()
    places.change_status(cast.point, "suspended", reason="装修", by="user:1", until=now + timedelta(hours=1))
    assert places.apply_due_changes(now=now) == 0
    assert places.apply_due_changes(now=now + timedelta(hours=2)) == 1
    assert places.apply_due_changes(now=now + timedelta(hours=2)) == 0
    cast.point.refresh_from_db()
    assert cast.point.status == "open"
    assert cast.point.status_changes.first().changed_by == "clock"


def test_a_change_that_lies_ahead_is_applied_by_the_clock(cast):
    now = timezone.now()
    place = places.change_status(cast.point, "closed", reason="撤销", by="user:1", starts_at=now + timedelta(days=1))
    assert place.status == "open"
    assert places.apply_due_changes(now=now + timedelta(days=2)) == 1
    cast.point.refresh_from_db()
    assert (cast.point.status, cast.point.status_reason) == ("closed", "撤销")


def test_a_change_that_lies_ahead_is_seen_and_can_be_taken_back(cast):
    now = timezone.now()
    places.change_status(cast.point, "suspended", reason="装修", by="user:1", starts_at=now + timedelta(days=1))
    change = places.planned_changes(cast.point)[0]
    assert places.status_at(cast.point, now + timedelta(days=2)) == "suspended"
    assert places.open_periods(cast.point, now) == [(now, change.starts_at)]
    places.cancel_change(change, by="user:2")
    assert places.planned_changes(cast.point) == []
    assert places.apply_due_changes(now=now + timedelta(days=2)) == 0
    change.refresh_from_db()
    assert (change.cancelled_by, change.applied_at) == ("user:2", None)
    with pytest.raises(Changed):
        places.cancel_change(change, by="user:2")


def test_a_change_that_has_begun_cannot_be_taken_back_as_planned(cast):
    places.change_status(cast.point, "suspended", reason="装修", by="user:1")
    with pytest.raises(Changed):
        places.cancel_change(cast.point.status_changes.get(), by="user:1")


def test_moved_says_where_to(cast):
    with pytest.raises(PlaceRefused) as caught:
        places.change_status(cast.point, "moved", reason="搬家", by="user:1")
    assert caught.value.field == "moved_address"
    with pytest.raises(PlaceRefused):
        places.change_status(cast.point, "moved", reason="搬家", by="user:1", moved_to=cast.point)
    place = places.change_status(cast.point, "moved", reason="搬家", by="user:1", moved_to=cast.second_point)
    assert place.moved_to == cast.second_point
    place = places.change_status(place, "open", reason="搬回来了", by="user:1")
    assert (place.moved_to, place.moved_address) == (None, "")
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(pk=place.pk).update(moved_address="别处")


def test_the_last_change_can_be_undone_once(cast):
    places.change_status(cast.point, "moved", reason="搬家", by="user:1", moved_address="新路 1 号")
    places.change_status(cast.point, "closed", reason="误点", by="user:1")
    last = places.change_to_undo(cast.point)
    place = places.undo_last_change(cast.point, by="user:2", expected=last.pk)
    assert (place.status, place.status_reason, place.moved_address) == ("moved", "搬家", "新路 1 号")
    assert [row.status for row in place.status_changes.all()] == ["moved", "closed", "moved"]
    assert place.status_changes.first().undoes == last
    with pytest.raises(Changed):
        places.undo_last_change(place, by="user:2")


def test_an_undo_of_what_somebody_else_changed_since_is_refused(cast):
    places.change_status(cast.point, "suspended", reason="装修", by="user:1")
    seen = places.change_to_undo(cast.point)
    places.change_status(cast.point, "closed", reason="撤销", by="user:3")
    with pytest.raises(Changed):
        places.undo_last_change(cast.point, by="user:1", expected=seen.pk)
    cast.point.refresh_from_db()
    assert cast.point.status == "closed"


def test_what_the_clock_ended_is_not_undone(cast):
    now = timezone.now()
    places.change_status(cast.point, "suspended", reason="装修", by="user:1", until=now + timedelta(hours=1))
    places.apply_due_changes(now=now + timedelta(hours=2))
    assert places.change_to_undo(cast.point) is None


def test_followers_hear_of_every_change(cast):
    heard: list[list[str]] = []

    def follow(changed):
        heard.append([place.code for place in changed])

    places.on_changed.append(follow)
    try:
        places.change_status(cast.point, "suspended", reason="装修", by="user:1")
        editing.change_place(cast.point, by="test", hours=[hours.Interval(0, time(9), time(17))])
        assert not editing.change_place(cast.point, by="test", hours=[hours.Interval(0, time(9), time(17))])
        editing.change_place(cast.point, by="test", exceptions=[hours.DayRow(date(2026, 12, 24), "学习")])
    finally:
        places.on_changed.remove(follow)
    assert heard == [[cast.point.code]] * 3


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([(0, time(9), time(12)), (0, time(11), time(17))], "overlap"),
        ([(5, time(9), time(12)), (5, time(9), time(11), 2)], "overlap"),
        ([(0, time(9), time(12)), (0, time(9), time(12))], "twice"),
        ([(0, time(12), time(9))], "closes before it opens"),
        ([(7, time(9), time(12), 2)], "make-up"),
    ],
)
def test_a_week_that_cannot_be_is_refused(cast, rows, sentence):
    before = cast.point.opening_intervals.count()
    with translation.override("en"), pytest.raises(PlaceRefused, match=sentence):
        editing.change_place(cast.point, by="test", hours=[hours.Interval(*row) for row in rows])
    assert cast.point.opening_intervals.count() == before


def test_a_week_may_have_any_number_of_intervals(cast):
    rows = [(0, time(8), time(9)), (0, time(9), time(10)), (0, time(13), time(14)), (5, time(9), time(11), 1)]
    rows += [(5, time(9), time(11), 3), (7, time(9), time(12))]
    assert editing.change_place(cast.point, by="test", hours=[hours.Interval(*row) for row in rows])
    assert cast.point.opening_intervals.count() == 6


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([(None, None), (time(9), time(12))], "closed all day"),
        ([(time(9), time(12)), (time(11), time(13))], "overlap"),
        ([(time(9), None)], "both times"),
        ([(time(12), time(9))], "closes before it opens"),
    ],
)
def test_exceptions_that_cannot_be_are_refused(cast, rows, sentence):
    day = date(2026, 12, 24)
    with translation.override("en"), pytest.raises(PlaceRefused, match=sentence):
        editing.change_place(cast.point, by="test", exceptions=[hours.DayRow(day, "学习", *row) for row in rows])
    assert not cast.point.opening_exceptions.exists()


@pytest.mark.parametrize(
    ("latitude", "longitude", "sentence"),
    [
        (31.27, 121.45, ""),
        (None, None, ""),
        (121.45, 31.27, "swapped"),
        (31.27, None, "together"),
        (51.5, -0.1, "not in China"),
        (30.9, 122.9, "in the sea"),
        (39.9, 116.4, "km from the middle"),
    ],
)
def test_a_position_that_cannot_be_is_named(cast, latitude, longitude, sentence):
    with translation.override("en"):
        fault = positions.fault_of(latitude, longitude, positions.neighbours_of(cast.point))
    assert sentence in fault and bool(fault) is bool(sentence)


def test_old_history_is_forgotten_but_for_the_latest(cast):
    for status in ("suspended", "open", "suspended"):
        places.change_status(cast.point, status, reason="装修", by="user:1")
    assert places.forget_history(timezone.now() + timedelta(days=1)) == 2
    assert PlaceStatusChange.objects.get(place=cast.point).status == "suspended"


def test_a_clerk_sits_at_one_counter(cast):
    places.sit_down(cast.counter, clerk=cast.clerk)
    places.sit_down(cast.second_counter, clerk=cast.clerk)
    cast.counter.refresh_from_db()
    assert cast.counter.clerk is None
    paused = places.pause_counter(cast.second_counter, reason="午休")
    assert (paused.clerk, paused.paused_reason) == (cast.clerk, "午休")
    places.leave_counter(paused, clerk=cast.second_clerk)
    paused.refresh_from_db()
    assert paused.clerk == cast.clerk, "another clerk's press does not empty the counter"
    places.leave_counter(paused, clerk=cast.clerk)
    paused.refresh_from_db()
    assert (paused.clerk, paused.paused_reason) == (None, "")


def test_a_change_that_fails_is_in_neither_table_nor_journal(cast):
    """Fields and hours are one change: hours that cannot be take the new address back too."""
    night = [hours.Interval(0, time(12), time(9))]
    with pytest.raises(PlaceRefused):
        editing.change_place(cast.point, by="user:1", fields={"address": "新路 1 号"}, hours=night)
    cast.point.refresh_from_db()
    assert cast.point.address == "" and record.latest_changes(cast.point) == []


def test_two_changes_follow_each_other_in_the_record(cast):
    for address in ("新路 1 号", "新路 2 号"):
        editing.change_place(cast.point, by="user:1", fields={"address": address, "code": "another"})
    assert [change.changes for change in record.latest_changes(cast.point)] == [
        {"address": ["新路 1 号", "新路 2 号"]},
        {"address": ["", "新路 1 号"]},
    ]
