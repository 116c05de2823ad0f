"""What the desk refuses."""

from portal.base.errors import DomainError


class NoTicket(DomainError):
    """Nobody is at the counter."""

    code = "no_ticket"


class NoCase(DomainError):
    """The case, or the form in it, has to be opened first."""

    code = "no_case"


class NotSeated(DomainError):
    """The counter is paused, or is not this clerk's."""

    code = "not_seated"
