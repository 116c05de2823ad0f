"""What a clerk does on a case's page: stage, promised end, telephone for messages, papers given back and signed for."""

import json

import pytest
from django.utils import timezone

from portal.base.calendars import services as calendars
from portal.base.journal import services as journal
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, Handover
from tests.servicedesk.cases.at_desk import STROKES, a_case, a_person, a_ticket, an_item, papers_left, served

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast) -> Case:
    item = an_item()
    ticket = a_ticket(cast, person=a_person(cast.resident), item=item, device=None)
    return a_case(cast, served(ticket, cast.counter), item)


@pytest.fixture
def page(case) -> str:
    return f"/desk/cases/{case.pk}/"


def last_action(case: Case) -> tuple[str, str]:
    entry = journal.entries_for(("case", case.pk))[-1]
    return entry.action, entry.actor


def test_a_promised_end_is_counted_in_working_days_and_shown_to_the_resident(cast, client_for, case, page):
    calendars.load_shipped_holidays()
    clerk = client_for(cast.clerk)
    assert clerk.post(f"{page}deadline/", {"working_days": "5"}).status_code == 302
    case.refresh_from_db()
    assert timezone.localtime(case.due_at).date() == calendars.add_working_days(timezone.localdate(), 5)
    assert last_action(case) == ("deadline", f"user:{cast.clerk.pk}")
    day = timezone.localtime(case.due_at).date()
    assert day.isoformat() in clerk.get(page).content.decode()
    assert f"{day.month}月{day.day}日" in client_for(None).get(f"/track/c/{case.track_code}/").content.decode()


@pytest.mark.parametrize("typed", ["", "0", "abc", "251", "-3"])
def test_a_promise_that_is_none_is_refused_in_place(cast, client_for, case, page, typed):
    answer = client_for(cast.clerk).post(f"{page}deadline/", {"working_days": typed})
    assert answer.status_code == 422 and "field__error" in answer.content.decode()
    assert typed == "" or f'value="{typed}"' in answer.content.decode(), "what was typed stays"
    case.refresh_from_db()
    assert case.due_at is None


def test_a_promise_into_a_year_without_holidays_says_so(cast, client_for, page):
    answer = client_for(cast.clerk).post(f"{page}deadline/", {"working_days": "250"})
    assert answer.status_code == 422 and 'value="250"' in answer.content.decode()


def test_a_telephone_is_kept_masked_corrected_and_forgotten(cast, client_for, case, page):
    clerk = client_for(cast.clerk)
    assert clerk.post(f"{page}phone/", {"phone": " １38 0013 8000 "}).status_code == 302
    shown = clerk.get(page).content.decode()
    assert "138****8000" in shown and "13800138000" not in shown
    assert last_action(case) == ("phone", f"user:{cast.clerk.pk}")
    assert "1380013" not in str([entry.facts for entry in journal.entries_for(("case", case.pk))])
    refused = clerk.post(f"{page}phone/", {"phone": "1380013"})
    assert refused.status_code == 422 and 'value="1380013"' in refused.content.decode()
    case.refresh_from_db()
    assert cases.masked_phone(case) == "138****8000", "a wrong number takes nothing away"
    assert clerk.post(f"{page}phone/", {"phone": ""}).status_code == 422
    assert clerk.post(f"{page}phone/", {"forget": "1"}).status_code == 302
    case.refresh_from_db()
    assert case.phone_sealed is None and "138****8000" not in clerk.get(page).content.decode()


def test_a_case_goes_from_stage_to_stage_and_a_refusal_takes_its_reason(cast, client_for, case, page):
    clerk = client_for(cast.clerk)
    refused = clerk.post(f"{page}move/", {"action": "refuse", "reason": " "})
    assert refused.status_code == 422 and "field__error" in refused.content.decode()
    assert clerk.post(f"{page}move/", {"action": "resume"}).status_code == 422, "not from here"
    for action, state in (("accept", "accepted"), ("supplement", "supplementing"), ("resume", "processing")):
        assert clerk.post(f"{page}move/", {"action": action}).status_code == 302
        case.refresh_from_db()
        assert case.state == state
    clerk.post(f"{page}move/", {"action": "refuse", "reason": "档案在外区，请到外区档案馆办。"})
    case.refresh_from_db()
    assert case.state == "refused" and f"{page}move/" not in clerk.get(page).content.decode()
    assert clerk.post(f"{page}deadline/", {"working_days": "5"}).status_code == 422, "a stale page is told"


def test_papers_go_back_once_and_both_sign_the_receipt(cast, client_for, case, page):
    left = papers_left(case, "resident", "clerk")
    clerk = client_for(cast.clerk)
    assert clerk.post(f"{page}return/", {"handover": left.pk}).status_code == 302
    back = Handover.objects.get(returns=left)
    assert (back.direction, back.papers) == ("returned", left.papers)
    assert last_action(case) == ("return_papers", f"user:{cast.clerk.pk}")
    again = clerk.post(f"{page}return/", {"handover": left.pk}, follow=True)
    assert Handover.objects.filter(returns=left).count() == 1 and "" in again.content.decode()
    for role in ("resident", "clerk"):
        values = {"handover": back.pk, "role": role, "sha256": back.sha256, "strokes": json.dumps(STROKES)}
        clerk.post(f"{page}sign/", values)
    assert set(back.signatures.values_list("role", flat=True)) == {"resident", "clerk"}
    receipt = clerk.get(f"/desk/receipts/{back.pk}.pdf")
    assert receipt["Content-Type"] == "application/pdf" and receipt.content.startswith(b"%PDF")


@pytest.mark.parametrize("strokes", ["", "[]", "not json", '{"a": 1}', "[[[1,2]]]"])
def test_a_signature_that_is_none_is_refused(cast, client_for, case, page, strokes):
    left = papers_left(case)
    values = {"handover": left.pk, "role": "clerk", "sha256": left.sha256, "strokes": strokes}
    answer = client_for(cast.clerk).post(f"{page}sign/", values, follow=True)
    assert not left.signatures.exists() and "toast" in answer.content.decode()


def test_a_manager_reads_and_does_not_act(cast, client_for, page):
    shown = client_for(cast.manager).get(page).content.decode()
    assert f'action="{page}' not in shown
