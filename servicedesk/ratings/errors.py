"""What is refused about a rating."""

from typing import ClassVar

from portal.base.errors import DomainError


class AlreadyRated(DomainError):
    """One rating a visit, and it is never edited."""

    code: ClassVar[str] = "already_rated"


class NotYet(DomainError):
    """The visit is not over, or nobody was served in it."""

    code: ClassVar[str] = "not_yet"


class UnknownOption(DomainError):
    """A level or reason that is not in the table in force."""

    code: ClassVar[str] = "unknown_option"
    status: ClassVar[int] = 422
