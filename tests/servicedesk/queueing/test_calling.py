"""Who is called, why, and what a call records; what a counter refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.base.errors import Changed, InvalidTransition
from portal.base.journal.models import JournalEntry
from portal.base.journal.services import chain_faults
from servicedesk.queueing import services as queueing
from servicedesk.queueing.errors import CounterBusy, CounterShut, OtherCentre, PointBusy, UnknownChoice
from servicedesk.queueing.models import Call, Ticket
from tests.servicedesk.queueing.conftest import a_device

pytestmark = pytest.mark.django_db


def call(counter) -> Ticket | None:
    return queueing.call_next(counter, actor="user:1")


@pytest.mark.sqlite
def test_remote_goes_before_the_hall_and_the_call_says_why(draw, cast):
    draw()
    remote = draw("remote")
    called = call(cast.counter)
    assert called.pk == remote.pk
    assert (called.state, called.counter) == ("called", cast.counter)
    recorded = Call.objects.get(ticket=remote)
    assert recorded.why == "remote"
    assert recorded.facts["waiting"] == 2
    entry = JournalEntry.objects.filter(subject_type="ticket", subject_id=str(remote.pk)).last()
    assert (entry.action, entry.reason, entry.new) == ("call", "remote", "called")
    assert queueing.ticket_view(called)["why"]["text"]


@pytest.mark.sqlite
def test_after_k_overtakings_the_hall_is_called_in_turn(draw, cast, finish):
    patient = draw()
    for _n in range(5):
        draw("remote")
    whys = []
    for _n in range(6):
        ticket = call(cast.counter)
        whys.append((ticket.number, ticket.calls.get().why))
        finish(ticket)
    assert whys[:5] == [
        ("Y001", "remote"), ("Y002", "remote"), ("Y003", "remote"), ("A001", "rescue"), ("Y004", "remote"),
    ]  # fmt: skip
    assert patient.calls.get().facts["overtakes"] == 3


def test_a_long_wait_is_rescued_too(draw, cast, finish):
    old = draw()
    Ticket.objects.filter(pk=old.pk).update(issued_at=timezone.now() - timedelta(minutes=31))
    draw("remote")
    draw("remote")
    first, second = call(cast.counter), call(cast.second_counter)
    assert (first.number, second.number) == ("Y001", "A001")
    assert second.calls.get().why == "rescue"


def test_the_centres_own_rule_holds(draw, cast, finish):
    queueing.set_rule(cast.centre, overtakes=1, minutes=60, actor="user:1", priority_classes=["elderly"])
    draw()
    draw("remote")
    draw("remote")
    finish(call(cast.counter))
    assert call(cast.counter).number == "A001"


def test_priority_people_go_before_booked_and_booked_before_the_rest(draw, cast, finish):
    now = timezone.now()
    draw()
    draw("booked", window=(now - timedelta(minutes=5), now + timedelta(minutes=25)))
    draw(classes=("elderly",))
    called = []
    for _n in range(3):
        ticket = call(cast.counter)
        called.append((ticket.number, ticket.calls.get().why))
        finish(ticket)
    assert called == [("A002", "priority"), ("B001", "booked"), ("A001", "arrival")]


def test_a_busy_kiosk_is_passed_over_and_not_overtaken(draw, cast, finish):
    device = a_device(cast.point)
    busy = draw("remote", device=device)
    waits_there = draw("remote", device=device)
    elsewhere = draw("remote", point=cast.second_point)
    assert call(cast.counter).pk == busy.pk
    passed = call(cast.second_counter)
    assert passed.pk == elsewhere.pk
    assert passed.calls.get().facts["passed"] == [str(waits_there.pk)]
    row = next(row for row in queueing.queue_snapshot(cast.centre)["waiting"] if row["id"] == str(waits_there.pk))
    assert (row["overtakes"], row["is_busy"]) == (0, True)
    busy.refresh_from_db()
    finish(busy)
    finish(passed)
    assert call(cast.counter).pk == waits_there.pk


def test_nobody_waiting_is_no_error(cast):
    assert call(cast.counter) is None


def test_a_counter_with_a_ticket_takes_no_second(draw, cast):
    draw()
    draw()
    call(cast.counter)
    with pytest.raises(CounterBusy, match="A001"):
        call(cast.counter)


def test_a_paused_or_unused_counter_calls_nobody(draw, cast):
    draw()
    cast.counter.paused_reason = "lunch"
    cast.counter.save(update_fields=["paused_reason"])
    with pytest.raises(CounterShut):
        call(cast.counter)
    cast.second_counter.is_active = False
    cast.second_counter.save(update_fields=["is_active"])
    with pytest.raises(CounterShut):
        call(cast.second_counter)


def test_the_database_itself_refuses_a_second_ticket_at_a_counter(draw, cast):
    draw()
    second = draw()
    call(cast.counter)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=second.pk).update(state="called", counter=cast.counter)


def test_a_picked_number_is_recorded_as_picked(draw, cast):
    draw()
    second = draw()
    queueing.call_ticket(second, cast.counter, actor="user:1")
    assert Call.objects.get().why == "picked"
    with pytest.raises(InvalidTransition):
        queueing.call_ticket(second, cast.second_counter, actor="user:1")


def test_a_number_at_a_busy_kiosk_cannot_be_picked(draw, cast):
    device = a_device(cast.point)
    draw("remote", device=device)
    second = draw("remote", device=device)
    call(cast.counter)
    with pytest.raises(PointBusy):
        queueing.call_ticket(second, cast.second_counter, actor="user:1")


def test_another_centres_number_cannot_be_picked(draw, cast):
    with pytest.raises(OtherCentre):
        queueing.call_ticket(draw(), cast.other_counter, actor="user:1")


def test_a_dropped_call_returns_first(draw, cast):
    dropped = draw("remote")
    draw("remote")
    call(cast.counter)
    dropped.refresh_from_db()
    queueing.move_ticket(dropped, "start", actor="user:1")
    queueing.move_ticket(dropped, "drop", actor="user:1", reason="line_lost")
    assert (dropped.state, dropped.counter, dropped.returned_first) == ("waiting", None, True)
    again = call(cast.counter)
    assert (again.pk, again.calls.order_by("called_at").last().why) == (dropped.pk, "returned")
    assert not again.returned_first


def test_a_transfer_keeps_its_arrival(draw, cast):
    first = draw()
    draw()
    call(cast.counter)
    first.refresh_from_db()
    queueing.move_ticket(first, "transfer", actor="user:1", to_counter=cast.second_counter)
    assert (first.state, first.counter_id, first.arrival) == ("called", cast.second_counter.pk, 1)
    assert first.calls.order_by("called_at").last().facts["transferred_from"] == cast.counter.pk
    queueing.move_ticket(first, "transfer", actor="user:1")
    assert call(cast.counter).pk == first.pk


def test_a_transfer_to_a_taken_counter_changes_nothing(draw, cast):
    first, second = draw(), draw()
    call(cast.counter)
    call(cast.second_counter)
    first.refresh_from_db()
    with pytest.raises(CounterBusy):
        queueing.move_ticket(first, "transfer", actor="user:1", to_counter=cast.second_counter)
    first.refresh_from_db()
    assert (first.state, first.counter) == ("called", cast.counter)
    assert second.number == "A002"


def test_finishing_needs_to_say_how_it_ended(draw, cast):
    draw()
    ticket = call(cast.counter)
    queueing.move_ticket(ticket, "start", actor="user:1")
    with pytest.raises(UnknownChoice):
        queueing.move_ticket(ticket, "finish", actor="user:1")
    queueing.move_ticket(ticket, "finish", actor="user:1", outcome="consulted")
    assert (ticket.state, ticket.outcome) == ("finished", "consulted")
    assert ticket.ended_at >= ticket.started_at


def test_a_stale_desk_is_told_that_somebody_was_faster(draw, cast):
    draw()
    ticket = call(cast.counter)
    queueing.move_ticket(ticket, "start", actor="user:1")
    with pytest.raises(Changed):
        queueing.move_ticket(ticket, "no_show", actor="user:2", expected="called")


def test_a_recall_is_said_again(draw, cast):
    draw()
    ticket = call(cast.counter)
    queueing.mark_spoken(cast.centre, str(Call.objects.get().pk))
    queueing.move_ticket(ticket, "recall", actor="user:1")
    said = queueing.board_snapshot(cast.centre)["say"]
    assert [(one["number"], one["is_spoken"]) for one in said] == [("A001", False)]


def test_a_no_show_may_come_back(draw, cast):
    draw()
    ticket = call(cast.counter)
    queueing.move_ticket(ticket, "no_show", actor="user:1")
    queueing.move_ticket(ticket, "requeue", actor="user:1")
    assert (ticket.state, ticket.ended_at) == ("waiting", None)


def test_free_text_of_a_reason_is_sealed_and_the_chain_holds(draw, cast):
    ticket = draw()
    queueing.move_ticket(ticket, "cancel", actor="user:1", reason="她说改天再来")
    entry = JournalEntry.objects.filter(subject_id=str(ticket.pk)).last()
    assert entry.reason == ""
    assert "text_sha256" in entry.facts
    assert chain_faults(("ticket", ticket.pk)) == []


def test_nobody_coming_is_told_to_the_clerk_once_the_kiosk_is_free(draw, cast, finish):
    device = a_device(cast.point)
    draw("remote", device=device)
    served = call(cast.counter)
    finish(served)
    waiting = draw("remote", device=device)
    call(cast.counter)
    long_ago = timezone.now() - timedelta(minutes=3)
    Ticket.objects.filter(pk=waiting.pk).update(called_at=long_ago)
    assert queueing.hint_no_shows() == 0, "the kiosk was in use until just now"
    Ticket.objects.filter(pk=served.pk).update(ended_at=long_ago)
    assert queueing.hint_no_shows() == 1
    assert queueing.hint_no_shows() == 0
    waiting.refresh_from_db()
    assert queueing.ticket_view(waiting)["hinted"]


def test_the_clock_ends_earlier_days_at_every_centre(draw, cast):
    draw()
    Ticket.objects.update(day=timezone.localdate() - timedelta(days=2))
    assert queueing.expire_old_days() == 1
    assert Ticket.objects.get().state == "expired"
    assert queueing.expire_old_days() == 0
