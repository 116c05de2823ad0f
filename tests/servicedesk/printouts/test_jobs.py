"""A print job is a row first; it is never silent, never printed twice by itself, and its outcome is settled."""

import base64
import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from pypdf import PdfReader

from portal.base.errors import Changed, InvalidTransition
from portal.base.journal import services as journal
from servicedesk.cases import services as cases
from servicedesk.cases.models import Result
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.printouts import jobs, papers
from servicedesk.printouts import services as printouts
from servicedesk.printouts.errors import CannotPrint
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.states import TRANSITIONS, JobState
from servicedesk.residents import services as residents
from tests.cast import SECOND_RESIDENT
from tests.equipment.escpos_decoder import decode_escpos
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch) -> list[dict]:
    """The messages given to bridges."""
    messages: list[dict] = []
    monkeypatch.setattr(devices, "dispatch", lambda device, message: messages.append(message))
    return messages


@pytest.fixture
def bridge(kiosk):
    """The kiosk's bridge is heard."""
    Device.objects.filter(pk=kiosk.pk).update(bridge_seen_at=timezone.now())
    kiosk.refresh_from_db()
    return kiosk


@pytest.fixture
def slip_job(ticket, bridge, sent) -> PrintJob:
    return printouts.print_ticket(ticket, actor="device:DN-01-K1")


def outcome(job: PrintJob, outcome: str, code: str = "", *, device: Device | None = None) -> dict:
    message = {"type": "print.outcome", "id": str(job.pk), "outcome": outcome, "code": code, "detail": ""}
    return printouts.record_outcome(device or job.device, message)


def state_of(job: PrintJob) -> str:
    return PrintJob.objects.get(pk=job.pk).state


def pdf_text(message: dict) -> str:
    reader = PdfReader(io.BytesIO(base64.b64decode(message["data"])))
    return "\n".join(page.extract_text() for page in reader.pages)


# --- on its way --------------------------------------------------------------------------------------------------


def test_a_ticket_goes_to_the_receipt_printer_and_its_bytes_are_the_ticket(slip_job, ticket, sent, settings):
    assert [(message["type"], message["printer"], message["format"]) for message in sent] == [
        ("print.job", "receipt", "escpos")
    ]
    decoded = decode_escpos(base64.b64decode(sent[0]["data"]))[0]
    assert decoded.qr_codes == [f"{settings.PORTAL_URL}/track/t/{ticket.track_code}/"]
    assert state_of(slip_job) == "sent"
    entries = journal.entries_for(("print_job", slip_job.pk))
    assert [(entry.action, entry.new) for entry in entries] == [("queue", "queued"), ("send", "sent")]
    assert entries[0].facts["sha256"] == slip_job.sha256


def test_a_number_of_the_hall_has_no_slip_here(cast, item):
    ticket = at_desk.a_ticket(cast, person=at_desk.a_person(SECOND_RESIDENT), item=item, device=None)
    assert printouts.print_ticket(ticket, actor="user:1") is None


def test_the_document_lies_sealed(slip_job):
    assert b"\x1dv0" not in bytes(slip_job.document_sealed)
    assert b"\x1dv0" in printouts.document_of(slip_job)


def test_while_the_bridge_is_away_a_job_waits_and_goes_out_when_it_is_back(ticket, kiosk, sent):
    job = printouts.print_ticket(ticket, actor="x")
    assert (sent, state_of(job)) == ([], "queued")
    assert [message["id"] for message in printouts.open_messages(kiosk)] == [str(job.pk)]
    assert state_of(job) == "sent"


def test_a_job_whose_outcome_is_not_known_is_sent_again_on_every_connection(slip_job, bridge):
    for _time in range(2):
        assert [message["id"] for message in devices.pending_messages(bridge)] == [str(slip_job.pk)]
    outcome(slip_job, "printed")
    assert devices.pending_messages(bridge) == []


def test_a_second_press_while_the_slip_is_on_its_way_is_the_same_job(slip_job, ticket):
    assert printouts.print_ticket(ticket, actor="x") == slip_job


