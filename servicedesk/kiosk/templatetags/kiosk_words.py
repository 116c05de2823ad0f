"""Words of the kiosk's templates."""

from django import template

from servicedesk.devices.models import Peripheral
from servicedesk.remote.instructions import INSTRUCTIONS

register = template.Library()


@register.filter
def instruction_text(key: str) -> str:
    """The sentence of an instruction."""
    return str(INSTRUCTIONS.get(key, ""))


@register.filter
def minutes(seconds: int | None) -> int:
    """Whole minutes as people say them: at least one, rounded up."""
    return max(1, -(-int(seconds or 0) // 60))


@register.filter
def digits(sequence: int) -> str:
    """The three digits of a ticket number."""
    return f"{sequence:03d}"


@register.filter
def job_badge(state: str) -> str:
    """The word by which a badge tells a print job's state."""
    return {"printed": "printed", "failed": "printer_trouble", "uncertain": "uncertain"}.get(state, "printing")


@register.filter
def peripheral_text(state: str) -> str:
    """The word for a peripheral's state; what is not known is not connected."""
    known = state in Peripheral.State.values
    return str(Peripheral.State(state).label if known else Peripheral.State.ABSENT.label)
