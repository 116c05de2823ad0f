"""Print jobs: a row first, then the bridge, then its outcome; never silent, never printed twice by itself.

A document is drawn before the transaction that writes its job, and what it shows is looked at again inside it.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import segno
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from content.notices import services as notices
from content.notices.models import Notice
from content.notices.telling import told
from portal.base.errors import Changed
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from portal.base.streams import services as streams
from portal.base.transitions import move
from servicedesk.cases import paperforms
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, FilledForm, Handover, Result, Signature
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.printouts.errors import CannotPrint
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.render_notice import NoticeSlip, render_notice
from servicedesk.printouts.render_paper import Paper, Row, SignatureBox, render_paper, stamp
from servicedesk.printouts.render_ticket import TicketSlip, render_ticket
from servicedesk.printouts.states import OPEN, TRANSITIONS, JobState
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.residents import services as residents
from servicedesk.residents.errors import Erased
from servicedesk.residents.models import Person

SEND_AGAIN_AFTER = timedelta(seconds=30)
# A slip is of no use after that; a paper may wait longer for a machine that was switched off.
GIVE_UP_AFTER = {PrintJob.Printer.RECEIPT: timedelta(minutes=10), PrintJob.Printer.A4: timedelta(hours=1)}
DOUBT_AFTER = timedelta(minutes=10)
OUTCOMES = {"printed": "printed", "failed": "fail", "uncertain": "doubt"}
MARK_WORDS = {PrintJob.Mark.ORIGINAL: "原件", PrintJob.Mark.COPY: "副本"}


@dataclass(frozen=True)
class Order:
    """What is to be printed where; `person` is under whose own key the document is kept."""

    device: Device
    printer: str
    kind: str
    subject_id: Any
    ticket: Ticket
    title: str
    person: Person | None = None
    mark: str = ""
    reprint_of: PrintJob | None = None


# --- the job -----------------------------------------------------------------------------------------------------


def _jobs() -> QuerySet[PrintJob]:
    return PrintJob.objects.select_related("device__place", "ticket__centre", "person")


def _streams(job: PrintJob) -> tuple[str, ...]:
    centre = (f"centre:{job.ticket.centre.code}",) if job.ticket is not None else ()
    return (f"device:{job.device_id}", *centre)


def _move(job: PrintJob, action: str, *, actor: str, **more: Any) -> PrintJob:
    """The one transition function of print jobs; an original that did not come out may be printed again."""
    job = move(
        job, action, table=TRANSITIONS, subject="print_job", actor=actor, place=job.device.place,
        announce=_streams(job), **more,
    )  # fmt: skip
    if job.state == JobState.FAILED and job.mark == PrintJob.Mark.ORIGINAL:
        Result.objects.filter(pk=job.subject_id).update(originals_printed=0)
    return job


@transaction.atomic
def _queue(order: Order, document: bytes, *, actor: str) -> PrintJob:
    """Write the job's row, journal it, and give it to the bridge after commit."""
    job = PrintJob(
        device=order.device,
        printer=order.printer,
        kind=order.kind,
        subject_id=str(order.subject_id),
        ticket=order.ticket,
        person=order.person,
        title=order.title[:120],
        mark=order.mark,
        sha256=hashlib.sha256(document).hexdigest(),
        format="escpos" if order.printer == PrintJob.Printer.RECEIPT else "pdf",
        reprint_of=order.reprint_of,
        requested_by=actor,
        requested_at=timezone.now(),
    )
    job.document_sealed = _sealed(job, document)
    job.save(force_insert=True)
    facts: dict[str, Any] = {"kind": job.kind, "subject": job.subject_id, "sha256": job.sha256, "mark": job.mark}
    if order.reprint_of is not None:
        facts["reprint_of"] = str(order.reprint_of.pk)
    journal.append(
        ("print_job", job.pk), action="queue", actor=actor, place=job.device.place, new=job.state, facts=facts
    )
    streams.bump(*_streams(job))
    # The caller's device may have been loaded long ago, and its bridge have come or gone since.
    job.device.refresh_from_db(fields=["bridge_seen_at"])
    if devices.is_bridge_heard(job.device):
        _send(job)
    return job


def _aad(job: PrintJob) -> str:
    return f"printouts.job.document:{job.pk}"


def _sealed(job: PrintJob, document: bytes) -> bytes:
    if job.person is not None:
        return residents.seal_for(job.person, document, aad=_aad(job))
    return keyring.seal("field", document, aad=_aad(job).encode())


