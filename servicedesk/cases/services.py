"""Cases and their papers: opening, stages, captured pages, forms and signatures, hand-overs, results, progress."""

import hashlib
import io
import json
import re
import secrets
import unicodedata
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from content.items import services as items
from content.items.models import ItemEdition, ServiceItem
from portal.base.accounts.models import User
from portal.base.calendars import services as calendars
from portal.base.errors import Changed, InvalidTransition
from portal.base.ids import new_id
from portal.base.journal import services as journal
from portal.base.outbox import services as outbox
from portal.base.streams import services as streams
from portal.base.transitions import move
from servicedesk.cases import paperforms
from servicedesk.cases.errors import AlreadyOpen, BadPhone, BadSignature, BadUpload, CaseClosed, NotReady, NumberTaken
from servicedesk.cases.models import Case, CasePage, FilledForm, Handover, Result, Signature, TrackingCode
from servicedesk.cases.progress import by_code, cases_of, check_code, progress, request_code
from servicedesk.cases.states import TRANSITIONS, CaseState
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import AT_COUNTER
from servicedesk.residents import services as residents
from servicedesk.residents.models import Person

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = [
    "attach_result",
    "by_code",
    "capture_page",
    "case_view",
    "cases_of",
    "check_code",
    "fill_form",
    "form_values",
    "form_view",
    "leave_papers",
    "masked_phone",
    "move_case",
    "offer_form",
    "open_case",
    "open_page",
    "progress",
    "request_code",
    "result_pdf",
    "return_papers",
    "set_deadline",
    "set_external_number",
    "set_phone",
    "sign_form",
    "sign_handover",
    "start_form",
    "strokes_of",
]

MAX_UPLOAD_BYTES = 12 * 1024 * 1024
MAX_SIDE_PX = 4000
MAX_PIXELS = 40_000_000
MAX_PAGES = 60
MAX_PDF_PAGES = 60
JPEG_QUALITY = 85
MAX_PAPERS = 40
# The receipt is a Chinese paper, so it keeps the words that stand on it.
FORM_WORDS = {"original": "原件", "copy": "复印件"}
MAX_STROKES = 200
MAX_POINTS = 20_000


def _streams(case: Case) -> list[str]:
    names = [f"centre:{case.centre.code}"]
    if case.ticket.device_id:
        names.append(f"device:{case.ticket.device_id}")
    return names


def _note(case: Case, action: str, *, actor: str, **more: Any) -> None:
    """One journal entry of the case, and its screens look again."""
    journal.append(("case", case.pk), action=action, actor=actor, place=case.centre, **more)
    streams.bump(*_streams(case))


def _lock(case: Case) -> Case:
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("centre", "ticket", "applicant", "item")
        .get(pk=case.pk)
    )


def _lock_open(case: Case) -> Case:
    """The case locked, as long as papers may still come into it.

    Raises:
        CaseClosed: it is finished, refused or withdrawn.
    """
    case = _lock(case)
    if case.closed_at is not None:
        raise CaseClosed(_("This case is closed. Open a new one if something is to be added."))
    return case


