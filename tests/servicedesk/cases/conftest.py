"""The desk in the middle of a visit: one resident at one counter."""

import pytest

from tests.servicedesk.cases import at_desk


@pytest.fixture
def item(cast):
    return at_desk.an_item()


@pytest.fixture
def person(cast):
    return at_desk.a_person(cast.resident)


@pytest.fixture
def kiosk(cast):
    device, _private = at_desk.a_kiosk(cast.point)
    return device


@pytest.fixture
def ticket(cast, person, item, kiosk):
    return at_desk.served(at_desk.a_ticket(cast, person=person, item=item, device=kiosk), cast.counter)


@pytest.fixture
def case(cast, ticket, item):
    return at_desk.a_case(cast, ticket, item)