# --- what became of it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "state"), [("printed", "printed"), ("failed", "failed"), ("uncertain", "uncertain")])
def test_the_bridge_tells_the_outcome_and_is_acknowledged_every_time(slip_job, said, state):
    for _time in range(2):
        assert outcome(slip_job, said, "paper_out") == {"type": "print.ack", "id": str(slip_job.pk)}
        assert state_of(slip_job) == state
    entries = journal.entries_for(("print_job", slip_job.pk))
    assert len(entries) == 3 and (entries[2].actor, entries[2].reason) == ("device:DN-01-K1", "paper_out")
    assert journal.chain_faults(("print_job", slip_job.pk)) == []


@pytest.mark.parametrize("message_id", ["no uuid", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_job_is_acknowledged_so_that_the_bridge_stops_telling(bridge, message_id):
    message = {"type": "print.outcome", "id": message_id, "outcome": "printed", "code": "", "detail": ""}
    assert printouts.record_outcome(bridge, message)["type"] == "print.ack"


def test_another_kiosk_cannot_settle_it(slip_job, cast):
    other, _private = at_desk.a_kiosk(cast.second_point, "DN-02-K1")
    outcome(slip_job, "printed", device=other)
    assert state_of(slip_job) == "sent"


def test_the_registered_handler_is_this_one(slip_job, bridge):
    message = {"type": "print.outcome", "id": str(slip_job.pk), "outcome": "printed", "code": "", "detail": ""}
    assert devices.take_bridge_message(bridge, message) == {"type": "print.ack", "id": str(slip_job.pk)}
    assert state_of(slip_job) == "printed"


@pytest.mark.parametrize(("printed", "state"), [(True, "printed"), (False, "failed")])
def test_a_human_settles_what_is_uncertain_and_nothing_else(slip_job, printed, state):
    with pytest.raises(InvalidTransition):
        printouts.settle(slip_job, printed=printed, actor="user:1")
    outcome(slip_job, "uncertain", "restart")
    assert printouts.settle(slip_job, printed=printed, actor="user:1").state == state
    with pytest.raises(InvalidTransition):
        printouts.settle(slip_job, printed=printed, actor="user:2")


def test_a_bridge_that_found_out_settles_the_uncertain_by_itself(slip_job):
    outcome(slip_job, "uncertain")
    outcome(slip_job, "printed")
    assert state_of(slip_job) == "printed"


@pytest.mark.parametrize("state", JobState.values)
def test_only_the_moves_of_the_table_are_legal(slip_job, state):
    for action in sorted({action for _state, action in TRANSITIONS}):
        PrintJob.objects.filter(pk=slip_job.pk).update(state=state)
        job = PrintJob.objects.select_related("device__place", "ticket__centre").get(pk=slip_job.pk)
        if (state, action) in TRANSITIONS:
            assert jobs.move_job(job, action, actor="x").state == TRANSITIONS[state, action]
        else:
            with pytest.raises(InvalidTransition):
                jobs.move_job(job, action, actor="x")


# --- never silent ------------------------------------------------------------------------------------------------


def later(**delta) -> timezone.datetime:
    return timezone.now() + timedelta(**delta)


def test_the_clock_sends_what_waits_once_the_bridge_is_heard(ticket, kiosk, sent):
    job = printouts.print_ticket(ticket, actor="x")
    assert printouts.tend_jobs() == 0
    Device.objects.filter(pk=kiosk.pk).update(bridge_seen_at=timezone.now())
    assert printouts.tend_jobs() == 1
    assert state_of(job) == "sent" and len(sent) == 1
    assert printouts.tend_jobs() == 0


def test_an_unanswered_job_is_sent_again_with_the_same_id(slip_job, sent):
    printouts.tend_jobs(now=later(seconds=31))
    assert [message["id"] for message in sent] == [str(slip_job.pk)] * 2


def test_a_job_that_nobody_answers_becomes_uncertain(slip_job):
    printouts.tend_jobs(now=later(minutes=11))
    job = PrintJob.objects.get(pk=slip_job.pk)
    assert (job.state, job.code) == ("uncertain", "silent")


def test_a_slip_that_never_went_out_has_failed(ticket, kiosk, sent):
    job = printouts.print_ticket(ticket, actor="x")
    printouts.tend_jobs(now=later(minutes=11))
    assert (state_of(job), sent) == ("failed", [])


# --- forms and receipts ------------------------------------------------------------------------------------------


@pytest.fixture
def at_bridge(case, bridge, sent):
    return SimpleNamespace(case=case, sent=sent)


def test_a_signed_form_prints_and_an_unsigned_or_edited_one_does_not(at_bridge):
    form = cases.offer_form(at_desk.a_form(at_bridge.case), actor="user:1")
    with pytest.raises(CannotPrint):
        printouts.print_form(form, actor="user:1")
    cases.sign_form(form, strokes=at_desk.STROKES, sha256=form.sha256, role="resident", actor="resident")
    job = printouts.print_form(form, actor="user:1")
    assert (job.printer, job.person, at_bridge.sent[-1]["format"]) == ("a4", at_bridge.case.applicant, "pdf")
    assert "1975" in pdf_text(at_bridge.sent[-1])
    cases.fill_form(form, values={"year": "1976"}, actor="user:1")
    with pytest.raises(CannotPrint):
        printouts.print_form(form, actor="user:1")


def test_a_form_that_is_edited_while_it_is_drawn_is_not_printed(at_bridge, monkeypatch):
    form = at_desk.a_signed_form(at_bridge.case)
    real = papers.form_pdf

    def drawn_while_edited(shown, **more):
        pdf = real(shown, **more)
        cases.fill_form(form, values={"year": "1976"}, actor="user:2")
        return pdf

    monkeypatch.setattr(papers, "form_pdf", drawn_while_edited)
    with pytest.raises(Changed):
        printouts.print_form(form, actor="user:1")
    assert not PrintJob.objects.filter(kind="form").exists()


def test_a_receipt_prints_when_both_have_signed(at_bridge):
    handover = at_desk.papers_left(at_bridge.case, "resident")
    with pytest.raises(CannotPrint):
        printouts.print_handover(handover, actor="user:1")
    cases.sign_handover(handover, strokes=at_desk.STROKES, sha256=handover.sha256, role="clerk", actor="user:1")
    printouts.print_handover(handover, actor="user:1")
    text = pdf_text(at_bridge.sent[-1])
    assert all(part in text for part in ("收件凭证", "结婚证", "原件", handover.number, at_bridge.case.number))


def test_without_a_kiosk_the_refusal_says_where_to_print(cast, item, sent):
    person = at_desk.a_person(SECOND_RESIDENT)
    ticket = at_desk.served(at_desk.a_ticket(cast, person=person, item=item, device=None), cast.second_counter)
    form = at_desk.a_signed_form(at_desk.a_case(cast, ticket, item))
    with pytest.raises(CannotPrint):
        printouts.print_form(form, actor="user:1")


def test_a_reprint_is_a_new_job_marked_so_and_waits_until_the_first_is_settled(at_bridge):
    job = printouts.print_form(at_desk.a_signed_form(at_bridge.case), actor="user:1")
    with pytest.raises(CannotPrint):
        printouts.reprint(job, actor="user:1")
    outcome(job, "uncertain")
    with pytest.raises(CannotPrint):
        printouts.reprint(job, actor="user:1")
    printouts.settle(job, printed=False, actor="user:1")
    again = printouts.reprint(job, actor="user:1")
    assert again.pk != job.pk and again.reprint_of == job
    assert "补打" in pdf_text(at_bridge.sent[-1]) and "补打" not in pdf_text(at_bridge.sent[-2])
    shown = printouts.jobs_of(at_bridge.case.ticket)
    assert [row["id"] for row in shown if row["kind"] == "form"] == [str(again.pk)]


def test_a_ticket_that_did_not_come_out_is_drawn_again_with_the_mark(slip_job, ticket, sent):
    outcome(slip_job, "failed", "paper_out")
    again = printouts.print_ticket(ticket, actor="x")
    assert again.reprint_of == slip_job
    heights = [decode_escpos(base64.b64decode(message["data"]))[0].image.tobytes() for message in sent]
    assert len(heights) == 2 and heights[0] != heights[1]


# --- results -----------------------------------------------------------------------------------------------------


@pytest.fixture
def result(at_bridge, cast) -> Result:
    pdf = at_desk.a_pdf("certificate", pages=2)
    return cases.attach_result(at_bridge.case, pdf=pdf, title="档案证明", clerk=cast.clerk, actor="user:1")


def test_the_original_comes_out_once_and_copies_as_often_as_wanted(result, at_bridge):
    original = printouts.print_result(result, as_copy=False, actor="user:1")
    assert "原件" in pdf_text(at_bridge.sent[-1]) and "certificate" in pdf_text(at_bridge.sent[-1])
    with pytest.raises(CannotPrint):
        printouts.print_result(result, as_copy=False, actor="user:1")
    for _time in range(2):
        printouts.print_result(result, as_copy=True, actor="user:1")
        assert "副本" in pdf_text(at_bridge.sent[-1]) and "原件" not in pdf_text(at_bridge.sent[-1])
    outcome(original, "printed")
    assert Result.objects.get(pk=result.pk).originals_printed == 1


def test_of_two_clerks_who_press_original_together_one_gets_it(result, monkeypatch):
    real, pressed = papers.stamp, []

    def drawn_while_the_other_presses(*args):
        if not pressed:
            pressed.append(1)
            printouts.print_result(result, as_copy=False, actor="user:2")
        return real(*args)

    monkeypatch.setattr(papers, "stamp", drawn_while_the_other_presses)
    with pytest.raises(CannotPrint):
        printouts.print_result(result, as_copy=False, actor="user:1")
    assert PrintJob.objects.filter(mark="original").count() == 1


def test_an_original_that_surely_did_not_come_out_prints_again_as_original(result, at_bridge):
    job = printouts.print_result(result, as_copy=False, actor="user:1")
    outcome(job, "failed", "paper_out")
    again = printouts.reprint(job, actor="user:1")
    assert again.mark == "original"
    assert "原件" in pdf_text(at_bridge.sent[-1]) and "补打" in pdf_text(at_bridge.sent[-1])
    outcome(again, "printed")
    assert printouts.reprint(again, actor="user:1").mark == "copy"


def test_an_uncertain_original_is_not_given_out_twice(result):
    job = printouts.print_result(result, as_copy=False, actor="user:1")
    outcome(job, "uncertain", "restart")
    with pytest.raises(CannotPrint):
        printouts.print_result(result, as_copy=False, actor="user:1")
    printouts.settle(job, printed=False, actor="user:1")
    assert printouts.print_result(result, as_copy=False, actor="user:1").mark == "original"


# --- what screens show, and what is kept -------------------------------------------------------------------------


def test_screens_see_state_reason_and_next_step(slip_job, ticket):
    outcome(slip_job, "failed", "paper_out")
    row = printouts.jobs_of(ticket)[0]
    assert (row["state"], row["code"], row["kind"], row["title"]) == (
        "failed",
        "paper_out",
        "ticket",
        f"小票 {ticket.number}",
    )
    assert row["detail"] and row["state_text"]


def test_a_document_is_forgotten_in_time_and_the_job_stays(slip_job):
    outcome(slip_job, "printed")
    assert printouts.forget_documents(later(days=-1)) == 0
    assert printouts.forget_documents(later(days=1)) == 1
    job = PrintJob.objects.get(pk=slip_job.pk)
    assert printouts.document_of(job) is None and job.sha256


def test_an_erased_persons_paper_cannot_be_sent_any_more(at_bridge, kiosk):
    job = printouts.print_form(at_desk.a_signed_form(at_bridge.case), actor="user:1")
    residents.erase(at_bridge.case.applicant, actor="user:9", reason="asked_for")
    job = PrintJob.objects.select_related("person").get(pk=job.pk)
    assert printouts.document_of(job) is None
    assert printouts.open_messages(kiosk) == []
    printouts.tend_jobs(now=later(seconds=31))
    assert (state_of(job), PrintJob.objects.get(pk=job.pk).code) == ("failed", "erased")
