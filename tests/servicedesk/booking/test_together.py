"""Many book at one moment, forced by a barrier: a slot never takes more than it has, and nobody waits for ever."""

import threading

import pytest
from django.db import connection

from portal.base.errors import DomainError
from servicedesk.booking import services as booking
from servicedesk.booking.errors import SlotFull
from servicedesk.booking.models import Booking, SlotPlan
from servicedesk.queueing.models import Ticket
from tests.servicedesk.booking.conftest import starts_in, tomorrow
from tests.servicedesk.queueing.test_together import together

pytestmark = pytest.mark.django_db(transaction=True)


def attempt(step):
    """A call whose refusal is an answer, too."""

    def run():
        try:
            return step()
        except DomainError as error:
            return error.code

    return run


def test_eight_who_want_two_seats_are_two_bookings(planned):
    def want():
        return booking.book_at_once(planned.centre, tomorrow(), actor="resident")

    answers = together(*[attempt(want)] * 8)
    assert sum(isinstance(answer, Booking) for answer in answers) == 2
    assert [answer for answer in answers if not isinstance(answer, Booking)] == ["slot_full"] * 6
    assert sorted(Booking.objects.values_list("seat", flat=True)) == [1, 2]


def test_hold_book_change_and_restore_share_one_seat(planned, make):
    """Every path that takes a seat goes for the last one at the same moment."""
    elsewhere, given_up = make(planned.centre), make(planned.point)
    booking.cancel(given_up)
    answers = together(
        attempt(lambda: booking.hold(planned.point, tomorrow(), actor="resident")),
        attempt(lambda: booking.book_at_once(planned.point, tomorrow(), actor="api:1")),
        attempt(lambda: booking.change(elsewhere, planned.point, tomorrow())),
        attempt(lambda: booking.restore(given_up)),
    )
    assert sum(isinstance(answer, Booking) for answer in answers) == 1, answers
    assert Booking.objects.filter(slot__place=planned.point, state__in=("held", "booked")).count() == 1


def test_the_second_waits_for_the_lock_and_counts_what_the_first_did(planned, monkeypatch):
    """The lost race itself: the first is stopped after counting, the second comes in that moment."""
    first_has_counted, second_came = threading.Event(), threading.Event()
    free_seat, calls = booking._free_seat, []

    def slow(slot):
        seat = free_seat(slot)
        calls.append(seat)
        if len(calls) == 1:
            first_has_counted.set()
            assert second_came.wait(timeout=20)
        return seat

    monkeypatch.setattr(booking, "_free_seat", slow)

    def first():
        return booking.hold(planned.point, tomorrow(), actor="resident")

    def second():
        assert first_has_counted.wait(timeout=20)
        second_came.set()
        return booking.hold(planned.point, tomorrow(), actor="resident")

    one, other = together(first, attempt(second))
    assert (one.seat, other) == (1, SlotFull.code)


def test_two_who_change_places_with_each_other_do_not_block(planned):
    SlotPlan.objects.filter(place=planned.point).update(capacity=2)
    first = booking.book_at_once(planned.point, tomorrow(10), actor="resident")
    second = booking.book_at_once(planned.point, tomorrow(11), actor="resident")
    together(
        lambda: booking.change(first, planned.point, tomorrow(11)),
        lambda: booking.change(second, planned.point, tomorrow(10)),
    )
    assert booking.by_token(first.token).slot.starts_at == tomorrow(11)
    assert booking.by_token(second.token).slot.starts_at == tomorrow(10)


def test_the_clock_and_the_person_who_finishes_at_the_last_moment(planned):
    held = booking.hold(planned.point, tomorrow(), actor="resident")
    Booking.objects.update(held_until=held.made_at)
    finished, _expired = together(attempt(lambda: booking.book(held)), booking.expire_holds)
    held.refresh_from_db()
    assert held.state == ("booked" if isinstance(finished, Booking) else "expired")


def test_two_check_ins_at_one_moment_are_one_ticket(planned, make):
    from datetime import timedelta

    row = starts_in(make(), timedelta(minutes=5))
    answers = together(*[lambda: booking.check_in(row, at=planned.centre, actor="user:1")] * 3)
    assert len({ticket.pk for ticket, _new in answers}) == 1 and Ticket.objects.count() == 1
    assert sorted(is_new for _ticket, is_new in answers) == [False, False, True]
    connection.close()
