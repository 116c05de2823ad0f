"""A case: opened at a counter, numbered, moved along its stages, and told of."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from portal.base.calendars import services as calendars
from portal.base.errors import InvalidTransition
from portal.base.journal import services as journal
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from servicedesk.cases import services as cases
from servicedesk.cases.errors import AlreadyOpen, CaseClosed, NotReady, NumberTaken
from servicedesk.cases.models import Case
from servicedesk.cases.states import TRANSITIONS, CaseState
from servicedesk.queueing import services as queueing
from tests.cast import SECOND_RESIDENT, make_cast
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


def test_it_opens_with_a_number_of_its_own_and_a_code_of_many_bits(case, cast, ticket, person):
    assert case.number == f"019-{timezone.localdate():%y%m%d}-0001"
    assert len(case.track_code) == 16 and case.track_code != ticket.track_code
    assert (case.applicant, case.point, case.centre, case.state) == (person, cast.point, cast.centre, "open")
    entry = journal.entries_for(("case", case.pk))[0]
    assert (entry.action, entry.new, entry.facts["ticket"]) == ("open", "open", str(ticket.pk))


def test_the_next_case_has_the_next_number(case, cast, kiosk, item):
    other = at_desk.a_ticket(cast, person=at_desk.a_person(SECOND_RESIDENT), item=item, device=None)
    queueing.call_ticket(other, cast.second_counter, actor="user:2")
    assert at_desk.a_case(cast, other, item).number.endswith("-0002")


def test_two_numbers_taken_at_once_do_not_collide(case, cast, item, monkeypatch):
    """The lost race is forced: the first try proposes a number that is taken."""
    from servicedesk.cases import opening

    other = at_desk.a_ticket(cast, person=at_desk.a_person(SECOND_RESIDENT), item=item, device=None)
    queueing.call_ticket(other, cast.second_counter, actor="user:2")
    real, proposed = opening._new_number, []
    monkeypatch.setattr(
        opening,
        "_new_number",
        lambda ticket: proposed.append(1) or (case.number if len(proposed) == 1 else real(ticket)),
    )
    assert at_desk.a_case(cast, other, item).number.endswith("-0002")
    assert len(proposed) == 2


def test_nobody_identified_opens_no_case(cast, item, ticket):
    with pytest.raises(NotReady):
        cases.open_case(
            ticket=ticket, item=item, clerk=cast.clerk, applicant=None, present=None, basis="self", actor="user:1"
        )


@pytest.mark.parametrize("moment", ["waiting", "finished"])
def test_a_number_that_is_at_no_counter_opens_no_case(cast, item, person, kiosk, moment):
    ticket = at_desk.a_ticket(cast, person=person, item=item, device=kiosk)
    if moment == "finished":
        at_desk.finished(at_desk.served(ticket, cast.counter))
    with pytest.raises(NotReady):
        at_desk.a_case(cast, ticket, item)


def test_the_same_matter_is_not_opened_twice_but_another_one_is(case, cast, ticket, item):
    with pytest.raises(AlreadyOpen, match=case.number):
        at_desk.a_case(cast, ticket, item)
    assert at_desk.a_case(cast, ticket, at_desk.an_item("社保卡申领", "social-card")).number.endswith("-0002")


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_open_one_case():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time; there is no race to lose.")
    cast = make_cast()
    item, person = at_desk.an_item(), at_desk.a_person(cast.resident)
    device, _private = at_desk.a_kiosk(cast.point)
    ticket = at_desk.served(at_desk.a_ticket(cast, person=person, item=item, device=device), cast.counter)
    barrier, outcomes = threading.Barrier(2), []

    def press() -> None:
        barrier.wait()
        try:
            outcomes.append(at_desk.a_case(cast, ticket, item).number)
        except AlreadyOpen:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes)[1] == "refused"
    assert Case.objects.count() == 1


# --- who stands there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "basis", "reason", "is_opened"),
    [
        ("unknown", "self", "", True),
        ("unknown", "family", "", False),
        ("unknown", "family", "女儿，带了户口簿", True),
        ("none", "agent", "有委托书", False),
        ("none", "decided", "", False),
        ("none", "decided", "本人卧床，视频确认过", True),
        ("relative", "family", "", True),
        ("anyone", "agent", "", True),
    ],
)
def test_who_may_come_instead_goes_by_the_edition_or_by_the_clerks_reason(
    cast, person, kiosk, rule, basis, reason, is_opened
):
    item = at_desk.an_item(proxy_rule=rule, proxy_next_step="请本人到受理中心")
    ticket = at_desk.served(at_desk.a_ticket(cast, person=person, item=item, device=kiosk), cast.counter)
    if not is_opened:
        with pytest.raises(NotReady) as refused:
            at_desk.a_case(cast, ticket, item, basis=basis, reason=reason)
        assert ("请本人到受理中心" in str(refused.value)) == (rule == "none" and basis != "decided")
        return
    case = at_desk.a_case(cast, ticket, item, basis=basis, reason=reason)
    entry = journal.entries_for(("case", case.pk))[0]
    assert (case.basis, hasattr(entry, "text")) == (basis, bool(reason))
    assert reason not in str(entry.facts) or not reason


# --- its stages ------------------------------------------------------------------------------------------------------

ACTIONS = sorted({action for _state, action in TRANSITIONS})


@pytest.mark.parametrize("state", CaseState.values)
@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_moves_of_the_table_are_legal(case, state, action):
    Case.objects.filter(pk=case.pk).update(state=state)
    new = TRANSITIONS.get((state, action))
    if new is None:
        with pytest.raises(InvalidTransition):
            cases.move_case(case, action, actor="user:1", reason="因为")
        assert Case.objects.get(pk=case.pk).state == state
        return
    assert cases.move_case(case, action, actor="user:1", reason="因为").state == new
    assert (Case.objects.get(pk=case.pk).closed_at is not None) == (new in ("finished", "refused", "withdrawn"))
    assert journal.chain_faults(("case", case.pk)) == []


def test_a_refusal_needs_its_reason(case):
    with pytest.raises(NotReady):
        cases.move_case(case, "refuse", actor="user:1")
    assert Case.objects.get(pk=case.pk).state == "open"


def test_the_second_of_two_clerks_is_told(case):
    stale = Case.objects.get(pk=case.pk)
    cases.move_case(case, "accept", actor="user:1")
    with pytest.raises(InvalidTransition):
        cases.move_case(stale, "accept", actor="user:2")


def test_a_closed_case_takes_nothing_more(case):
    form = at_desk.a_form(case)
    cases.move_case(case, "finish", actor="user:1")
    for attempt in (
        lambda: cases.capture_page(case, jpeg=at_desk.a_jpeg(), material="", actor="user:1"),
        lambda: cases.start_form(case, form_key="archive_use", actor="user:1"),
        lambda: cases.fill_form(form, values={"year": "1980"}, actor="user:1"),
        lambda: cases.offer_form(form, actor="user:1"),
        lambda: cases.leave_papers(case, papers=[{"name": "结婚证"}], actor="user:1"),
    ):
        with pytest.raises(CaseClosed):
            attempt()


# --- numbers, deadline, message --------------------------------------------------------------------------------------


def test_the_outside_number_is_kept_once(case, cast, ticket):
    cases.set_external_number(case, number="  SH-2026-1 ", actor="user:1")
    assert Case.objects.get(pk=case.pk).external_number == "SH-2026-1"
    other = at_desk.a_case(cast, ticket, at_desk.an_item("社保卡申领", "social-card"))
    with pytest.raises(NumberTaken):
        cases.set_external_number(other, number="SH-2026-1", actor="user:1")
    cases.set_external_number(other, number="", actor="user:1")


def test_a_deadline_counts_working_days_and_says_when_the_year_is_not_loaded(case):
    with pytest.raises(calendars.UnknownYear):
        cases.set_deadline(case, working_days=2500, actor="user:1")
    calendars.load_shipped_holidays()
    days = calendars.add_working_days(timezone.localdate(), 5)
    assert timezone.localtime(cases.set_deadline(case, working_days=5, actor="user:1").due_at).date() == days


def test_a_message_says_only_that_something_moved(case, item):
    cases.set_phone(case, phone="13800000000", actor="user:1")
    assert b"13800000000" not in bytes(Case.objects.get(pk=case.pk).phone_sealed)
    cases.move_case(case, "accept", actor="user:1")
    message = OutboxMessage.objects.get(channel="sms")
    body = outbox.opened(message)
    assert body["phone"] == "13800000000"
    assert case.number not in body["text"] and item.name not in body["text"] and "accept" not in body["text"]
    assert "13800000000" not in str(message.body)


def test_nobody_needs_a_telephone(case):
    cases.move_case(case, "accept", actor="user:1")
    assert not OutboxMessage.objects.filter(channel="sms").exists()


def test_what_the_desk_sees_of_a_case_has_no_name_and_no_number_of_a_person(case, cast):
    view = str(cases.case_view(case))
    assert cast.resident.name not in view and cast.resident.number not in view and case.number in view
