"""How far it is: by the code on a paper, by number and a code sent by message; stages and never names."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, TrackingCode
from servicedesk.cases.retention import forget_codes
from servicedesk.queueing import services as queueing
from servicedesk.residents import services as residents
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db
PHONE = "13800000000"


@pytest.fixture
def with_phone(case):
    return cases.set_phone(case, phone=PHONE, actor="user:1")


def ask(client, number: str):
    return client.post("/track/", {"number": number})


def enter(client, number: str, code: str):
    return client.post("/track/code/", {"number": number, "code": code})


def code_sent() -> str:
    message = OutboxMessage.objects.filter(channel="sms", subject__startswith="track:").latest("created_at")
    body = outbox.opened(message)
    assert body["phone"] == PHONE
    return re.search(r"\d{6}", body["text"])[0]


def test_the_papers_code_shows_stages_and_no_person(client, case, cast, item):
    cases.move_case(case, "accept", actor=f"user:{cast.clerk.pk}")
    html = client.get(f"/track/c/{case.track_code}/").content.decode()
    assert case.number in html and item.name in html and 'aria-current="step"' in html
    for secret in (cast.resident.name, cast.resident.number, cast.clerk.display_name, cast.resident.name[:1] + "**"):
        assert secret not in html


@pytest.mark.parametrize(
    ("moves", "stages"),
    [
        ([], ["now", "later", "later", "later"]),
        (["accept"], ["done", "now", "later", "later"]),
        (["accept", "work"], ["done", "done", "now", "later"]),
        (["accept", "supplement"], ["done", "done", "now", "later", "later"]),
        (["accept", "work", "finish"], ["done", "done", "done", "done"]),
        (["refuse"], ["done", "done"]),
        (["accept", "withdraw"], ["done", "done"]),
    ],
)
def test_each_state_has_its_stages_a_heading_and_a_next_step(case, moves, stages):
    for action in moves:
        cases.move_case(case, action, actor="user:1", reason="因为")
    case.refresh_from_db()
    told = cases.progress(case)
    assert [step["state"] for step in told["steps"]] == stages
    assert told["heading"] and told["next_step"]
    assert [step["text"] for step in told["steps"] if step["state"] == "later"] == [""] * stages.count("later")


def test_a_deadline_is_told_until_it_is_done(case):
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(days=3))
    case.refresh_from_db()
    assert cases.progress(case)["due"]
    cases.move_case(case, "finish", actor="user:1")
    case.refresh_from_db()
    assert cases.progress(case)["due"] == ""


def test_the_slips_code_shows_the_place_in_the_queue_then_the_case(client, cast, person, item, kiosk):
    ticket = at_desk.a_ticket(cast, person=person, item=item, device=kiosk)
    url = f"/track/t/{ticket.track_code}/"
    assert ticket.number in client.get(url).content.decode()
    at_desk.served(ticket, cast.counter)
    case = at_desk.a_case(cast, ticket, item)
    assert case.number in client.get(url).content.decode()
    at_desk.finished(ticket)
    assert f"/rate/{ticket.track_code}/" in client.get(url).content.decode()


@pytest.mark.parametrize("end", ["cancel", "no_show"])
def test_a_number_that_is_over_gets_the_next_step_and_no_rating(client, cast, person, item, kiosk, end):
    ticket = at_desk.a_ticket(cast, person=person, item=item, device=kiosk)
    queueing.call_ticket(ticket, cast.counter, actor="user:1")
    queueing.move_ticket(ticket, end, actor="user:1")
    html = client.get(f"/track/t/{ticket.track_code}/").content.decode()
    assert "/rate/" not in html and "track__next" in html


@pytest.mark.parametrize("path", ["/track/t/AAAAAAAAAAAAAAAA/", "/track/c/AAAAAAAAAAAAAAAA/", "/en/track/c/x/"])
def test_an_unknown_code_says_what_else_works(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "/track/" in response.content.decode() and 'class="empty"' in response.content.decode()


def test_number_and_code_open_the_case(client, with_phone):
    assert ask(client, with_phone.number)["Location"] == "/track/code/"
    response = enter(client, with_phone.number.lower(), code_sent())
    assert response["Location"] == f"/track/c/{with_phone.track_code}/"


def test_the_answer_is_the_same_whether_or_not_there_is_such_a_case(client, with_phone):
    answers = []
    for number in (with_phone.number, "019-000000-9999", "SH-2026-1"):
        response = ask(client, number)
        page = client.get(response["Location"]).content.decode().replace(number, "")
        answers.append((response.status_code, response["Location"], re.sub(r"csrf[^>]+", "", page)))
        wrong = enter(client, number, "000000" if number != with_phone.number else "999999x")
        answers[-1] += (wrong.status_code,)
    assert answers[0] == answers[1] == answers[2]
    assert OutboxMessage.objects.filter(channel="sms").count() == 1


def test_a_case_without_a_telephone_sends_nothing(client, case):
    ask(client, case.number)
    assert not OutboxMessage.objects.exists() and not TrackingCode.objects.exists()


def test_the_code_lies_hashed_and_its_message_sealed(client, with_phone):
    ask(client, with_phone.number)
    code = code_sent()
    assert code not in TrackingCode.objects.get().code_hash
    message = OutboxMessage.objects.get(channel="sms")
    assert code not in str(message.body) and message.expires_at is not None


def test_a_code_works_once_and_only_for_its_case(client, with_phone, cast, ticket):
    other = at_desk.a_case(cast, ticket, at_desk.an_item("社保卡申领", "social-card"))
    cases.set_phone(other, phone=PHONE, actor="user:1")
    ask(client, with_phone.number)
    code = code_sent()
    assert enter(client, other.number, code).status_code == 403
    assert enter(client, with_phone.number, code).status_code == 302
    assert enter(client, with_phone.number, code).status_code == 403


def test_after_five_wrong_tries_the_right_code_is_of_no_use(client, with_phone):
    ask(client, with_phone.number)
    code = code_sent()
    wrong = "000000" if code != "000000" else "111111"
    for _time in range(5):
        assert enter(client, with_phone.number, wrong).status_code == 403
    assert enter(client, with_phone.number, code).status_code == 403


def test_an_old_code_is_refused_and_forgotten(client, with_phone):
    ask(client, with_phone.number)
    code = code_sent()
    TrackingCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert enter(client, with_phone.number, code).status_code == 403
    assert forget_codes() == 1


def test_a_case_gets_three_codes_in_ten_minutes_and_an_address_twenty_questions(client, with_phone):
    for _time in range(5):
        ask(client, with_phone.number)
    assert OutboxMessage.objects.filter(channel="sms").count() == 3
    answers = [ask(client, "x").status_code for _time in range(16)]
    assert answers[-1] == 429 and answers[0] == 302


def test_the_card_shows_the_persons_cases_newest_first(case, person, cast, ticket):
    other = at_desk.a_case(cast, ticket, at_desk.an_item("社保卡申领", "social-card"))
    assert [told["number"] for told in cases.cases_of(person)] == [other.number, case.number]
    residents.erase(person, actor="user:9", reason="asked_for")
    assert len(cases.cases_of(person)) == 2


def test_at_the_kiosk_the_page_takes_the_kiosks_scale(client, case):
    assert 'data-scale="kiosk"' in client.get(f"/track/c/{case.track_code}/?kiosk").content.decode()
    assert 'data-scale="kiosk"' not in client.get(f"/track/c/{case.track_code}/").content.decode()


def test_the_page_is_never_kept_by_a_cache(client, case):
    assert "no-store" in client.get(f"/track/c/{case.track_code}/")["Cache-Control"]
