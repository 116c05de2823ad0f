"""The one family of errors that a service raises to refuse; the message is a sentence for the person."""

from typing import ClassVar


class DomainError(Exception):
    """A refusal with a stable code; str() is translated and says what to do next."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409


class InvalidTransition(DomainError):
    """The move is not in the state machine's table."""

    code = "invalid_transition"


class Changed(DomainError):
    """Somebody else was faster: the row is no longer in the state that the caller saw."""

    code = "changed"
