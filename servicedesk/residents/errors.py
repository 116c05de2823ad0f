"""What is refused about a person."""

from portal.base.errors import DomainError


class Erased(DomainError):
    """The person was erased; nothing of them can be opened any more."""

    code = "erased"
    status = 410
