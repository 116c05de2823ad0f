"""What is refused about a case and its papers."""

from portal.base.errors import DomainError


class BadUpload(DomainError):
    """A picture or PDF is not what it says, or too large."""

    code = "bad_upload"
    status = 400


class BadPhone(DomainError):
    """What was typed is no telephone number."""

    code = "bad_phone"
    status = 400


class NotReady(DomainError):
    """Something has to happen first, such as filling the form without errors."""

    code = "not_ready"


class NumberTaken(DomainError):
    """The acceptance system's number is another case's already."""

    code = "number_taken"


class BadSignature(DomainError):
    """The strokes are empty or not strokes."""

    code = "bad_signature"
    status = 400


class WrongCode(DomainError):
    """The number and the code from the message do not belong together, or the code is too old."""

    code = "wrong_code"
    status = 403


class CaseClosed(DomainError):
    """Nothing can be added to a case that is finished, refused or withdrawn."""

    code = "case_closed"


class AlreadyOpen(DomainError):
    """The ticket has an open case of this item."""

    code = "already_open"
