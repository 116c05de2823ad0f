"""Printing, as other rooms may call it; printing once more and what screens say of a print are here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from servicedesk.booking import services as booking_services
from servicedesk.cases.models import FilledForm, Handover, Result
from servicedesk.printouts.errors import CannotPrint
from servicedesk.printouts.jobs import document_of, known_jobs, open_messages, record_outcome, settle, tend_jobs
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.papers import form_pdf, handover_pdf, print_form, print_handover, print_result
from servicedesk.printouts.slips import print_booking, print_notice, print_ticket, slip_of, ticket_code
from servicedesk.printouts.states import OPEN, JobState
from servicedesk.queueing.models import Ticket

__all__ = [
    "document_of",
    "forget_documents",
    "form_pdf",
    "handover_pdf",
    "jobs_of",
    "open_messages",
    "print_booking",
    "print_form",
    "print_handover",
    "print_notice",
    "print_result",
    "print_ticket",
    "record_outcome",
    "reprint",
    "settle",
    "slip_of",
    "tend_jobs",
    "ticket_code",
]


def reprint(job: PrintJob, *, actor: str) -> PrintJob | None:
    """Print once more, marked 补打; a result's original comes out again only if the first try surely failed.

    Raises:
        CannotPrint: it is still being printed, or nobody has looked yet whether it came out.
    """
    job = known_jobs().get(pk=job.pk)
    if job.state in (*OPEN, JobState.UNCERTAIN):
        raise CannotPrint(_("Settle first whether this one came out."))
    if job.kind == PrintJob.Kind.TICKET:
        return print_ticket(job.ticket, actor=actor) if job.ticket else None
    if job.kind == PrintJob.Kind.NOTICE:
        return print_notice(job.ticket, actor=actor) if job.ticket else None
    if job.kind == PrintJob.Kind.BOOKING:
        booking = booking_services.by_id(UUID(job.subject_id))
        return print_booking(booking, device=job.device, actor=actor) if booking else None
    if job.kind == PrintJob.Kind.FORM:
        return print_form(FilledForm.objects.get(pk=job.subject_id), actor=actor, reprint_of=job)
    if job.kind == PrintJob.Kind.HANDOVER:
        return print_handover(Handover.objects.get(pk=job.subject_id), actor=actor, reprint_of=job)
    result = Result.objects.get(pk=job.subject_id)
    is_original = job.mark == PrintJob.Mark.ORIGINAL and result.originals_printed == 0
    return print_result(result, as_copy=not is_original, actor=actor, reprint_of=job)


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
