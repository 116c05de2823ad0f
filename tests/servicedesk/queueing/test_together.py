"""Two clerks press next together, two swipes of one card arrive together: forced by a barrier, without waiting."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from portal.base.places import services as places
from portal.base.places.errors import CounterTaken
from portal.base.places.models import Counter
from servicedesk.queueing import services as queueing
from servicedesk.queueing.errors import CounterBusy
from servicedesk.queueing.lineup import line_up
from servicedesk.queueing.models import Call, Ticket
from tests.servicedesk.queueing.conftest import a_person

pytestmark = pytest.mark.django_db(transaction=True)


def together(*calls):
    """Run the functions in threads that all start at one moment; their answers in order."""
    barrier = threading.Barrier(len(calls))

    def run(function):
        try:
            barrier.wait(timeout=20)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, function) for function in calls]]


def test_two_clerks_never_get_the_same_ticket(draw, cast):
    for _round in range(5):
        draw()
        draw("remote")
        first, second = together(
            lambda: queueing.call_next(cast.counter, actor="user:1"),
            lambda: queueing.call_next(cast.second_counter, actor="user:2"),
        )
        assert first.pk != second.pk
        assert {first.counter_id, second.counter_id} == {cast.counter.pk, cast.second_counter.pk}
        for ticket in (first, second):
            queueing.move_ticket(ticket, "start", actor="user:1")
            queueing.move_ticket(ticket, "finish", actor="user:1", outcome="done")


def test_the_last_number_goes_to_one_of_them(draw, cast):
    draw()
    answers = together(
        lambda: queueing.call_next(cast.counter, actor="user:1"),
        lambda: queueing.call_next(cast.second_counter, actor="user:2"),
    )
    assert sorted(answer is None for answer in answers) == [False, True]
    assert Call.objects.count() == 1


def test_the_second_clerk_waits_for_the_lock_and_sees_what_the_first_did(draw, cast, monkeypatch):
    """The lost race itself: the first clerk is stopped after reading the queue, the second presses in that moment."""
    draw()
    draw()
    first_has_read, second_pressed = threading.Event(), threading.Event()
    seen: list[int] = []

    def slow_line_up(queue):
        found = line_up(queue)
        seen.append(len(found.waiting))
        if len(seen) == 1:
            first_has_read.set()
            assert second_pressed.wait(timeout=20)
        return found

    monkeypatch.setattr(queueing, "line_up", slow_line_up)

    def first():
        return queueing.call_next(cast.counter, actor="user:1")

    def second():
        assert first_has_read.wait(timeout=20)
        second_pressed.set()
        return queueing.call_next(cast.second_counter, actor="user:2")

    one, other = together(first, second)
    assert (one.number, other.number) == ("A001", "A002")
    assert seen == [2, 1], "the second read the queue only after the first had called"


def test_two_swipes_of_one_card_are_one_ticket(cast):
    person = a_person()

    def swipe():
        return queueing.issue_ticket(
            centre=cast.centre, channel="remote", actor="resident", person=person, point=cast.point
        )

    answers = together(swipe, swipe, swipe)
    assert len({ticket.pk for ticket, _is_new in answers}) == 1
    assert sorted(is_new for _ticket, is_new in answers) == [False, False, True]


def test_numbers_drawn_together_are_all_different(cast):
    def draw_one():
        return queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="resident")[0]

    drawn = together(*[draw_one] * 6)
    assert sorted(ticket.number for ticket in drawn) == [f"A00{n}" for n in range(1, 7)]
    assert Ticket.objects.count() == 6


def test_of_two_clerks_who_sit_down_together_one_is_told_that_the_counter_is_taken(cast):
    """The page that both saw showed it free; who comes second is refused under the lock and displaces nobody."""

    def sit(clerk):
        try:
            places.sit_down(cast.counter, clerk=clerk)
            return "sits"
        except CounterTaken:
            return "refused"

    assert sorted(together(lambda: sit(cast.clerk), lambda: sit(cast.second_clerk))) == ["refused", "sits"]
    cast.counter.refresh_from_db()
    assert cast.counter.clerk in (cast.clerk, cast.second_clerk)


def test_two_clerks_who_change_places_at_one_moment_never_end_at_one_counter(cast):
    places.sit_down(cast.counter, clerk=cast.clerk)
    places.sit_down(cast.second_counter, clerk=cast.second_clerk)

    def move(counter, clerk):
        try:
            places.sit_down(counter, clerk=clerk)
        except CounterTaken as error:
            return error.code

    together(lambda: move(cast.second_counter, cast.clerk), lambda: move(cast.counter, cast.second_clerk))
    seats = list(Counter.objects.filter(clerk__isnull=False).values_list("clerk", flat=True))
    assert sorted(seats) == sorted([cast.clerk.pk, cast.second_clerk.pk])


def test_nobody_leaves_a_counter_to_which_a_number_was_called_at_that_moment(draw, cast):
    """The lost race: the number comes after the page was drawn, and before the clerk's move is carried out."""
    draw()
    places.sit_down(cast.counter, clerk=cast.clerk)
    queueing.call_next(cast.counter, actor="user:1")
    for leave in (
        lambda: places.leave_counter(cast.counter, clerk=cast.clerk),
        lambda: places.sit_down(cast.second_counter, clerk=cast.clerk),
    ):
        with pytest.raises(CounterBusy):
            leave()
    cast.counter.refresh_from_db()
    assert cast.counter.clerk == cast.clerk and not Counter.objects.filter(pk=cast.second_counter.pk, clerk=cast.clerk)