# --- the case -----------------------------------------------------------------------------------------------------
@transaction.atomic
def open_case(
    *,
    ticket: Ticket,
    item: ServiceItem,
    clerk: User,
    applicant: Person | None,
    present: Person | None,
    basis: str,
    actor: str,
    reason: str = "",
) -> Case:
    """Open a case for a ticket; the clerk's decision in an unclear proxy question takes a reason.

    Raises:
        NotReady: nobody is identified, nobody is at the counter with this number, or the reason is missing.
        AlreadyOpen: the same matter was opened a moment ago.
    """
    if applicant is None or present is None:
        raise NotReady(_("Nobody is identified yet. Ask the resident to put the card on the reader."))
    if basis not in Case.Basis.values:
        raise ValueError(f"basis {basis!r}")
    edition = items.current_edition(item)
    _check_basis(edition, basis, reason)
    # The ticket's lock makes two presses of the button one after the other.
    ticket = Ticket.objects.select_for_update(of=("self",)).select_related("centre", "point").get(pk=ticket.pk)
    if ticket.state not in AT_COUNTER:
        raise NotReady(_("Nobody is at a counter with this number. Call it first."))
    already = ticket.cases.filter(item=item, closed_at=None).first()
    if already is not None:
        raise AlreadyOpen(_("Case %(number)s is open for this already. Go on with it.") % {"number": already.number})
    now = timezone.now()
    for _attempt in range(5):
        case = Case(
            number=_new_number(ticket),
            item=item,
            edition_id=edition.pk if edition else None,
            notice_id=ticket.notice_id,
            ticket=ticket,
            centre=ticket.centre,
            point=ticket.point,
            clerk=clerk,
            applicant=applicant,
            present=present,
            basis=basis,
            track_code=secrets.token_urlsafe(12),
            opened_at=now,
        )
        try:
            with transaction.atomic():
                case.save(force_insert=True)
            break
        except IntegrityError:
            continue
    else:
        raise Changed(_("The case could not be numbered. Try once more."))
    facts = {"ticket": str(ticket.pk), "item": item.key, "applicant": str(applicant.pk), "basis": basis}
    _note(case, "open", actor=actor, new=case.state, facts=facts, text=reason)
    return case


def _check_basis(edition: ItemEdition | None, basis: str, reason: str) -> None:
    """Whether somebody else may stand there; an unknown rule is the clerk's decision, with a reason."""
    if basis == Case.Basis.SELF:
        return
    rule = edition.proxy_rule if edition else ItemEdition.Proxy.UNKNOWN
    if rule == ItemEdition.Proxy.NONE and basis != Case.Basis.DECIDED:
        next_step = edition.proxy_next_step if edition else ""
        raise NotReady(_("Only the person may apply for this.") + (f" {next_step}" if next_step else ""))
    if (basis == Case.Basis.DECIDED or rule == ItemEdition.Proxy.UNKNOWN) and not reason.strip():
        raise NotReady(
            _("It is not known who may come instead. Write the reason of your decision, then open the case.")
        )


def _new_number(ticket: Ticket) -> str:
    """Such as 019-261123-0042: the centre's three digits, the date, and the day's serial; unique by constraint."""
    short = "".join(char for char in ticket.centre.code if char.isdigit())[6:9].rjust(3, "0")
    day = timezone.localdate()
    prefix = f"{short}-{day:%y%m%d}-"
    last = Case.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()
    return f"{prefix}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:04d}"


@transaction.atomic
def set_external_number(case: Case, *, number: str, actor: str) -> Case:
    """Keep the number that the outside acceptance system gave.

    Raises:
        NumberTaken: another case has it.
    """
    number = number.strip()[:64]
    case = _lock(case)
    if number and Case.objects.filter(external_number=number).exclude(pk=case.pk).exists():
        raise NumberTaken(_("Another case has this number already. Copy it once more from the acceptance system."))
    case.external_number = number
    case.save(update_fields=["external_number"])
    _note(case, "external_number", actor=actor, facts={"number": number})
    return case


@transaction.atomic
def move_case(case: Case, action: str, *, actor: str, reason: str = "") -> Case:
    """The one transition function of cases; see states.py."""
    case = _lock(case)
    if action == "refuse" and not reason.strip():
        raise NotReady(_("Write why it is not accepted and where it can be done. The resident has a right to know."))
    changes: dict[str, Any] = {}
    if TRANSITIONS.get((case.state, action)) in (CaseState.FINISHED, CaseState.REFUSED, CaseState.WITHDRAWN):
        changes["closed_at"] = timezone.now()
    moved = move(
        case,
        action,
        table=TRANSITIONS,
        subject="case",
        actor=actor,
        place=case.centre,
        text=reason,
        changes=changes,
        announce=tuple(_streams(case)),
    )
    _tell_by_message(moved)
    return moved


