"""Items, and what an outside acceptance system reads and says of a case."""

import pytest

from servicedesk.cases.models import Case
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast) -> Case:
    item = at_desk.an_item()
    person = at_desk.a_person(cast.resident)
    ticket = at_desk.a_ticket(cast, person=person, item=item, device=None)
    return at_desk.a_case(cast, at_desk.served(ticket, cast.counter), item)


def test_items_have_their_keys(cast, caller):
    at_desk.an_item()
    assert caller.get("/items").json() == [
        {"key": "marriage-archive", "name": "婚姻登记档案查询", "name_en": "", "line": "civil"}
    ]


def test_a_case_shows_stages_and_no_names(cast, caller, case):
    answer = caller.get(f"/cases/{case.number}")
    assert (answer.status_code, answer.json()["state"]) == (200, "open")
    assert answer.json()["item"]["key"] == "marriage-archive"
    assert cast.resident.name not in answer.content.decode()
    assert cast.resident.number not in answer.content.decode()


def test_the_acceptance_system_moves_the_case(cast, caller, case):
    accepted = caller.post(f"/cases/{case.number}/events", {"action": "accept", "external_number": "SH-2026-0001"})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert caller.get("/cases/SH-2026-0001").json()["number"] == case.number
    again = caller.post(f"/cases/{case.number}/events", {"action": "accept"})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    unknown = caller.post(f"/cases/{case.number}/events", {"action": "burn"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid")


def test_another_centres_token_reaches_no_case(cast, caller_for, case):
    other = caller_for("clerk", cast.other_centre)
    assert other.get(f"/cases/{case.number}").status_code == 403
    assert other.post(f"/cases/{case.number}/events", {"action": "accept"}).status_code == 403
    case.refresh_from_db()
    assert case.state == "open"
