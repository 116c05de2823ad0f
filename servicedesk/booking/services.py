"""The only writer of slots and bookings: hold, book, change, cancel, check in; what the clock does; and look-ups.

Every path that takes a seat locks the slot's row, counts, and inserts. Locks: slot → booking → queue → ticket.
"""

import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.items.models import ServiceItem
from content.notices import services as notices
from content.notices.models import Notice
from content.points import services as points
from portal.base.calendars import services as calendars
from portal.base.errors import Changed, InvalidTransition
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.outbox import services as outbox
from portal.base.places.models import Counter, Place
from portal.base.places.services import centre_for, status_at
from portal.base.transitions import move
from servicedesk.booking import capacity
from servicedesk.booking.errors import (
    BadNumber,
    BadPhone,
    HoldOver,
    OtherPlace,
    SlotFull,
    SlotGone,
    TooEarly,
    TooLate,
    UnknownBooking,
)
from servicedesk.booking.models import Booking, Slot, SlotPlan
from servicedesk.booking.states import AHEAD, SEATED, TRANSITIONS, BookingState
from servicedesk.devices.models import Device
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.residents import services as residents
from servicedesk.residents.models import Person

# What stands in an address where somebody wants advice and no item.
ADVICE = "advice"
RESIDENT, CLOCK = "resident", "clock"
HOLD = timedelta(minutes=10)
# One may check in so long before the booked time, and so long after its end; the window of the ticket ends then, too.
EARLY, LATE = timedelta(minutes=30), timedelta(minutes=30)
PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
TOKEN_LENGTH = 20
ATTEMPTS = 8
DEFAULT_MINUTES = 30


# --- taking a seat ------------------------------------------------------------------------------------------------


