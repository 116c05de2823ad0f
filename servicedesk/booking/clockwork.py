"""What the clock does for bookings, and how long they are kept."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from servicedesk.booking import services


@periodic(every_s=15, name="booking.expire_holds")
def expire_holds() -> None:
    services.expire_holds()


@periodic(every_s=60, name="booking.miss_late")
def miss_late() -> None:
    services.miss_late()


@periodic(every_s=3600, name="booking.forget_what_was_left")
def forget_what_was_left() -> None:
    services.forget_what_was_left()


kept("booking.SlotPlan", because="how many people a place takes, as editors set it")


@retention("booking", default_days=180, of=("booking.Booking", "booking.Slot"))
def forget_bookings(before: datetime) -> int:
    return services.forget_bookings(before)
