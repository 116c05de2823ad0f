"""What is refused about places."""

from portal.base.errors import DomainError


class CounterTaken(DomainError):
    """Another clerk sits at the counter."""

    code = "counter_taken"