def _tell_by_message(case: Case) -> None:
    """A message that says only that something moved: whoever reads the phone along learns nothing."""
    if case.phone_sealed is None:
        return
    phone = residents.open_for(case.applicant, case.phone_sealed, aad=f"cases.case.phone:{case.pk}").decode()
    # Whatever language the clerk works in, the message is in the place's own.
    with translation.override(settings.LANGUAGE_CODE):
        if items.is_bereavement(case.item):
            text = _("Your application has moved on.")
        else:
            text = _("Your application has moved on. Look it up at any service point or by the code on your paper.")
    outbox.put(
        "sms",
        f"case:{case.pk}",
        {"case": str(case.pk)},
        personal={"phone": phone, "text": text},
    )


@transaction.atomic
def set_deadline(case: Case, *, working_days: int, actor: str) -> Case:
    """Promise an end so many working days from today, by the calendar of working days.

    Raises:
        UnknownYear: the holidays of a year on the way are not loaded.
    """
    case = _lock_open(case)
    day = calendars.add_working_days(timezone.localdate(), working_days)
    case.due_at = timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
    case.save(update_fields=["due_at"])
    _note(case, "deadline", actor=actor, facts={"working_days": working_days, "due": day.isoformat()})
    return case


@transaction.atomic
def set_phone(case: Case, *, phone: str, actor: str) -> Case:
    """Keep a telephone number for messages about the case, or forget it; a phone is never required.

    Raises:
        BadPhone: it is no telephone number.
    """
    phone = unicodedata.normalize("NFKC", phone).strip().replace(" ", "")
    if phone and not re.fullmatch(paperforms.PHONE.pattern, phone):
        raise BadPhone(str(paperforms.PHONE.problem))
    case = _lock(case)
    case.phone_sealed = None
    if phone:
        case.phone_sealed = residents.seal_for(case.applicant, phone.encode(), aad=f"cases.case.phone:{case.pk}")
    case.save(update_fields=["phone_sealed"])
    _note(case, "phone", actor=actor)
    return case


def masked_phone(case: Case) -> str:
    """The telephone for messages as screens show it; empty when none is kept, or the person was erased."""
    if case.phone_sealed is None or case.applicant.erased_at is not None:
        return ""
    phone = residents.open_for(case.applicant, case.phone_sealed, aad=f"cases.case.phone:{case.pk}").decode()
    return f"{phone[:3]}****{phone[-4:]}"


# --- captured pages -----------------------------------------------------------------------------------------------
def _clean_jpeg(upload: bytes) -> tuple[bytes, int, int]:
    """The picture encoded anew: nothing of the upload but its pixels comes in."""
    if len(upload) > MAX_UPLOAD_BYTES:
        raise BadUpload(_("The picture is larger than 12 MB. Take it again."))
    try:
        with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadUpload(_("The picture is too large. Take it again."))
            plain = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadUpload(_("This is not a picture. Take the page again.")) from error
    plain.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue(), plain.width, plain.height


def capture_page(case: Case, *, jpeg: bytes, material: str, actor: str) -> CasePage:
    """Put a captured page into the case, encoded anew and sealed under the applicant's key.

    Raises:
        BadUpload: it is no picture, or too large.
        CaseClosed: the case is over.
    """
    clean, width_px, height_px = _clean_jpeg(jpeg)
    with transaction.atomic():
        case = _lock_open(case)
        if case.pages.count() >= MAX_PAGES:
            raise BadUpload(
                _("The case has %(count)d pages already. Open another case for more.") % {"count": MAX_PAGES}
            )
        page = CasePage(
            id=new_id(),
            case=case,
            position=case.pages.count() + 1,
            material=material[:120],
            sha256=hashlib.sha256(clean).hexdigest(),
            width_px=width_px,
            height_px=height_px,
            captured_at=timezone.now(),
        )
        page.image_sealed = residents.seal_for(case.applicant, clean, aad=f"cases.page.image:{page.pk}")
        page.save(force_insert=True)
        facts = {"page": str(page.pk), "position": page.position, "sha256": page.sha256}
        _note(case, "capture", actor=actor, facts=facts)
    return page


