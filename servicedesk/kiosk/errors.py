"""What the kiosk refuses."""

from portal.base.errors import DomainError


class NotIdentified(DomainError):
    """Needs a card on the reader or a typed number first."""

    code = "not_identified"


class BadCapture(DomainError):
    """The captured page is for no request that is open."""

    code = "bad_capture"
    status = 400
