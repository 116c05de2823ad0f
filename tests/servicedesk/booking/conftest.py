"""Places that give appointments, and bookings in them."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from content.items.models import ServiceItem
from portal.base.places.models import Place
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking, Slot, SlotPlan
from tests.servicedesk.cases import at_desk


def tomorrow(hour: int = 10, minute: int = 0, *, days: int = 1) -> datetime:
    """A local moment on a day ahead."""
    day = timezone.localdate() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def starts_in(row: Booking, delta: timedelta) -> Booking:
    """Let the booked half hour begin so long from now, as if the days between had passed."""
    starts_at = (timezone.now() + delta).replace(second=0, microsecond=0)
    Slot.objects.filter(pk=row.slot_id).update(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))
    return booking.by_token(row.token)


@pytest.fixture
def planned(cast):
    """The cast, whose centre takes two people each half hour and whose first point one."""
    SlotPlan.objects.create(place=cast.centre, capacity=2)
    SlotPlan.objects.create(place=cast.point, capacity=1)
    return cast


@pytest.fixture
def item(planned) -> ServiceItem:
    return at_desk.an_item(is_remote=True, is_onsite=True)


@pytest.fixture
def make(planned) -> Callable[..., Booking]:
    """make(place, at): a booking; by default at the centre, tomorrow at ten."""

    def book(place: Place | None = None, at: datetime | None = None, **more) -> Booking:
        return booking.book_at_once(place or planned.centre, at or tomorrow(), actor="resident", **more)

    return book
