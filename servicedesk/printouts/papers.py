"""Papers of the A4 printer: signed forms, receipts for papers, results.

A document is drawn before the transaction that writes its job, and what it shows is looked at again inside it.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.base.errors import Changed
from portal.base.places.models import Place
from servicedesk.cases import paperforms
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, FilledForm, Handover, Result, Signature
from servicedesk.printouts.errors import CannotPrint
from servicedesk.printouts.jobs import Order, queue_job
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.render_paper import Paper, Row, SignatureBox, render_paper, stamp

MARK_WORDS = {PrintJob.Mark.ORIGINAL: "原件", PrintJob.Mark.COPY: "副本"}


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
                url=_case_url(case),
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
        return queue_job(order, document, actor=actor)


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
                url=_case_url(case),
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
    return queue_job(order, handover_pdf(handover, is_reprint=reprint_of is not None), actor=actor)


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
        return queue_job(order, document, actor=actor)


def _a4_order(case: Case, *, kind: str, subject_id: Any, title: str, **more: Any) -> Order:
    device = case.ticket.device
    if device is None:
        raise CannotPrint(_("This number was not drawn at a kiosk; print at the counter."))
    return Order(
        device=device, printer=PrintJob.Printer.A4, kind=kind, subject_id=subject_id, ticket=case.ticket, title=title,
        person=case.applicant, **more,
    )  # fmt: skip


def _case_url(case: Case) -> str:
    return f"{settings.PORTAL_URL}/track/c/{case.track_code}/"


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