@transaction.atomic
def open_page(page: CasePage, *, actor: str) -> bytes:
    """The page's JPEG; each look is journalled."""
    case = _lock(page.case)
    jpeg = residents.open_for(case.applicant, page.image_sealed, aad=f"cases.page.image:{page.pk}")
    journal.append(("case", case.pk), action="view_page", actor=actor, place=case.centre, facts={"page": str(page.pk)})
    return jpeg


# --- forms --------------------------------------------------------------------------------------------------------
def form_hash(form_key: str, version: int, values: dict[str, str]) -> str:
    """SHA-256 over the canonical JSON of what is signed."""
    body = {"form": form_key, "version": version, "values": values}
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def form_values(form: FilledForm) -> dict[str, str]:
    """The opened values by field name."""
    return json.loads(residents.open_for(form.case.applicant, form.values_sealed, aad=f"cases.form.values:{form.pk}"))


def _seal_values(form: FilledForm, values: dict[str, str]) -> None:
    plain = json.dumps(values, ensure_ascii=False).encode()
    form.values_sealed = residents.seal_for(form.case.applicant, plain, aad=f"cases.form.values:{form.pk}")
    form.sha256 = form_hash(form.form_key, form.form_version, values)


@transaction.atomic
def start_form(case: Case, *, form_key: str, actor: str) -> FilledForm:
    """Begin a form with what the card says; the journal tells that the identity was opened for it."""
    paper = paperforms.get_form(form_key)
    case = _lock_open(case)
    identity = residents.open_identity(
        case.applicant, actor=actor, place=case.centre, reason="form", subject=("case", case.pk)
    )
    form = FilledForm(case=case, form_key=paper.key, form_version=paper.version)
    values = {field.name: str(getattr(identity, field.from_card)) for field in paper.fields if field.from_card}
    _seal_values(form, values)
    form.save(force_insert=True)
    _note(case, "start_form", actor=actor, facts={"form": str(form.pk), "key": paper.key})
    return form


@transaction.atomic
def fill_form(form: FilledForm, *, values: dict[str, str], actor: str) -> dict[str, Any]:
    """Take over what the clerk typed, right or wrong; a change voids the offer and a signature given before."""
    case = _lock_open(form.case)
    form = FilledForm.objects.select_for_update().get(pk=form.pk)
    form.case = case
    paper = paperforms.get_form(form.form_key)
    before = form_values(form)
    editable = {field.name: field for field in paper.fields if not field.from_card}
    after = before | {
        name: str(value).strip()[: field.max_length + 40]
        for name, field in editable.items()
        if (value := values.get(name)) is not None
    }
    if after == before:
        return form_view(form, masked=False)
    form.changed_fields = sorted(name for name in after if after[name] != before.get(name, ""))
    _seal_values(form, after)
    form.revision += 1
    # What the resident was shown is not this any more: it is offered anew.
    form.is_offered = False
    form.save(update_fields=["values_sealed", "sha256", "revision", "changed_fields", "is_offered", "updated_at"])
    if "phone" in form.changed_fields and not paperforms.problems_of(paper, after).get("phone"):
        set_phone(case, phone=after["phone"], actor=actor)
    voided = form.signatures.filter(voided_at=None).update(voided_at=timezone.now())
    facts = {"form": str(form.pk), "sha256": form.sha256, "revision": form.revision}
    _note(case, "void_signature" if voided else "fill_form", actor=actor, facts=facts)
    return form_view(form, masked=False)


