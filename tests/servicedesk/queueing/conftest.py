"""A centre's queue with numbers in it."""

from collections.abc import Callable

import pytest

from portal.base.places.models import Place
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.residents.models import Person


def a_person() -> Person:
    """A person of whom nothing is known; the queue never looks inside."""
    return Person.objects.create(identity_sealed=b"sealed")


def a_device(place: Place, code: str = "DN-01-K1") -> Device:
    return devices.pair(code=code, name=f"自助机 {code}", place=place, public_key=bytes(32))


@pytest.fixture
def draw(cast) -> Callable[..., Ticket]:
    """Draw a number at the cast's centre: draw("onsite"), draw("remote"), draw("onsite", classes=("elderly",))."""

    def issue(channel: str = "onsite", **more) -> Ticket:
        if channel == "remote":
            more.setdefault("point", cast.point)
        ticket, _is_new = queueing.issue_ticket(centre=cast.centre, channel=channel, actor="resident", **more)
        return ticket

    return issue


@pytest.fixture
def finish():
    """Serve a called ticket to its end."""

    def serve(ticket: Ticket) -> Ticket:
        queueing.move_ticket(ticket, "start", actor="user:1")
        return queueing.move_ticket(ticket, "finish", actor="user:1", outcome="done")

    return serve