def document_of(job: PrintJob) -> bytes | None:
    """The bytes that were sent to the printer; None when their time is over or the person was erased."""
    if job.document_sealed is None:
        return None
    if job.person is None:
        return keyring.open_sealed(job.document_sealed, aad=_aad(job).encode())
    try:
        return residents.open_for(job.person, job.document_sealed, aad=_aad(job))
    except Erased:
        return None


def _message(job: PrintJob) -> dict[str, Any] | None:
    document = document_of(job)
    if document is None:
        return None
    return {
        "type": "print.job",
        "id": str(job.pk),
        "printer": job.printer,
        "format": job.format,
        "title": job.title,
        "data": base64.b64encode(document).decode(),
        "copies": job.copies,
    }


def _send(job: PrintJob) -> dict[str, Any] | None:
    """Give the job to the bridge. The bridge remembers ids, so that sending again never prints again."""
    message = _message(job)
    if message is None:
        _move(job, "fail", actor="portal", reason="erased", changes={"code": "erased", "settled_at": timezone.now()})
        return None
    _move(job, "send", actor="portal", changes={"sent_at": timezone.now()})
    devices.dispatch(job.device, message)
    return message


@transaction.atomic
def open_messages(device: Device) -> list[dict[str, Any]]:
    """What a bridge that has (re)connected is sent: every job whose outcome is not known."""
    messages = []
    for job in _jobs().filter(device=device, state__in=OPEN).order_by("requested_at"):
        message = _message(job)
        if job.state == JobState.QUEUED and message is not None:
            _move(job, "send", actor="portal", changes={"sent_at": timezone.now()})
        if message is not None:
            messages.append(message)
    return messages


@transaction.atomic
def record_outcome(device: Device, message: dict[str, Any]) -> dict[str, Any]:
    """The bridge tells what became of a job; the answer acknowledges it, known or not, so that it is told once."""
    answer = {"type": "print.ack", "id": message["id"]}
    try:
        key = UUID(str(message["id"]))
    except ValueError:
        return answer
    job = _jobs().filter(pk=key, device=device).select_for_update(of=("self",)).first()
    action = OUTCOMES.get(str(message.get("outcome")))
    if job is None or action is None or (job.state, action) not in TRANSITIONS:
        return answer
    code = str(message.get("code", ""))[:24]
    changes = {"code": code, "detail": str(message.get("detail", ""))[:200], "settled_at": timezone.now()}
    _move(job, action, actor=f"device:{device.code}", reason=code, changes=changes)
    return answer


@transaction.atomic
def settle(job: PrintJob, *, printed: bool, actor: str) -> PrintJob:
    """Somebody has looked whether an uncertain print came out.

    Raises:
        InvalidTransition: it is not uncertain (any more).
    """
    job = _jobs().get(pk=job.pk)
    action = "settle_printed" if printed else "settle_failed"
    return _move(job, action, actor=actor, changes={"settled_at": timezone.now()})


def tend_jobs(*, now: datetime | None = None) -> int:
    """What the clock does, so that no job stays silent; how many were touched.

    A waiting job goes out when the bridge is heard, an unanswered one again; what waited too long has failed, and what
    was sent and never answered is uncertain, for a human to settle.
    """
    now = now or timezone.now()
    touched = 0
    for job in _jobs().filter(state__in=OPEN).order_by("requested_at"):
        with transaction.atomic():
            touched += _tend(_jobs().select_for_update(of=("self",)).get(pk=job.pk), now)
    return touched


def _tend(job: PrintJob, now: datetime) -> bool:
    since = job.sent_at or job.requested_at
    if job.state == JobState.QUEUED and now - job.requested_at > GIVE_UP_AFTER[PrintJob.Printer(job.printer)]:
        _move(job, "fail", actor="clock", reason="offline", changes={"code": "offline", "settled_at": now})
    elif job.state == JobState.SENT and now - job.requested_at > DOUBT_AFTER:
        _move(job, "doubt", actor="clock", reason="silent", changes={"code": "silent", "settled_at": now})
    elif devices.is_bridge_heard(job.device) and (job.state == JobState.QUEUED or now - since > SEND_AGAIN_AFTER):
        _send(job)
    else:
        return False
    return True


# --- tickets -----------------------------------------------------------------------------------------------------


def ticket_url(ticket: Ticket) -> str:
    return f"{settings.PORTAL_URL}/track/t/{ticket.track_code}/"