def offer_form(form: FilledForm, *, actor: str) -> FilledForm:
    """Send the form to the second screen for signature.

    Raises:
        NotReady: a field is missing or wrong; the message names the first one, and every field says so in its place.
        CaseClosed: the case is over.
    """
    with transaction.atomic():
        case = _lock_open(form.case)
        form = FilledForm.objects.select_for_update().get(pk=form.pk)
        form.case = case
        paper = paperforms.get_form(form.form_key)
        problems = paperforms.problems_of(paper, form_values(form))
        form.is_checked, form.is_offered = True, not problems
        form.save(update_fields=["is_checked", "is_offered", "updated_at"])
        if not problems:
            _note(case, "offer_form", actor=actor, facts={"form": str(form.pk), "sha256": form.sha256})
        else:
            streams.bump(*_streams(case))
    if problems:
        # Raised after the commit, so that the fields go on saying what is missing.
        first = next(field for field in paper.fields if field.name in problems)
        raise NotReady(_("%(field)s: %(problem)s") % {"field": first.label, "problem": problems[first.name]})
    return form


def form_view(form: FilledForm, *, masked: bool) -> dict[str, Any]:
    """The form as screens show it; `masked` hides the certificate number from whoever looks over a shoulder."""
    paper = paperforms.get_form(form.form_key)
    values = form_values(form)
    problems = paperforms.problems_of(paper, values)
    rows = []
    for field in paper.fields:
        value = values.get(field.name, "")
        shown = f"{value[:1]}****{value[-1:]}" if masked and field.from_card == "number" and value else value
        rows.append(
            {
                "name": field.name,
                "label": str(field.label),
                "value": shown,
                "raw": "" if masked else value,
                "from_card": bool(field.from_card),
                "required": field.required,
                "changed": field.name in form.changed_fields,
                "choices": [(choice, choice) for choice in field.choices],
                # A field that nobody has come to yet is not scolded before the form is to be signed.
                "error": problems.get(field.name, "") if value or form.is_checked else "",
            }
        )
    signed = form.signatures.filter(role=Signature.Role.RESIDENT, voided_at=None, signed_sha256=form.sha256).exists()
    return {
        "id": str(form.pk),
        "key": form.form_key,
        "title": paper.title,
        "rows": rows,
        "sha256": form.sha256,
        "errors": problems,
        "revision": form.revision,
        "offered": form.is_offered,
        "signed": signed,
    }


# --- signatures ---------------------------------------------------------------------------------------------------
def _clean_strokes(strokes: Any) -> list[list[list[int]]]:
    """Strokes as lists of [x, y, ms] with x and y from 0 to 1000.

    Raises:
        BadSignature: there are none, or they are something else.
    """
    try:
        clean = [[[int(x), int(y), int(ms)] for x, y, ms in stroke] for stroke in strokes][:MAX_STROKES]
    except (TypeError, ValueError) as error:
        raise BadSignature(_("The signature could not be taken over. Sign once more.")) from error
    points = [point for stroke in clean for point in stroke]
    if (
        len(points) < 2
        or len(points) > MAX_POINTS
        or any(not 0 <= value <= 1000 for x, y, _ms in points for value in (x, y))
    ):
        raise BadSignature(_("There is no signature in the box yet. Sign with your finger."))
    return clean


def _add_signature(case: Case, *, strokes: Any, sha256: str, role: str, actor: str, **paper: Any) -> Signature:
    if role not in Signature.Role.values:
        raise ValueError(f"role {role!r}")
    signature = Signature(role=role, signed_sha256=sha256, by=actor, signed_at=timezone.now(), **paper)
    plain = json.dumps(_clean_strokes(strokes)).encode()
    signature.strokes_sealed = residents.seal_for(case.applicant, plain, aad=f"cases.signature:{signature.pk}")
    signature.save(force_insert=True)
    facts = {
        "signature": str(signature.pk),
        "role": role,
        "sha256": sha256,
        **{name: str(row.pk) for name, row in paper.items()},
    }
    _note(case, "sign", actor=actor, facts=facts)
    return signature


