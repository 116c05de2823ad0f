"""A seat is held, booked, changed, given up and taken back; what is left by the resident goes when it is over."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from content.items import services as items
from content.notices.services import issue_notice
from portal.base.errors import Changed, InvalidTransition
from portal.base.journal.models import JournalEntry
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from servicedesk.booking import services as booking
from servicedesk.booking.errors import BadNumber, BadPhone, HoldOver, SlotFull, SlotGone, UnknownBooking
from servicedesk.booking.models import Booking, Slot
from servicedesk.booking.states import BookingState
from servicedesk.residents.models import Consent
from tests.servicedesk.booking.conftest import starts_in, tomorrow

pytestmark = pytest.mark.django_db


def hold(cast, *, place=None, **more) -> Booking:
    return booking.hold(place or cast.centre, tomorrow(), actor="resident", **more)


@pytest.mark.sqlite
def test_a_seat_is_held_then_booked_and_journalled(planned, item):
    notice = issue_notice(items.current_edition(item), {})
    held = hold(planned, item=item, notice=notice)
    assert (held.state, held.seat, len(held.token)) == ("held", 1, 20)
    done = booking.book(held)
    assert (done.state, done.phone_sealed, done.card_index, done.notice_id) == ("booked", None, "", notice.pk)
    entries = JournalEntry.objects.filter(subject_type="booking", subject_id=str(held.pk)).order_by("position")
    assert [(row.action, row.new, row.actor) for row in entries] == [
        ("hold", "held", "resident"),
        ("book", "booked", "resident"),
    ]
    assert booking.by_token(held.token).pk == held.pk
    assert not Consent.objects.exists() and not OutboxMessage.objects.exists(), "who leaves nothing is asked nothing"


def test_the_last_seat_goes_once_and_the_next_is_told(planned):
    hold(planned)
    hold(planned)
    with pytest.raises(SlotFull):
        hold(planned)
    assert sorted(Booking.objects.values_list("seat", flat=True)) == [1, 2]


def test_a_seat_given_up_is_taken_by_the_next(planned, make):
    first, second = make(), make()
    booking.cancel(first)
    third = make()
    assert (third.seat, second.seat) == (1, 2)


def test_the_database_itself_refuses_a_second_booking_of_a_seat(planned, make):
    first = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(
            slot=first.slot, seat=first.seat, token="x" * 20, code="000000", made_at=timezone.now(),
            held_until=timezone.now(),
        )  # fmt: skip


def test_a_capacity_made_smaller_takes_nobody_more_and_throws_nobody_out(planned, make):
    make(), make()
    planned.centre.slot_plans.update(capacity=1)
    with pytest.raises(SlotFull):
        make()
    assert Slot.objects.get().capacity == 2, "what could not be given away changed nothing"
    assert Booking.objects.filter(state="booked").count() == 2


def test_times_that_the_place_does_not_give_are_refused(planned, item):
    for at in (tomorrow(10, 7), tomorrow() - timedelta(days=3), tomorrow(days=90)):
        with pytest.raises(SlotGone):
            booking.hold(planned.centre, at, actor="resident")
    with pytest.raises(SlotGone):
        booking.hold(planned.second_point, tomorrow(), actor="resident")
    items.current_edition(item)
    type(item).objects.update(is_active=False)
    item.refresh_from_db()
    with pytest.raises(SlotGone):
        hold(planned, item=item)
    assert not Booking.objects.exists()


def test_a_hold_runs_out_by_the_clock_and_then_cannot_be_booked(planned):
    held = hold(planned, place=planned.point)
    assert booking.expire_holds() == 0
    Booking.objects.update(held_until=timezone.now())
    assert booking.expire_holds() == 1
    with pytest.raises(HoldOver):
        booking.book(held)
    assert hold(planned, place=planned.point).seat == 1


def test_a_hold_that_ran_out_makes_way_even_before_the_clock_came(planned):
    stale = hold(planned, place=planned.point)
    Booking.objects.update(held_until=timezone.now())
    assert hold(planned, place=planned.point).state == "held"
    stale.refresh_from_db()
    assert stale.state == "expired"


def test_the_clock_leaves_alone_whoever_finished_in_that_moment(planned, monkeypatch):
    held = hold(planned)
    Booking.objects.update(held_until=timezone.now())
    stale = list(Booking.objects.all())
    booking.book(held)
    with pytest.raises(Changed):
        booking._expire(stale[0])
    assert booking.expire_holds() == 0


def test_a_telephone_gets_one_message_that_does_not_say_what_for(planned, item, django_capture_on_commit_callbacks):
    held = hold(planned, item=item)
    done = booking.book(held, phone="138 0013 8000")
    message = outbox.opened(OutboxMessage.objects.get())
    assert message["phone"] == "13800138000"
    assert booking.spoken_code(done) in message["text"] and f"/book/{done.token}/" in message["text"]
    assert item.name not in message["text"] and "13800138000" not in str(done.phone_sealed)
    assert booking.phone_of(booking.by_token(done.token)) == "13800138000"
    assert Consent.objects.get().subject_type == "booking"


@pytest.mark.parametrize(
    ("left", "error"),
    [({"phone": "12345"}, BadPhone), ({"number": "110105194912310021"}, BadNumber), ({"number": "1"}, BadNumber)],
)
def test_what_cannot_be_right_is_refused_and_the_seat_stays_held(planned, left, error):
    held = hold(planned)
    with pytest.raises(error):
        booking.book(held, **left)
    held.refresh_from_db()
    assert held.state == "held"
    with pytest.raises(error):
        booking.book_at_once(planned.point, tomorrow(), actor="api:1", **left)
    assert not Booking.objects.filter(slot__place=planned.point).exists(), "nothing is half done"


def test_the_number_of_the_card_is_not_kept_but_found_again(planned, cast):
    done = booking.book(hold(planned), number=cast.resident.number.lower())
    assert len(done.card_index) == 64
    row = Booking.objects.filter(pk=done.pk).values().get()
    assert not any(cast.resident.number in str(value) for value in row.values())


# --- changing and giving up ----------------------------------------------------------------------------------------


def test_a_change_takes_the_new_seat_and_frees_the_old(planned, make):
    first = make(planned.point)
    moved = booking.change(first, planned.point, tomorrow(11))
    assert (moved.slot.starts_at, moved.code, moved.changes) == (tomorrow(11), first.code, 1)
    assert make(planned.point).seat == 1, "the old time is free again"
    assert booking.change(moved, planned.point, tomorrow(11)).changes == 1, "the same time again is no change"


def test_a_change_to_a_full_time_keeps_the_old_one(planned, make):
    first, _other = make(planned.point), make(planned.point, tomorrow(11))
    with pytest.raises(SlotFull):
        booking.change(first, planned.point, tomorrow(11))
    with pytest.raises(SlotGone):
        booking.change(first, planned.second_point, tomorrow(11))
    assert booking.by_token(first.token).slot.starts_at == tomorrow()


def test_a_change_tells_the_telephone_anew(planned, make):
    first = make(phone="13800138000")
    booking.change(first, planned.centre, tomorrow(15))
    assert OutboxMessage.objects.count() == 2


def test_giving_up_can_be_taken_back_while_the_time_is_free(planned, make):
    first = make(planned.point, phone="13800138000")
    assert booking.cancel(first).state == "cancelled"
    back = booking.restore(first)
    assert (back.state, back.ended_at, booking.phone_of(back)) == ("booked", None, "13800138000")
    booking.cancel(first)
    make(planned.point)
    with pytest.raises(SlotFull):
        booking.restore(first)


@pytest.mark.parametrize(
    ("state", "refused"),
    [("cancelled", ["change", "cancel"]), ("missed", ["change", "cancel", "restore"]), ("booked", ["restore"])],
)
def test_steps_from_a_wrong_state_are_refused(planned, make, state, refused):
    row = make()
    if state == "cancelled":
        booking.cancel(row)
    elif state == "missed":
        Booking.objects.update(state=BookingState.MISSED)
    steps = {
        "change": lambda: booking.change(row, planned.centre, tomorrow(16)),
        "cancel": lambda: booking.cancel(row),
        "restore": lambda: booking.restore(row),
    }
    for name in refused:
        with pytest.raises(InvalidTransition):
            steps[name]()


def test_unknown_links_say_so(planned):
    for token in ("", "x" * 20, "x" * 3000):
        with pytest.raises(UnknownBooking):
            booking.by_token(token)


def test_a_place_that_closes_afterwards_is_told_on_the_bookings_page(planned, make):
    from portal.base.places.services import change_status

    row = make(planned.point)
    assert booking.trouble_of(row) == ""
    change_status(planned.point, "suspended", reason="水管漏了", by="test")
    assert planned.point.name in booking.trouble_of(booking.by_token(row.token))


# --- what the clock does -------------------------------------------------------------------------------------------


def test_who_did_not_come_is_marked_and_what_was_left_is_erased(planned, make, cast):
    late = starts_in(make(phone="13800138000", number=cast.resident.number), -timedelta(minutes=59))
    soon = make(planned.point, phone="13800138000")
    assert booking.miss_late() == 0
    late = starts_in(late, -timedelta(minutes=61))
    assert booking.miss_late() == 1
    late.refresh_from_db()
    assert (late.state, late.phone_sealed, late.card_index) == ("missed", None, "")
    booking.cancel(soon)
    assert booking.forget_what_was_left() == 0, "it may still be taken back"
    starts_in(soon, -timedelta(minutes=1))
    assert booking.forget_what_was_left() == 1


def test_old_bookings_go_with_their_slots(planned, make):
    old, new = make(), make(planned.point)
    starts_in(old, -timedelta(days=200))
    Booking.objects.filter(pk=old.pk).update(state="missed")
    assert booking.forget_bookings(timezone.now() - timedelta(days=180)) == 1
    assert list(Booking.objects.all()) == [new] and Slot.objects.count() == 1
