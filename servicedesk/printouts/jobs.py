"""Print jobs: a row first, then the bridge, then its outcome; never silent, never printed twice by itself."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.streams import services as streams
from portal.base.transitions import move
from servicedesk.cases.models import Result
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.states import OPEN, TRANSITIONS, JobState
from servicedesk.queueing.models import Ticket
from servicedesk.residents import services as residents
from servicedesk.residents.errors import Erased
from servicedesk.residents.models import Person

SEND_AGAIN_AFTER = timedelta(seconds=30)
# A slip is of no use after that; a paper may wait longer for a machine that was switched off.
GIVE_UP_AFTER = {PrintJob.Printer.RECEIPT: timedelta(minutes=10), PrintJob.Printer.A4: timedelta(hours=1)}
DOUBT_AFTER = timedelta(minutes=10)
OUTCOMES = {"printed": "printed", "failed": "fail", "uncertain": "doubt"}


@dataclass(frozen=True)
class Order:
    """What is to be printed where; `person` is under whose own key the document is kept."""

    device: Device
    printer: str
    kind: str
    subject_id: Any
    ticket: Ticket | None
    title: str
    person: Person | None = None
    mark: str = ""
    reprint_of: PrintJob | None = None


def known_jobs() -> QuerySet[PrintJob]:
    return PrintJob.objects.select_related("device__place", "ticket__centre", "person")


def streams_of(job: PrintJob) -> tuple[str, ...]:
    centre = (f"centre:{job.ticket.centre.code}",) if job.ticket is not None else ()
    return (f"device:{job.device_id}", *centre)


def move_job(job: PrintJob, action: str, *, actor: str, **more: Any) -> PrintJob:
    """The one transition function of print jobs; an original that did not come out may be printed again."""
    job = move(
        job, action, table=TRANSITIONS, subject="print_job", actor=actor, place=job.device.place,
        announce=streams_of(job), **more,
    )  # fmt: skip
    if job.state == JobState.FAILED and job.mark == PrintJob.Mark.ORIGINAL:
        Result.objects.filter(pk=job.subject_id).update(originals_printed=0)
    return job


@transaction.atomic
def queue_job(order: Order, document: bytes, *, actor: str) -> PrintJob:
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
    streams.bump(*streams_of(job))
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
        move_job(job, "fail", actor="portal", reason="erased", changes={"code": "erased", "settled_at": timezone.now()})
        return None
    move_job(job, "send", actor="portal", changes={"sent_at": timezone.now()})
    devices.dispatch(job.device, message)
    return message


@transaction.atomic
def open_messages(device: Device) -> list[dict[str, Any]]:
    """What a bridge that has (re)connected is sent: every job whose outcome is not known."""
    messages = []
    for job in known_jobs().filter(device=device, state__in=OPEN).order_by("requested_at"):
        message = _message(job)
        if job.state == JobState.QUEUED and message is not None:
            move_job(job, "send", actor="portal", changes={"sent_at": timezone.now()})
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
    job = known_jobs().filter(pk=key, device=device).select_for_update(of=("self",)).first()
    action = OUTCOMES.get(str(message.get("outcome")))
    if job is None or action is None or (job.state, action) not in TRANSITIONS:
        return answer
    code = str(message.get("code", ""))[:24]
    changes = {"code": code, "detail": str(message.get("detail", ""))[:200], "settled_at": timezone.now()}
    move_job(job, action, actor=f"device:{device.code}", reason=code, changes=changes)
    return answer


@transaction.atomic
def settle(job: PrintJob, *, printed: bool, actor: str) -> PrintJob:
    """Somebody has looked whether an uncertain print came out.

    Raises:
        InvalidTransition: it is not uncertain (any more).
    """
    job = known_jobs().get(pk=job.pk)
    action = "settle_printed" if printed else "settle_failed"
    return move_job(job, action, actor=actor, changes={"settled_at": timezone.now()})


def tend_jobs(*, now: datetime | None = None) -> int:
    """What the clock does, so that no job stays silent; how many were touched.

    A waiting job goes out when the bridge is heard, an unanswered one again; what waited too long has failed, and what
    was sent and never answered is uncertain, for a human to settle.
    """
    now = now or timezone.now()
    touched = 0
    for job in known_jobs().filter(state__in=OPEN).order_by("requested_at"):
        with transaction.atomic():
            touched += _tend(known_jobs().select_for_update(of=("self",)).get(pk=job.pk), now)
    return touched


def _tend(job: PrintJob, now: datetime) -> bool:
    since = job.sent_at or job.requested_at
    if job.state == JobState.QUEUED and now - job.requested_at > GIVE_UP_AFTER[PrintJob.Printer(job.printer)]:
        move_job(job, "fail", actor="clock", reason="offline", changes={"code": "offline", "settled_at": now})
    elif job.state == JobState.SENT and now - job.requested_at > DOUBT_AFTER:
        move_job(job, "doubt", actor="clock", reason="silent", changes={"code": "silent", "settled_at": now})
    elif devices.is_bridge_heard(job.device) and (job.state == JobState.QUEUED or now - since > SEND_AGAIN_AFTER):
        _send(job)
    else:
        return False
    return True