@transaction.atomic
def sign_form(form: FilledForm, *, strokes: Any, sha256: str, role: str, actor: str) -> Signature:
    """Sign exactly what is on the screen.

    Raises:
        Changed: the form was edited since it was shown.
        NotReady: it was not offered for signature.
        BadSignature: there are no strokes.
        InvalidTransition: this side has signed it already.
        CaseClosed: the case is over.
    """
    case = _lock_open(form.case)
    form = FilledForm.objects.select_for_update().get(pk=form.pk)
    if form.sha256 != sha256:
        raise Changed(_("The form has just changed. Read it again, then sign."))
    if not form.is_offered:
        raise NotReady(_("The clerk is still filling it in."))
    if form.signatures.filter(role=role, voided_at=None).exists():
        raise InvalidTransition(_("This is signed already. Nothing more is needed."))
    return _add_signature(case, strokes=strokes, sha256=sha256, role=role, actor=actor, form=form)


def strokes_of(signature: Signature, applicant: Person) -> list[list[list[int]]]:
    """The opened strokes, to be drawn on the printed paper."""
    return json.loads(residents.open_for(applicant, signature.strokes_sealed, aad=f"cases.signature:{signature.pk}"))


# --- hand-overs and results ----------------------------------------------------------------------------------------
@transaction.atomic
def leave_papers(case: Case, *, papers: list[dict[str, Any]], actor: str) -> Handover:
    """Papers stay with us: a receipt 收件凭证 for both sides to sign.

    :param papers: a list of {"name", "form": "original" | "copy" or any word, "count"}; kept in Chinese words.
    """
    clean = [_clean_paper(paper) for paper in papers[:MAX_PAPERS] if str(paper.get("name", "")).strip()]
    if not clean:
        raise NotReady(_("Write down which papers are left, one a line."))
    return _hand_over(_lock_open(case), papers=clean, direction=Handover.Direction.LEFT, actor=actor)


def _clean_paper(paper: dict[str, Any]) -> dict[str, Any]:
    count = paper.get("count", 1)
    form = str(paper.get("form") or "original")
    return {
        "name": str(paper["name"]).strip()[:80],
        "form": FORM_WORDS.get(form, form[:20]),
        "count": max(1, min(99, int(count))) if str(count).isdigit() else 1,
    }


@transaction.atomic
def return_papers(handover: Handover, *, actor: str) -> Handover:
    """The papers of a receipt go back, with a receipt of its own for both sides to sign.

    Raises:
        InvalidTransition: they were given back already, or this is no receipt of papers that were left.
    """
    case = _lock(handover.case)
    if handover.direction != Handover.Direction.LEFT or Handover.objects.filter(returns=handover).exists():
        raise InvalidTransition(_("These papers were given back already."))
    returned = Handover.Direction.RETURNED
    return _hand_over(case, papers=handover.papers, direction=returned, actor=actor, returns=handover)


def _hand_over(
    case: Case, *, papers: list[dict[str, Any]], direction: str, actor: str, returns: Handover | None = None
) -> Handover:
    number = f"{case.number}-S{case.handovers.count() + 1}"
    signed = {"number": number, "direction": direction, "papers": papers}
    body = json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    handover = Handover.objects.create(
        case=case,
        number=number,
        direction=direction,
        papers=papers,
        returns=returns,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        place=case.point or case.centre,
        made_at=timezone.now(),
    )
    action = "leave_papers" if direction == Handover.Direction.LEFT else "return_papers"
    _note(case, action, actor=actor, facts={"handover": str(handover.pk), "count": len(papers)})
    return handover


@transaction.atomic
def sign_handover(handover: Handover, *, strokes: Any, sha256: str, role: str, actor: str) -> Signature:
    """One side signs the receipt; each side once.

    Raises:
        Changed: what was shown is not this receipt, or the side has signed already.
    """
    case = _lock(handover.case)
    if handover.sha256 != sha256 or handover.signatures.filter(role=role, voided_at=None).exists():
        raise Changed(_("This receipt is signed already, or has changed. Look at it again."))
    return _add_signature(case, strokes=strokes, sha256=sha256, role=role, actor=actor, handover=handover)