def hold(
    place: Place, starts_at: datetime, *, item: ServiceItem | None = None, notice: Notice | None = None, actor: str
) -> Booking:
    """Hold a seat while the form is filled; the clock gives it free again after HOLD.

    Raises:
        SlotGone: the place gives no such time for the item.
        SlotFull: the last seat was taken.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _hold(place, starts_at, item=item, notice=notice, actor=actor)
        except IntegrityError:
            # Six digits may be in use already; nothing else can clash under the lock.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _hold(place: Place, starts_at: datetime, *, item: ServiceItem | None, notice: Notice | None, actor: str) -> Booking:
    slot = _lock_slot(place, starts_at, item)
    now = timezone.now()
    booking = Booking.objects.create(
        slot=slot,
        seat=_free_seat(slot),
        item=item,
        notice_id=notice.pk if notice else None,
        token="".join(secrets.choice(notices.TOKEN_SIGNS) for _number in range(TOKEN_LENGTH)),
        code=f"{secrets.randbelow(10**6):06d}",
        made_at=now,
        held_until=now + HOLD,
    )
    facts = {"slot": slot.pk, "item": item.pk if item else None, "notice": notice.sha256 if notice else ""}
    journal.append(_subject(booking), action="hold", actor=actor, place=place, new=booking.state, facts=facts)
    return booking


def _lock_slot(place: Place, starts_at: datetime, item: ServiceItem | None) -> Slot:
    """The slot's row, locked, with the capacity that the plan gives it now.

    Raises:
        SlotGone: the place does not give this time for the item.
    """
    shown = capacity.get_place(place.code)
    opening = capacity.opening_at(shown, starts_at, item=item) if shown else None
    if opening is None:
        raise SlotGone(_("This time cannot be booked here. Choose another one from the list."))
    Slot.objects.get_or_create(
        place=place,
        starts_at=opening.starts_at,
        defaults={"ends_at": opening.ends_at, "capacity": opening.capacity},
    )
    slot = Slot.objects.select_for_update().get(place=place, starts_at=opening.starts_at)
    if slot.capacity != opening.capacity:
        slot.capacity = opening.capacity
        slot.save(update_fields=["capacity"])
    return slot


def _free_seat(slot: Slot) -> int:
    """The first free seat of a slot whose lock is held; holds that have run out are given free first.

    Raises:
        SlotFull: there is none.
    """
    for stale in slot.bookings.filter(state=BookingState.HELD, held_until__lte=timezone.now()):
        _expire(stale)
    taken = set(slot.bookings.filter(state__in=SEATED).values_list("seat", flat=True))
    if len(taken) >= slot.capacity:
        raise SlotFull(_("Somebody has just taken the last place at this time. Choose another one, please."))
    return next(seat for seat in range(1, slot.capacity + 1) if seat not in taken)


def _expire(booking: Booking) -> None:
    _move(booking, "expire", actor=CLOCK, expected=BookingState.HELD, changes={"ended_at": timezone.now()})


# --- moving on ----------------------------------------------------------------------------------------------------


def _subject(booking: Booking) -> tuple[str, Any]:
    return ("booking", booking.pk)


def _move(booking: Booking, action: str, *, actor: str, **more: Any) -> Booking:
    """The one transition function of bookings."""
    return move(
        booking, action, table=TRANSITIONS, subject="booking", actor=actor, place=booking.slot.place, **more
    )  # fmt: skip


@transaction.atomic
def book(booking: Booking, *, phone: str = "", number: str = "", actor: str = RESIDENT) -> Booking:
    """Turn a held seat into a booking, with what the resident chose to leave: a telephone, the number on the card.

    Raises:
        BadPhone, BadNumber: what was typed cannot be right.
        HoldOver: the seat was given free meanwhile.
    """
    phone, index = _phone_of(phone), _index_of(number)
    booking = _locked(booking)
    if booking.state == BookingState.EXPIRED:
        raise HoldOver(_("The time was held for ten minutes and is free again. Choose a time once more, please."))
    sealed = keyring.seal("field", phone.encode(), aad=_phone_aad(booking)) if phone else None
    _move(booking, "book", actor=actor, changes={"phone_sealed": sealed, "card_index": index})
    if phone or index:
        notice = residents.current_notice()
        residents.record_consent(notice=notice, person=None, subject=_subject(booking), is_agreed=True)
    _send_message(booking, phone)
    return booking


def book_at_once(
    place: Place,
    starts_at: datetime,
    *,
    item: ServiceItem | None = None,
    notice: Notice | None = None,
    phone: str = "",
    number: str = "",
    actor: str,
) -> Booking:
    """Hold and book in one step, for whoever has no form to fill.

    Raises:
        SlotGone, SlotFull, BadPhone, BadNumber: as `hold` and `book`; nothing is held then.
    """
    with transaction.atomic():
        held = hold(place, starts_at, item=item, notice=notice, actor=actor)
        return book(held, phone=phone, number=number, actor=actor)


@transaction.atomic
def change(booking: Booking, place: Place, starts_at: datetime, *, actor: str = RESIDENT) -> Booking:
    """Move a booking to another time or place; the old seat is free as soon as the new one is taken, never before.

    Raises:
        SlotGone, SlotFull: the new time cannot be had; the old one stays.
        InvalidTransition: the booking is not one that still lies ahead.
    """
    # The new slot first, then the booking: the old one is only given free, which needs no lock of its row.
    slot = _lock_slot(place, starts_at, booking.item)
    booking = _locked(booking)
    if slot.pk == booking.slot_id:
        return booking
    seat = _free_seat(slot)
    facts = {"from_slot": booking.slot_id, "to_slot": slot.pk}
    changes = {"slot": slot, "seat": seat, "changes": booking.changes + 1}
    _move(booking, "change", actor=actor, facts=facts, changes=changes)
    booking.slot = slot
    _send_message(booking, phone_of(booking))
    return booking


@transaction.atomic
def cancel(booking: Booking, *, actor: str = RESIDENT) -> Booking:
    """Give a booking up; it can be restored while its time lies ahead and is free."""
    booking = _locked(booking)
    return _move(booking, "cancel", actor=actor, changes={"ended_at": timezone.now()})


@transaction.atomic
def restore(booking: Booking, *, actor: str = RESIDENT) -> Booking:
    """Take a cancelling back.

    Raises:
        SlotGone, SlotFull: the time is over or somebody else has it.
    """
    slot = _lock_slot(booking.slot.place, booking.slot.starts_at, booking.item)
    booking = _locked(booking)
    seat = _free_seat(slot)
    return _move(booking, "restore", actor=actor, changes={"seat": seat, "ended_at": None})


def _locked(booking: Booking) -> Booking:
    return Booking.objects.select_for_update(of=("self",)).select_related("slot__place", "item").get(pk=booking.pk)


# --- what the resident leaves -------------------------------------------------------------------------------------


def _phone_of(text: str) -> str:
    phone = unicodedata.normalize("NFKC", text).strip().replace(" ", "")
    if phone and not PHONE.fullmatch(phone):
        raise BadPhone(_("A mobile number has 11 digits; a landline needs its area code. Or leave it empty."))
    return phone


def _index_of(text: str) -> str:
    if not text.strip():
        return ""
    check = residents.check_number(text)
    if not check.is_valid:
        raise BadNumber(check.problem)
    return residents.index_of_number(check.number)


def _phone_aad(booking: Booking) -> bytes:
    return f"booking.booking.phone:{booking.pk}".encode()


def phone_of(booking: Booking) -> str:
    """The telephone that was left; empty without one."""
    if booking.phone_sealed is None:
        return ""
    return keyring.open_sealed(booking.phone_sealed, aad=_phone_aad(booking)).decode()


def _send_message(booking: Booking, phone: str) -> None:
    """The one message after booking or changing: when, where, the code; never what for."""
    if not phone:
        return
    text = _("Booked: %(when)s, %(place)s. Code %(code)s. Change or cancel: %(link)s") % {
        "when": when_text(booking.slot),
        "place": points.name_of(booking.slot.place),
        "code": spoken_code(booking),
        "link": address_of(booking),
    }
    outbox.put(
        "sms",
        f"booking:{booking.pk}",
        {"booking": str(booking.pk)},
        personal={"phone": phone, "text": text},
        idempotency_key=f"booking:{booking.pk}:{booking.changes}",
        expires_at=booking.slot.starts_at,
    )


def address_of(booking: Booking) -> str:
    """The address that the QR and the message carry."""
    return settings.PORTAL_URL.rstrip("/") + reverse("booking", args=[booking.token])


def when_text(slot: Slot) -> str:
    """Day and hours as people say them: November 27 (Friday), 9:30–10:00."""
    starts, ends = timezone.localtime(slot.starts_at), timezone.localtime(slot.ends_at)
    return _("%(day)s (%(weekday)s), %(from)s–%(until)s") % {
        "day": formats.date_format(starts, _("F j")),
        "weekday": formats.date_format(starts, "l"),
        "from": f"{starts.hour}:{starts.minute:02d}",
        "until": f"{ends.hour}:{ends.minute:02d}",
    }


def spoken_code(booking: Booking) -> str:
    """The code in two groups, as it is read and said: 483 920."""
    return f"{booking.code[:3]} {booking.code[3:]}"


# --- coming -------------------------------------------------------------------------------------------------------


@transaction.atomic
def check_in(
    booking: Booking,
    *,
    at: Place,
    actor: str,
    device: Device | None = None,
    person: Person | None = None,
    assurance: str = Ticket.Assurance.CODE,
) -> tuple[Ticket, bool]:
    """The booking's ticket and whether it is new; checking in again gives the same one.

    At the point it is a remote ticket, at the centre a booked one, both with the booked window; also who booked a
    point's time is taken at the counter of its centre. The ticket carries the notice.

    Raises:
        TooEarly, TooLate, OtherPlace: not now or not here; the message says when and where.
        PlaceClosed, ItemNotToday: from the queue.
    """
    booking = _locked(booking)
    slot, now = booking.slot, timezone.now()
    if booking.ticket is not None:
        return booking.ticket, False
    centre = centre_for(slot.place)
    if centre is None or at.pk not in (slot.place_id, centre.pk):
        raise OtherPlace(
            _("This booking is for %(place)s, %(when)s. Go there, or change the booking by its link.")
            % {"place": points.name_of(slot.place), "when": when_text(slot)}
        )
    _require_in_time(booking, now)
    notice = notices.notice_by_id(booking.notice_id)
    is_at_point = at.pk == slot.place_id and at.pk != centre.pk
    ticket, is_new = queueing.issue_ticket(
        centre=centre,
        channel=Ticket.Channel.REMOTE if is_at_point else Ticket.Channel.BOOKED,
        actor=actor,
        item=booking.item,
        point=slot.place if is_at_point else None,
        device=device,
        person=person,
        assurance=assurance,
        window=(slot.starts_at, slot.ends_at + LATE),
        notice=notice,
    )
    if notice is not None and not is_new and ticket.notice_id is None:
        queueing.attach_notice(ticket, notice, actor=actor)
    changes = {"ticket": ticket, "ended_at": now, "phone_sealed": None, "card_index": ""}
    _move(booking, "arrive", actor=actor, facts={"ticket": ticket.number}, changes=changes)
    return ticket, is_new


def _require_in_time(booking: Booking, now: datetime) -> None:
    slot = booking.slot
    if booking.state == BookingState.CANCELLED:
        raise TooLate(_("This booking was cancelled. Draw a number now, or book another time."))
    if booking.state in (BookingState.MISSED, BookingState.EXPIRED) or now > slot.ends_at + LATE:
        raise TooLate(
            _("This booking was for %s, which is over. Draw a number now, or book another time.") % when_text(slot)
        )
    if booking.state == BookingState.HELD:
        raise TooEarly(_("This booking is not finished yet. Finish it on the page where you chose the time."))
    if now < slot.starts_at - EARLY:
        raise TooEarly(
            _("You booked %(when)s; check in from %(clock)s on that day. To be served sooner, draw a number.")
            % {"when": when_text(slot), "clock": _clock(slot.starts_at - EARLY)}
        )


def _clock(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.hour}:{local.minute:02d}"


# --- asking -------------------------------------------------------------------------------------------------------


def _bookings() -> QuerySet[Booking]:
    return Booking.objects.select_related("slot__place", "item__line", "ticket")


def by_token(token: str) -> Booking:
    """The booking of a link.

    Raises:
        UnknownBooking: there is none.
    """
    found = _bookings().filter(token=token).first()
    if found is None:
        raise UnknownBooking(_("There is no such booking. Look at the link again, or book a time."))
    return found


def by_id(booking_id: UUID) -> Booking | None:
    return _bookings().filter(pk=booking_id).first()


def find(text: str, *, at: Place) -> Booking:
    """The booking of six typed digits or a scanned QR, among those of a place and of the points that it serves.

    Of several with the same digits the one that is nearest in time is meant: digits come again when they are free.

    Raises:
        UnknownBooking: there is none here.
    """
    scanned = re.search(r"/book/([a-z0-9]{20})/?", text)
    if scanned:
        return by_token(scanned.group(1))
    code = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    now = timezone.now()
    found = _bookings().filter(code=code).filter(_at(at)).exclude(state__in=(BookingState.HELD, BookingState.EXPIRED))
    nearest = sorted(found, key=lambda row: (row.state not in AHEAD, abs(row.slot.starts_at - now)))
    if not nearest:
        raise UnknownBooking(
            _("No booking here has these six digits. Compare them once more, or draw a number without a booking.")
        )
    return nearest[0]


def _at(place: Place) -> Q:
    """The bookings of a place; a centre has those of the points that it serves as well."""
    if place.level != Place.Level.CENTRE:
        return Q(slot__place=place)
    return Q(slot__place__path__startswith=place.path[: -Place.steplen])


def of_person_today(person: Person, *, at: Place) -> Booking | None:
    """The booking of today that a card finds at a place: the earliest that still lies ahead."""
    indexes = residents.indexes_of(person)
    if not indexes:
        return None
    begins, ends = _day_of(timezone.now())
    found = _bookings().filter(_at(at), card_index__in=indexes, state=BookingState.BOOKED)
    return found.filter(slot__starts_at__gte=begins, slot__starts_at__lt=ends).order_by("slot__starts_at").first()


def on_day(centre: Place, at: datetime) -> list[Booking]:
    """All that were booked for a day at a centre and its points, by time; without what was never finished."""
    begins, ends = _day_of(at)
    found = _bookings().filter(_at(centre), slot__starts_at__gte=begins, slot__starts_at__lt=ends)
    found = found.exclude(state__in=(BookingState.HELD, BookingState.EXPIRED))
    return list(found.order_by("slot__starts_at", "code"))


def _day_of(at: datetime) -> tuple[datetime, datetime]:
    begins = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return begins, begins + timedelta(days=1)


def trouble_of(booking: Booking) -> str:
    """What came between since it was booked, such as a closed place, as a sentence with the next step; mostly empty."""
    if booking.state != BookingState.BOOKED:
        return ""
    place, starts_at = booking.slot.place, booking.slot.starts_at
    for where in filter(None, (place, centre_for(place))):
        if status_at(where, starts_at) != Place.Status.OPEN or calendars.is_open(where, starts_at) is False:
            return _(
                "%s is closed at that time now. Choose another time or place; your booking is kept until then."
            ) % (points.name_of(where))
    if booking.item is not None:
        refusal = items.can_be_taken(booking.item, place, starts_at, channel=items.channel_at(place))
        if refusal is not None:
            return str(refusal)
    return ""


# --- plans, and what the clock does -------------------------------------------------------------------------------


@transaction.atomic
def plan_where_none(places: QuerySet[Place]) -> int:
    """Give places without any plan the usual one: half hours on every day, at a centre as many people as counters in
    use, at a point with a remote window one; how many got one.
    """
    without = places.filter(slot_plans=None).filter(
        Q(level=Place.Level.CENTRE) | Q(level=Place.Level.POINT, has_remote_window=True)
    )
    counters: dict[int, int] = {}
    for centre in Counter.objects.filter(is_active=True).values_list("centre_id", flat=True):
        counters[centre] = counters.get(centre, 0) + 1
    plans = [
        SlotPlan(
            place=place,
            slot_minutes=DEFAULT_MINUTES,
            capacity=counters.get(place.pk, 1) if place.level == Place.Level.CENTRE else 1,
        )
        for place in without
    ]
    return len(SlotPlan.objects.bulk_create(plans))


def expire_holds() -> int:
    """Give free what was held too long; how many."""
    stale = Booking.objects.filter(state=BookingState.HELD, held_until__lte=timezone.now())
    return _each(stale, _expire)


def miss_late() -> int:
    """Mark those to which nobody came in time; how many."""

    def miss(booking: Booking) -> None:
        changes = {"ended_at": timezone.now(), "phone_sealed": None, "card_index": ""}
        _move(booking, "miss", actor=CLOCK, expected=BookingState.BOOKED, changes=changes)

    late = Booking.objects.filter(state=BookingState.BOOKED, slot__ends_at__lt=timezone.now() - LATE)
    return _each(late, miss)


def _each(bookings: QuerySet[Booking], step: Any) -> int:
    """Take each step in a transaction of its own; whoever was moved by somebody else meanwhile is left alone."""
    done = 0
    for booking in bookings.select_related("slot__place"):
        try:
            step(booking)
            done += 1
        except (Changed, InvalidTransition):
            continue
    return done


def forget_what_was_left() -> int:
    """Erase telephones and card indexes of bookings that were given up, once they cannot be restored any more."""
    over = Booking.objects.exclude(state__in=AHEAD).filter(slot__starts_at__lt=timezone.now())
    left = over.filter(Q(phone_sealed__isnull=False) | ~Q(card_index=""))
    return left.update(phone_sealed=None, card_index="")


def forget_card_of(person: Person) -> None:
    """A person is being erased: no booking is found by their card any more."""
    Booking.objects.filter(card_index__in=residents.indexes_of(person)).exclude(card_index="").update(card_index="")


def forget_bookings(before: datetime) -> int:
    """Delete bookings whose time was over before then, and slots without any; how many bookings."""
    old = Slot.objects.filter(ends_at__lt=before)
    deleted, _rows = Booking.objects.filter(slot__in=old).exclude(state__in=AHEAD).delete()
    old.filter(bookings=None).delete()
    return deleted
