"""A number is drawn once a person, is counted daily by letter, and is refused with the next step."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from content.items.models import ItemDemand, ItemEdition, Line, ServiceItem
from portal.base.journal.models import JournalEntry
from portal.base.places.models import OpeningInterval, Place
from portal.base.places.services import change_status
from portal.base.streams.services import seq_of
from servicedesk.queueing import estimates
from servicedesk.queueing import services as queueing
from servicedesk.queueing.errors import ItemNotToday, PlaceClosed, PointNeeded, UnknownChoice
from servicedesk.queueing.models import CentreQueue, Ticket
from tests.servicedesk.queueing.conftest import a_device, a_person

pytestmark = pytest.mark.django_db


@pytest.mark.sqlite
def test_numbers_are_counted_by_letter(draw):
    drawn = [draw("onsite"), draw("remote"), draw("booked"), draw("onsite")]
    assert [ticket.number for ticket in drawn] == ["A001", "Y001", "B001", "A002"]
    assert [ticket.arrival for ticket in drawn] == [1, 2, 3, 4]


def test_every_number_counts_towards_its_items_demand(draw, cast):
    line = Line.objects.create(code="counted", name="计数")
    item = ServiceItem.objects.create(key="counted", line=line, name_zh="计数事项")
    ItemEdition.objects.create(item=item, name="计数事项", valid_from="2020-01-01", live=True)
    draw(item=item)
    draw(item=item)
    draw()
    assert list(ItemDemand.objects.values_list("item__key", "count")) == [("counted", 2)]


def test_the_next_day_begins_again_and_ends_what_was_left(draw, cast):
    yesterday = timezone.localdate() - timedelta(days=1)
    left, called = draw(), draw()
    queueing.call_next(cast.counter, actor="user:1")
    Ticket.objects.update(day=yesterday)
    CentreQueue.objects.update(day=yesterday)
    assert draw().number == "A001"
    left.refresh_from_db()
    called.refresh_from_db()
    assert {left.state, called.state} == {"no_show", "expired"}
    assert queueing.ticket_at(cast.counter) is None


def test_a_second_swipe_is_the_same_ticket(draw, cast):
    person = a_person()
    first = draw("remote", person=person)
    again, is_new = queueing.issue_ticket(
        centre=cast.centre, channel="remote", actor="resident", person=person, point=cast.point
    )
    assert (again.pk, is_new) == (first.pk, False)
    assert Ticket.objects.count() == 1


def test_a_person_whose_ticket_ended_draws_a_new_one(draw, cast):
    person = a_person()
    first = draw(person=person)
    queueing.move_ticket(first, "cancel", actor="resident")
    assert draw(person=person).pk != first.pk


def test_it_is_journalled_and_announced(draw, cast, django_capture_on_commit_callbacks):
    device = a_device(cast.point)
    before = seq_of(f"centre:{cast.centre.code}")
    ticket = draw("remote", device=device)
    entry = JournalEntry.objects.get(subject_type="ticket", subject_id=str(ticket.pk))
    assert (entry.action, entry.actor, entry.facts["number"]) == ("issue", "resident", "Y001")
    assert seq_of(f"centre:{cast.centre.code}") == before + 1
    assert seq_of(f"device:{device.pk}") == 2


def test_a_remote_number_needs_its_point(cast):
    with pytest.raises(PointNeeded):
        queueing.issue_ticket(centre=cast.centre, channel="remote", actor="resident")


@pytest.mark.parametrize(
    "wrong",
    [{"channel": "pigeon"}, {"channel": "onsite", "classes": ("vip",)}, {"channel": "onsite", "assurance": "?"}],
)
def test_an_unknown_choice_is_refused(cast, wrong):
    with pytest.raises(UnknownChoice):
        queueing.issue_ticket(centre=cast.centre, actor="resident", **wrong)


def test_a_suspended_point_says_why_and_what_next(cast, draw):
    change_status(cast.point, Place.Status.SUSPENDED, reason="停电", by="user:1")
    cast.point.refresh_from_db()
    with pytest.raises(PlaceClosed, match="停电") as refused:
        draw("remote")
    assert "12345" in str(refused.value)
    assert Ticket.objects.count() == 0


def test_a_centre_outside_its_hours_says_when_it_opens(cast, draw):
    OpeningInterval.objects.filter(place=cast.centre).delete()
    tomorrow = (timezone.localdate() + timedelta(days=1)).weekday()
    OpeningInterval.objects.create(place=cast.centre, weekday=tomorrow, opens=time(9), closes=time(17))
    with pytest.raises(PlaceClosed, match="0?9:00|9"):
        draw()


def an_item(**edition) -> ServiceItem:
    line = Line.objects.create(code="archives", name="档案")
    item = ServiceItem.objects.create(key="archive-use", line=line, name_zh="利用档案")
    ItemEdition.objects.create(
        item=item, name="利用档案", valid_from=timezone.localdate() - timedelta(days=9), live=True, **edition
    )
    return item


def test_an_item_outside_its_days_is_refused_with_the_next_day(draw):
    today = timezone.localdate().day
    day = 28 if today != 28 else 1
    item = an_item(window_from_day=day, window_to_day=day)
    with pytest.raises(ItemNotToday) as refused:
        draw(item=item)
    assert str(day) in str(refused.value)


def test_an_item_that_can_be_taken_is_kept_with_the_number(draw):
    item = an_item()
    assert draw("remote", item=item).item == item


def test_a_wait_past_closing_is_said_at_once(draw, monkeypatch):
    closes = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(estimates.calendars, "closes_at", lambda _place, _at: closes)
    for _n in range(6):
        ticket = draw()
    told = queueing.estimate_for(ticket)
    assert told.past_closing
    assert timezone.localtime(closes).strftime("%H:%M") in queueing.closing_text(told)


def test_a_day_with_time_left_says_nothing_about_closing(draw, monkeypatch):
    monkeypatch.setattr(estimates.calendars, "closes_at", lambda _place, at: at + timedelta(hours=5))
    assert queueing.closing_text(queueing.estimate_for(draw())) == ""
