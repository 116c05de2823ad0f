"""Why a notice cannot be shown."""

from typing import ClassVar

from portal.base.errors import DomainError


class UnknownNotice(DomainError):
    """There is no notice with this link or code, or its time is over."""

    code: ClassVar[str] = "unknown_notice"
    status: ClassVar[int] = 404