def attach_result(case: Case, *, pdf: bytes, title: str, clerk: User, actor: str) -> Result:
    """Attach what came out of the case, a PDF that can be opened.

    Raises:
        BadUpload: it is no PDF, is locked, or has too many pages.
    """
    # Here and not above: every start would wait half a second for what is used when a result comes back.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    if len(pdf) > MAX_UPLOAD_BYTES:
        raise BadUpload(_("The PDF is larger than 12 MB."))
    try:
        reader = PdfReader(io.BytesIO(pdf), strict=False)
        pages = len(reader.pages)
        is_locked = reader.is_encrypted
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise BadUpload(
            _("This is not a PDF that can be opened. Export it again from the acceptance system.")
        ) from error
    if _has_active_content(reader):
        raise BadUpload(_("The PDF carries a program or attached files. Print it to a new PDF, then attach that one."))
    if is_locked or not 0 < pages <= MAX_PDF_PAGES:
        raise BadUpload(_("The PDF is locked, empty, or longer than %(count)d pages.") % {"count": MAX_PDF_PAGES})
    with transaction.atomic():
        case = _lock(case)
        result = Result(
            case=case,
            title=title,
            sha256=hashlib.sha256(pdf).hexdigest(),
            pages=pages,
            attached_by=clerk,
            attached_at=timezone.now(),
        )
        result.pdf_sealed = residents.seal_for(case.applicant, pdf, aad=f"cases.result.pdf:{result.pk}")
        result.save(force_insert=True)
        _note(
            case,
            "attach_result",
            actor=actor,
            facts={"result": str(result.pk), "sha256": result.sha256, "pages": pages},
        )
    return result


def _has_active_content(reader: "PdfReader") -> bool:
    """Whether the PDF runs something or carries files (ISO 32000-1, 7.11.4 and 12.6).

    Its bytes stay as the office sealed them: encoding them anew would break its electronic seal.
    """
    if reader.is_encrypted:
        return False
    root = reader.root_object
    names = root.get("/Names")
    names = names.get_object() if names is not None else {}
    if "/JavaScript" in names or "/EmbeddedFiles" in names or "/AA" in root:
        return True
    opened = root.get("/OpenAction")
    opened = opened.get_object() if opened is not None else None
    return isinstance(opened, dict) and opened.get("/S") in ("/JavaScript", "/Launch", "/URI", "/SubmitForm")


def result_pdf(result: Result) -> bytes:
    """The result's PDF as it was attached."""
    return residents.open_for(result.case.applicant, result.pdf_sealed, aad=f"cases.result.pdf:{result.pk}")


# --- what others see ----------------------------------------------------------------------------------------------
def case_view(case: Case) -> dict[str, Any]:
    """The case as the desk and the API see it: no name, no number of a person."""
    return {
        "number": case.number,
        "external_number": case.external_number,
        "state": case.state,
        "state_text": str(CaseState(case.state).label),
        "item": {"key": case.item.key, "name": case.item.name},
        "basis": case.basis,
        "opened_at": case.opened_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "pages": case.pages.count(),
        "results": case.results.count(),
        "handovers": case.handovers.count(),
    }


# --- what the clock does ------------------------------------------------------------------------------------------


def forget_papers(closed_before: datetime) -> int:
    """Delete what cases closed before that time are made of; their numbers, stages and journals stay as figures."""
    old = Case.objects.filter(closed_at__lt=closed_before)
    pages = CasePage.objects.filter(case__in=old)
    forms = FilledForm.objects.filter(case__in=old)
    handovers = Handover.objects.filter(case__in=old)
    results = Result.objects.filter(case__in=old)
    count = pages.count() + forms.count() + handovers.count() + results.count()
    Signature.objects.filter(form__in=forms).delete()
    Signature.objects.filter(handover__in=handovers).delete()
    for rows in (pages, forms, handovers.filter(returns__isnull=False), handovers, results):
        rows.delete()
    old.filter(phone_sealed__isnull=False).update(phone_sealed=None)
    return count


def forget_codes() -> int:
    """Delete the codes of messages that are too old to be used."""
    deleted, _rows = TrackingCode.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