def ticket_code(ticket: Ticket) -> str:
    """The slip's code as an SVG element, for a screen whose printer did not print it."""
    return segno.make(ticket_url(ticket), error="m").svg_inline(border=2, dark="#000", light="#fff", omitsize=True)


def case_url(case: Case) -> str:
    return f"{settings.PORTAL_URL}/track/c/{case.track_code}/"


def slip_of(ticket: Ticket, *, is_reprint: bool = False) -> TicketSlip:
    """What stands on the ticket's slip, in the language of whoever drew it."""
    facts = queueing.ticket_view(ticket)
    minutes = [max(1, -(-facts[name] // 60)) for name in ("wait_p50_s", "wait_p80_s")]
    if facts["ahead"]:
        ahead = _("%(ahead)d ahead of you.") % {"ahead": facts["ahead"]}
    else:
        ahead = _("You are next.")
    wait = _("Most likely %(p50)d min, rarely longer than %(p80)d min.") % {"p50": minutes[0], "p80": minutes[1]}
    return TicketSlip(
        number=ticket.number,
        kind=_("remote number") if ticket.channel == Ticket.Channel.REMOTE else _("number"),
        item=ticket.item.name if ticket.item else _("advice"),
        centre=ticket.centre.name,
        point=ticket.point.name if ticket.point else "",
        ahead=ahead if ticket.state == "waiting" else "",
        wait=wait if ticket.state == "waiting" else "",
        url=ticket_url(ticket),
        issued=timezone.localtime(ticket.issued_at).strftime("%Y-%m-%d %H:%M"),
        is_reprint=is_reprint,
    )


def print_ticket(ticket: Ticket, *, actor: str) -> PrintJob | None:
    """The slip of a ticket that was drawn at a kiosk; None when it was drawn elsewhere.

    A second press while the first slip is on its way gives the same job; later ones are marked 补打.
    """
    if ticket.device is None:
        return None
    earlier = _jobs().filter(ticket=ticket, kind=PrintJob.Kind.TICKET).order_by("-requested_at").first()
    if earlier is not None and earlier.state in OPEN:
        return earlier
    document = render_ticket(slip_of(ticket, is_reprint=earlier is not None))
    order = Order(
        device=ticket.device, printer=PrintJob.Printer.RECEIPT, kind=PrintJob.Kind.TICKET, subject_id=ticket.pk,
        ticket=ticket, title=ticket.number, reprint_of=earlier,
    )  # fmt: skip
    return _queue(order, document, actor=actor)


def notice_url(notice: Notice) -> str:
    return f"{settings.PORTAL_URL}/notices/{notice.token}/"


def print_notice(ticket: Ticket, *, actor: str) -> PrintJob | None:
    """The slip of the notice that a ticket carries; None without a notice or a kiosk."""
    notice = notices.notice_by_id(ticket.notice_id)
    if notice is None or ticket.device is None:
        return None
    earlier = _jobs().filter(ticket=ticket, kind=PrintJob.Kind.NOTICE).order_by("-requested_at").first()
    if earlier is not None and earlier.state in OPEN:
        return earlier
    slip = NoticeSlip(told(notice), notice_url(notice), is_reprint=earlier is not None)
    order = Order(
        device=ticket.device, printer=PrintJob.Printer.RECEIPT, kind=PrintJob.Kind.NOTICE, subject_id=notice.pk,
        ticket=ticket, title=notice.code, reprint_of=earlier,
    )  # fmt: skip
    return _queue(order, render_notice(slip), actor=actor)


# --- papers ------------------------------------------------------------------------------------------------------


def _a4_order(case: Case, *, kind: str, subject_id: Any, title: str, **more: Any) -> Order:
    device = case.ticket.device
    if device is None:
        raise CannotPrint(_("This number was not drawn at a kiosk; print at the counter."))
    return Order(
        device=device, printer=PrintJob.Printer.A4, kind=kind, subject_id=subject_id, ticket=case.ticket, title=title,
        person=case.applicant, **more,
    )  # fmt: skip


def _place_name(place: Place | None) -> str:
    return place.name if place else ""


def _now_text() -> str:
    return timezone.localtime().strftime("%Y-%m-%d %H:%M")


def _boxes(signatures: QuerySet[Signature], case: Case, roles: tuple[tuple[str, str], ...]) -> list[SignatureBox]:
    boxes = []
    for role, label in roles:
        found = signatures.filter(role=role, voided_at=None).order_by("-signed_at").first()
        if found is None:
            boxes.append(SignatureBox(label))
            continue
        at = timezone.localtime(found.signed_at).strftime("%Y-%m-%d %H:%M:%S")
        boxes.append(SignatureBox(label, at, cases.strokes_of(found, case.applicant)))
    return boxes


def form_pdf(form: FilledForm, *, is_reprint: bool = False) -> bytes:
    """The form's A4 PDF as it stands; always in Chinese, which the offices file."""
    case = form.case
    with translation.override("zh-hans"):
        paper, values = paperforms.get_form(form.form_key), cases.form_values(form)
        signed = form.signatures.filter(signed_sha256=form.sha256)
        return render_paper(
            Paper(
                title=paper.title,
                rows=[Row(str(field.label), values.get(field.name, ""), field.choices) for field in paper.fields],
                signatures=_boxes(signed, case, ((Signature.Role.RESIDENT, _("Applicant's signature")),)),
                case_number=case.number,
                sha256=form.sha256,
                url=case_url(case),
                printed=_now_text(),
                place=_place_name(case.point or case.centre),
                declaration=paper.declaration,
                is_reprint=is_reprint,
            )
        )


def print_form(form: FilledForm, *, actor: str, reprint_of: PrintJob | None = None) -> PrintJob:
    """Print a signed form at the point.

    Raises:
        CannotPrint: it is not signed as it stands, or there is no kiosk.
        Changed: it was edited while it was being drawn.
    """
    form = FilledForm.objects.select_related("case__ticket__device__place", "case__ticket__centre").get(pk=form.pk)
    if not form.signatures.filter(signed_sha256=form.sha256, voided_at=None).exists():
        raise CannotPrint(_("The form is not signed yet as it stands. Send it for signature first."))
    order = _a4_order(
        form.case, kind=PrintJob.Kind.FORM, subject_id=form.pk, title=paperforms.get_form(form.form_key).title,
        reprint_of=reprint_of,
    )  # fmt: skip
    document = form_pdf(form, is_reprint=reprint_of is not None)
    with transaction.atomic():
        if FilledForm.objects.select_for_update().get(pk=form.pk).sha256 != form.sha256:
            raise Changed(_("The form has just changed. Have it signed again, then print it."))
        return _queue(order, document, actor=actor)


def handover_pdf(handover: Handover, *, is_reprint: bool = False) -> bytes:
    """The receipt for papers 收件凭证, with the signatures that are there."""
    case = handover.case
    is_return = handover.direction == Handover.Direction.RETURNED
    with translation.override("zh-hans"):
        rows = [Row(_("Case"), case.number), Row(_("Item"), case.item.name)]
        rows += [
            Row(
                _("Paper %(place)d") % {"place": place},
                f"{paper['name']}　{paper.get('form', '')}　×{paper.get('count', 1)}",
            )
            for place, paper in enumerate(handover.papers, start=1)
        ]
        if is_return:
            roles = ((Signature.Role.RESIDENT, _("Taken back by")), (Signature.Role.CLERK, _("Given back by")))
        else:
            roles = ((Signature.Role.RESIDENT, _("Left by")), (Signature.Role.CLERK, _("Taken in by")))
        return render_paper(
            Paper(
                title="材料退还凭证" if is_return else "收件凭证",
                rows=rows,
                signatures=_boxes(handover.signatures.all(), case, roles),
                case_number=handover.number,
                sha256=handover.sha256,
                url=case_url(case),
                printed=_now_text(),
                place=_place_name(handover.place),
                is_reprint=is_reprint,
            )
        )


def print_handover(handover: Handover, *, actor: str, reprint_of: PrintJob | None = None) -> PrintJob:
    """Print the receipt for papers 收件凭证, signed by both sides.

    Raises:
        CannotPrint: a signature is missing, or there is no kiosk.
    """
    known = Handover.objects.select_related(
        "case__ticket__device__place", "case__ticket__centre", "case__item", "place"
    )
    handover = known.get(pk=handover.pk)
    signed = set(handover.signatures.filter(voided_at=None).values_list("role", flat=True))
    if signed != {Signature.Role.RESIDENT, Signature.Role.CLERK}:
        raise CannotPrint(_("Both sides sign the receipt first."))
    word = "材料退还凭证" if handover.direction == Handover.Direction.RETURNED else "收件凭证"
    order = _a4_order(
        handover.case, kind=PrintJob.Kind.HANDOVER, subject_id=handover.pk, title=f"{word} {handover.number}",
        reprint_of=reprint_of,
    )  # fmt: skip
    return _queue(order, handover_pdf(handover, is_reprint=reprint_of is not None), actor=actor)


def print_result(result: Result, *, as_copy: bool, actor: str, reprint_of: PrintJob | None = None) -> PrintJob:
    """Print what came out of the case; the original comes out once, everything after it is a copy.

    Raises:
        CannotPrint: the original was printed already, or there is no kiosk.
    """
    known = Result.objects.select_related("case__ticket__device__place", "case__ticket__centre", "case__applicant")
    result = known.get(pk=result.pk)
    mark = PrintJob.Mark.COPY if as_copy else PrintJob.Mark.ORIGINAL
    word = MARK_WORDS[mark]
    order = _a4_order(
        result.case, kind=PrintJob.Kind.RESULT, subject_id=result.pk, title=f"{result.title}（{word}）", mark=mark,
        reprint_of=reprint_of,
    )  # fmt: skip
    note = f"{result.case.number}　{_now_text()}"
    document = stamp(cases.result_pdf(result), f"{word}　补打" if reprint_of else word, note)
    with transaction.atomic():
        # Compare and swap: of two who press "original" together, one gets it.
        if not as_copy and not Result.objects.filter(pk=result.pk, originals_printed=0).update(originals_printed=1):
            raise CannotPrint(_("The original was printed already. Print a copy, or settle the job that is uncertain."))
        return _queue(order, document, actor=actor)


def reprint(job: PrintJob, *, actor: str) -> PrintJob | None:
    """Print once more, marked 补打; a result's original comes out again only if the first try surely failed.

    Raises:
        CannotPrint: it is still being printed, or nobody has looked yet whether it came out.
    """
    job = _jobs().get(pk=job.pk)
    if job.state in (*OPEN, JobState.UNCERTAIN):
        raise CannotPrint(_("Settle first whether this one came out."))
    if job.kind == PrintJob.Kind.TICKET:
        return print_ticket(job.ticket, actor=actor) if job.ticket else None
    if job.kind == PrintJob.Kind.NOTICE:
        return print_notice(job.ticket, actor=actor) if job.ticket else None
    if job.kind == PrintJob.Kind.FORM:
        return print_form(FilledForm.objects.get(pk=job.subject_id), actor=actor, reprint_of=job)
    if job.kind == PrintJob.Kind.HANDOVER:
        return print_handover(Handover.objects.get(pk=job.subject_id), actor=actor, reprint_of=job)
    result = Result.objects.get(pk=job.subject_id)
    is_original = job.mark == PrintJob.Mark.ORIGINAL and result.originals_printed == 0
    return print_result(result, as_copy=not is_original, actor=actor, reprint_of=job)


# --- what screens show -------------------------------------------------------------------------------------------


def jobs_of(ticket: Ticket) -> list[dict[str, Any]]:
    """The ticket's prints, newest last, as screens show them; one that was printed again gives way to its reprint."""
    jobs = (
        PrintJob.objects.filter(ticket=ticket, reprints__isnull=True).defer("document_sealed").order_by("requested_at")
    )
    return [
        {
            "id": str(job.pk),
            "kind": job.kind,
            "title": _title_of(job),
            "state": job.state,
            "state_text": str(JobState(job.state).label),
            "code": job.code,
            "detail": why_text(job.code),
        }
        for job in jobs
    ]


def _title_of(job: PrintJob) -> str:
    title = job.title
    if job.kind == PrintJob.Kind.TICKET:
        title = _("Slip %(number)s") % {"number": title}
    elif job.kind == PrintJob.Kind.NOTICE:
        title = _("What to bring %(code)s") % {"code": title}
    return f"{title}　补打" if job.reprint_of_id else title


def why_text(code: str) -> str:
    """Why a print did not come out, and what to do."""
    words = {
        "paper_out": _("The printer is out of paper. Put paper in, then print again."),
        "offline": _("The printer does not answer. Look whether it is switched on."),
        "refused": _("The printer refused the paper. Print again; if it stays, call the device keeper."),
        "restart": _("The machine restarted in the middle of it. Look whether the paper is there."),
        "cancelled": _("It was cancelled at the printer."),
        "silent": _("The printer took it and said nothing. Look whether the paper is there."),
        "fault": _("The printer reports a fault. Call the device keeper."),
        "erased": _("The person's data were erased, so there is nothing to print any more."),
    }
    return words.get(code, "")


def forget_documents(before: datetime) -> int:
    """Forget what settled jobs printed; the job itself stays as evidence."""
    old = PrintJob.objects.filter(settled_at__lt=before, document_sealed__isnull=False)
    return old.update(document_sealed=None)
