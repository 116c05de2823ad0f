"""Places: the centre of a point, status with its history, and counters."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.base.places import services as places
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
