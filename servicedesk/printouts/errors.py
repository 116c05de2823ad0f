"""What is refused about printing."""

from portal.base.errors import DomainError


class CannotPrint(DomainError):
    """There is no printer for this, or the paper is not ready."""

    code = "cannot_print"
