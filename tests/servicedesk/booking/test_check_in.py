"""Who comes gets the booking's ticket: by card, code or QR, at the point, the kiosk or the desk; once, and in time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from content.items import services as items
from content.notices.services import issue_notice
from portal.base.errors import DomainError
from portal.base.journal.models import JournalEntry
from portal.base.places.services import change_status
from servicedesk.booking import services as booking
from servicedesk.booking.errors import OtherPlace, TooEarly, TooLate, UnknownBooking
from servicedesk.booking.models import Booking
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.residents import services as residents
from tests.servicedesk.booking.conftest import starts_in
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(make, item):
    """A booking whose time begins in ten minutes, with a notice."""

    def book(place=None, **more):
        notice = issue_notice(items.current_edition(item), {})
        return starts_in(make(place, item=item, notice=notice, **more), timedelta(minutes=10))

    return book


@pytest.mark.sqlite
def test_at_the_centre_it_is_a_booked_ticket_with_the_window_and_the_notice(planned, due):
    row = due()
    ticket, is_new = booking.check_in(row, at=planned.centre, actor="user:1")
    assert is_new and (ticket.number, ticket.channel, ticket.item) == ("B001", "booked", row.item)
    assert (ticket.window_from, ticket.window_until) == (row.slot.starts_at, row.slot.ends_at + booking.LATE)
    assert ticket.notice_id == row.notice_id
    row.refresh_from_db()
    assert (row.state, row.ticket, row.phone_sealed) == ("arrived", ticket, None)
    entry = JournalEntry.objects.get(subject_type="booking", subject_id=str(row.pk), action="arrive")
    assert entry.facts["ticket"] == "B001"


def test_at_the_point_it_is_a_remote_ticket_of_its_kiosk(planned, due):
    device, _private = at_desk.a_kiosk(planned.point)
    ticket, _is_new = booking.check_in(due(planned.point), at=planned.point, actor="device:1", device=device)
    assert (ticket.number, ticket.point, ticket.device, ticket.assurance) == ("Y001", planned.point, device, "code")


def test_a_second_check_in_is_the_same_ticket(planned, due):
    row = due()
    first, _new = booking.check_in(row, at=planned.centre, actor="user:1")
    again, is_new = booking.check_in(row, at=planned.centre, actor="user:1")
    assert (again, is_new) == (first, False)
    assert Ticket.objects.count() == 1


def test_who_booked_the_points_time_and_came_to_the_centre_is_taken_there(planned, due):
    ticket, _new = booking.check_in(due(planned.point), at=planned.centre, actor="user:1")
    assert (ticket.channel, ticket.point) == ("booked", None)


def test_another_place_is_told_where_the_booking_is(planned, due):
    row = due(planned.point)
    for place in (planned.second_point, planned.other_centre, planned.other_point):
        with pytest.raises(OtherPlace, match=planned.point.name):
            booking.check_in(row, at=place, actor="user:1")
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("starts_in_min", "error"), [(31, TooEarly), (29, None), (0, None), (-59, None), (-61, TooLate), (-1440, TooLate)]
)
def test_too_early_and_too_late_are_told(planned, make, starts_in_min, error):
    row = starts_in(make(), timedelta(minutes=starts_in_min, seconds=30))
    if error is None:
        assert booking.check_in(row, at=planned.centre, actor="user:1")[1]
        return
    with pytest.raises(error) as refused:
        booking.check_in(row, at=planned.centre, actor="user:1")
    assert str(refused.value).endswith(("。", "."))
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(("state", "error"), [("cancelled", TooLate), ("missed", TooLate), ("held", TooEarly)])
def test_what_is_no_booking_any_more_or_not_yet_is_told(planned, due, state, error):
    row = due()
    Booking.objects.filter(pk=row.pk).update(state=state)
    with pytest.raises(error):
        booking.check_in(row, at=planned.centre, actor="user:1")


def test_a_closed_centre_refuses_and_the_booking_stays(planned, due):
    row = due()
    change_status(planned.centre, "suspended", reason="停电", by="test")
    with pytest.raises(DomainError, match="停电"):
        booking.check_in(row, at=planned.centre, actor="user:1")
    row.refresh_from_db()
    assert row.state == "booked" and not Ticket.objects.exists()


def test_the_card_finds_todays_booking_here_alone(planned, due, make, cast):
    person = at_desk.a_person(cast.resident)
    assert booking.of_person_today(person, at=planned.point) is None
    row = due(planned.point, number=cast.resident.number)
    make(number=cast.resident.number)
    other = at_desk.a_person(cast.second_resident)
    assert booking.of_person_today(person, at=planned.point) == row
    assert booking.of_person_today(person, at=planned.second_point) is None
    assert booking.of_person_today(other, at=planned.point) is None
    ticket, _new = booking.check_in(row, at=planned.point, actor="device:1", person=person, assurance="card")
    assert (ticket.person, ticket.assurance) == (person, "card")
    assert booking.of_person_today(person, at=planned.point) is None


def test_an_erased_person_is_found_by_the_card_no_more(planned, due, cast):
    row = due(number=cast.resident.number)
    residents.erase(at_desk.a_person(cast.resident), actor="user:1", reason="asked")
    row.refresh_from_db()
    assert (row.state, row.card_index) == ("booked", "")
    assert booking.of_person_today(at_desk.a_person(cast.resident), at=planned.centre) is None


def test_who_already_drew_a_number_keeps_it_and_it_gets_the_notice(planned, due, cast):
    person = at_desk.a_person(cast.resident)
    drawn, _new = queueing.issue_ticket(centre=planned.centre, channel="onsite", actor="resident", person=person)
    row = due()
    ticket, is_new = booking.check_in(row, at=planned.centre, actor="user:1", person=person)
    assert (ticket, is_new) == (drawn, False)
    drawn.refresh_from_db()
    assert drawn.notice_id == row.notice_id


def test_digits_and_a_scanned_qr_find_the_booking_here(planned, due):
    row = due(planned.point)
    address = booking.address_of(row)
    for typed in (
        row.code,
        booking.spoken_code(row),
        f" {row.code[:3]}-{row.code[3:]} ",
        address,
        address.upper()[:0] + address,
    ):
        assert booking.find(typed, at=planned.point) == row
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in row.code)
    assert booking.find(full_width, at=planned.centre) == row, "the centre finds those of its points"
    for typed in ("", "1", "x" * 5000, "0" * 400):
        with pytest.raises(UnknownBooking):
            booking.find(typed, at=planned.point)
    with pytest.raises(UnknownBooking):
        booking.find(row.code, at=planned.other_centre)


def test_a_booking_that_lies_ahead_comes_before_an_old_one_with_the_same_digits(planned, make):
    old = starts_in(make(), -timedelta(days=3))
    Booking.objects.filter(pk=old.pk).update(state="missed")
    new = make()
    Booking.objects.filter(pk=new.pk).update(code=old.code)
    assert booking.find(old.code, at=planned.centre).pk == new.pk


def test_who_is_booked_goes_before_who_came_earlier_inside_the_window_only(planned, make):
    first, _new = queueing.issue_ticket(centre=planned.centre, channel="onsite", actor="resident")
    early = booking.check_in(starts_in(make(), timedelta(minutes=20)), at=planned.centre, actor="user:1")[0]
    inside = booking.check_in(starts_in(make(), -timedelta(minutes=1)), at=planned.centre, actor="user:1")[0]
    order = []
    for _number in range(3):
        called = queueing.call_next(planned.counter, actor="user:1")
        order.append(called.number)
        queueing.move_ticket(called, "start", actor="user:1")
        queueing.move_ticket(called, "finish", actor="user:1", outcome="done")
    assert order == [inside.number, first.number, early.number]


def test_the_days_list_has_the_centres_and_its_points(planned, due, make):
    here, there = due(), due(planned.point)
    Booking.objects.filter(pk=make().pk).update(state="held")
    assert booking.on_day(planned.centre, timezone.now()) == [here, there] or booking.on_day(
        planned.centre, timezone.now()
    ) == [there, here]
    assert booking.on_day(planned.other_centre, timezone.now()) == []
