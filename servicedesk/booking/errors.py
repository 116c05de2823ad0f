"""Why a booking is refused: each message says what to do next."""

from typing import ClassVar

from portal.base.errors import DomainError


class SlotFull(DomainError):
    """Somebody else took the last seat."""

    code: ClassVar[str] = "slot_full"


class SlotGone(DomainError):
    """The place gives no appointment at this time, for this item."""

    code: ClassVar[str] = "slot_gone"


class HoldOver(DomainError):
    """The form was finished after the time was given free again."""

    code: ClassVar[str] = "hold_over"


class UnknownBooking(DomainError):
    """No booking has this link or code."""

    code: ClassVar[str] = "unknown_booking"
    status: ClassVar[int] = 404


class TooEarly(DomainError):
    """The person came before the booked time."""

    code: ClassVar[str] = "too_early"


class TooLate(DomainError):
    """The booked time is over, or the booking was given up."""

    code: ClassVar[str] = "too_late"


class OtherPlace(DomainError):
    """The booking is for another place."""

    code: ClassVar[str] = "other_place"


class BadPhone(DomainError):
    """What was typed is no telephone number."""

    code: ClassVar[str] = "bad_phone"
    status: ClassVar[int] = 400


class BadNumber(DomainError):
    """What was typed is no identity number."""

    code: ClassVar[str] = "bad_number"
    status: ClassVar[int] = 400
