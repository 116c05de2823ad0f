"""Identifiers made in Python before the insert, so that encryption can bind to them."""

import uuid

from uuid6 import uuid7


def new_id() -> uuid.UUID:
    """A time-ordered UUID (version 7, RFC 9562)."""
    return uuid.UUID(int=uuid7().int)
