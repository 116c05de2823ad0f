"""The names of the queue's streams."""

from portal.base.places.models import Place
from servicedesk.queueing.models import Ticket


def centre_stream(centre: Place) -> str:
    """What the hall display, the desk and the centre's queue follow."""
    return f"centre:{centre.code}"


def streams_of(ticket: Ticket) -> tuple[str, ...]:
    """The streams that a change of the ticket moves: its centre's, and its kiosk's."""
    centre = (centre_stream(ticket.centre),)
    return (*centre, f"device:{ticket.device_id}") if ticket.device_id else centre
