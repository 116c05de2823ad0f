"""What services of places refuse with: a sentence for the person, and the field that it belongs to."""

from typing import ClassVar

from portal.base.errors import DomainError


class CounterTaken(DomainError):
    """Another clerk sits at the counter."""

    code = "counter_taken"


class PlaceRefused(DomainError, ValueError):
    """What was asked for cannot be so; `field` names the input at fault, empty when it is the whole."""

    code: ClassVar[str] = "place_refused"
    status: ClassVar[int] = 422

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
