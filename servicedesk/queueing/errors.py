"""Why the queue refuses: each message says what to do next."""

from typing import ClassVar

from portal.base.errors import DomainError


class PlaceClosed(DomainError):
    """The centre or the point takes nobody now."""

    code: ClassVar[str] = "closed"


class ItemNotToday(DomainError):
    """The item cannot be taken here, this way or today."""

    code: ClassVar[str] = "item_not_taken"


class PointNeeded(DomainError):
    """A remote ticket without the point where the person waits."""

    code: ClassVar[str] = "point_needed"
    status: ClassVar[int] = 422


class UnknownChoice(DomainError):
    """A channel, an outcome or a class that does not exist."""

    code: ClassVar[str] = "unknown_choice"
    status: ClassVar[int] = 422


class CounterBusy(DomainError):
    """The counter still has a ticket."""

    code: ClassVar[str] = "counter_busy"


class CounterShut(DomainError):
    """The counter is paused or not in use."""

    code: ClassVar[str] = "counter_shut"


class PointBusy(DomainError):
    """The kiosk at which the person waits serves somebody else."""

    code: ClassVar[str] = "point_busy"


class OtherCentre(DomainError):
    """The ticket and the counter are not of the same centre."""

    code: ClassVar[str] = "other_centre"
