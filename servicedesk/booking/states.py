"""The states of a booking.

held ──book──► booked ──arrive──► arrived (its ticket is issued)
 │               │ ▲
 │               │ └─restore── cancelled (while its time lies ahead and is still free)
 │               ├──cancel────►   ▲
 │               └──miss──► missed (the clock, when the time is over)
 └──expire──► expired (the form was not finished in time);  booked ──change──► booked (another time)
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BookingState(models.TextChoices):
    HELD = "held", _("time held")
    BOOKED = "booked", _("booked")
    ARRIVED = "arrived", _("arrived")
    CANCELLED = "cancelled", _("cancelled")
    MISSED = "missed", _("did not come")
    EXPIRED = "expired", _("expired")


S = BookingState
TRANSITIONS: dict[tuple[str, str], str] = {
    (S.HELD, "book"): S.BOOKED,
    (S.HELD, "expire"): S.EXPIRED,
    (S.BOOKED, "change"): S.BOOKED,
    (S.BOOKED, "arrive"): S.ARRIVED,
    (S.BOOKED, "cancel"): S.CANCELLED,
    (S.BOOKED, "miss"): S.MISSED,
    (S.CANCELLED, "restore"): S.BOOKED,
}
# What takes a seat of its slot, and what may still come.
SEATED = (S.HELD, S.BOOKED, S.ARRIVED)
AHEAD = (S.HELD, S.BOOKED)
