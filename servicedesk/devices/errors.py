"""Why a device is refused: each message says what to do next."""

from typing import ClassVar

from portal.base.errors import DomainError


class NotPaired(DomainError):
    """The device is unknown, was revoked, or its signature is not its key's."""

    code: ClassVar[str] = "device_not_paired"
    status: ClassVar[int] = 403


class StaleNonce(DomainError):
    """The nonce is not ours, too old, or was used before."""

    code: ClassVar[str] = "stale_nonce"
    status: ClassVar[int] = 403


class CardNotTrusted(DomainError):
    """What was read from a card was changed on its way, or is of another device or reading."""

    code: ClassVar[str] = "card_not_trusted"
    status: ClassVar[int] = 403


class BadKey(DomainError):
    """A public key that is none, or a code that another device holds."""

    code: ClassVar[str] = "bad_device_key"
    status: ClassVar[int] = 422
