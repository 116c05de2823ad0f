"""How far a case is, for whoever may look it up: stages, never names; and the look-up by number and message code."""

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.base.journal import services as journal
from portal.base.limits import allow
from portal.base.outbox import services as outbox
from servicedesk.cases.errors import WrongCode
from servicedesk.cases.models import Case, TrackingCode
from servicedesk.cases.phones import phone_of
from servicedesk.cases.states import CaseState
from servicedesk.residents.models import Person

CODE_VALID_S = 600
MAX_TRIES = 5
# The stages in residents' words; none of them says what the matter is about.
STAGES = {
    CaseState.OPEN: gettext_lazy("Received"),
    CaseState.ACCEPTED: gettext_lazy("Accepted"),
    CaseState.PROCESSING: gettext_lazy("Being worked on"),
    CaseState.SUPPLEMENTING: gettext_lazy("Papers to be added"),
    CaseState.FINISHED: gettext_lazy("Done"),
    CaseState.REFUSED: gettext_lazy("Could not be accepted"),
    CaseState.WITHDRAWN: gettext_lazy("Withdrawn"),
}
PATH = (CaseState.OPEN, CaseState.ACCEPTED, CaseState.PROCESSING, CaseState.FINISHED)


def _heading(case: Case) -> str:
    return {
        CaseState.OPEN: _("Your papers are being prepared."),
        CaseState.ACCEPTED: _("It has been accepted."),
        CaseState.PROCESSING: _("It is being worked on."),
        CaseState.SUPPLEMENTING: _("Something is still missing."),
        CaseState.FINISHED: _("It is done."),
        CaseState.REFUSED: _("It could not be accepted."),
        CaseState.WITHDRAWN: _("It was withdrawn."),
    }[CaseState(case.state)]


def _next_step(case: Case) -> str:
    return {
        CaseState.OPEN: _("If the conversation broke off, come back to any service point with your card."),
        CaseState.ACCEPTED: _("You need not do anything now."),
        CaseState.PROCESSING: _("You need not do anything now."),
        CaseState.SUPPLEMENTING: _(
            "Bring what is missing to a service point or the centre; the window says what it is."
        ),
        CaseState.FINISHED: _("The result can be collected as agreed: printed at the point, or at the centre."),
        CaseState.REFUSED: _("The window tells you why and where it can be done. Ask at any service point."),
        CaseState.WITHDRAWN: _("You can begin again at any time."),
    }[CaseState(case.state)]


def progress(case: Case) -> dict[str, Any]:
    """Heading, next step, stages with done / now / later, and what happened when."""
    states = list(PATH)
    if case.state == CaseState.SUPPLEMENTING:
        states.insert(2, CaseState.SUPPLEMENTING)
    elif case.state not in PATH:
        states = [CaseState.OPEN, CaseState(case.state)]
    at = states.index(CaseState(case.state))
    is_over = case.closed_at is not None
    moves = [entry for entry in journal.entries_for(("case", case.pk)) if entry.new in CaseState.values]
    reached = {entry.new: entry.at for entry in moves}
    steps = []
    for place, state in enumerate(states):
        stage = "done" if place < at or is_over else "now" if place == at else "later"
        since = reached.get(state) if stage != "later" else None
        steps.append({"title": str(STAGES[state]), "state": stage, "text": _when(since) if since else ""})
    return {
        "number": case.number,
        "state": case.state,
        "item": case.item.name,
        "heading": _heading(case),
        "next_step": _next_step(case),
        "due": formats.date_format(timezone.localtime(case.due_at), "DATE_FORMAT")
        if case.due_at and not is_over
        else "",
        "steps": steps,
        "events": [{"at": entry.at, "title": str(STAGES[CaseState(entry.new)])} for entry in moves],
        "centre": case.centre.name,
        "point": case.point.name if case.point else "",
    }


def _when(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")


def _cases():
    return Case.objects.select_related("item", "centre", "point", "applicant")


def cases_of(person: Person) -> list[dict[str, Any]]:
    """The progress of all cases of a person whose card was read, newest first."""
    return [progress(case) for case in _cases().filter(applicant=person).order_by("-opened_at")[:10]]


def by_code(code: str) -> Case | None:
    """The case of a QR code's 96 random bits; None for any other."""
    return _cases().filter(track_code=code).first() if code else None


def _by_number(number: str) -> Case | None:
    number = unicodedata.normalize("NFKC", number).strip()
    return _cases().filter(number__iexact=number).first() or (
        _cases().filter(external_number=number).first() if number else None
    )


def request_code(*, number: str, address: str) -> None:
    """Send a code to the telephone kept with the case; nothing tells whether there is such a case or telephone."""
    case = _by_number(number)
    if case is None or case.applicant.erased_at is not None or not allow(f"track-code:{case.pk}", 3, CODE_VALID_S):
        return
    phone = phone_of(case)
    if not phone:
        return
    code = f"{secrets.randbelow(10**6):06d}"
    expires_at = timezone.now() + timedelta(seconds=CODE_VALID_S)
    with transaction.atomic():
        TrackingCode.objects.filter(case=case).delete()
        TrackingCode.objects.create(case=case, code_hash=_hash(case, code), expires_at=expires_at)
        text = _("Your code is %(code)s. It is valid for 10 minutes. Nobody of us asks you for it.") % {"code": code}
        outbox.put(
            "sms",
            f"track:{case.pk}",
            {"case": str(case.pk)},
            personal={"phone": phone, "text": text},
            expires_at=expires_at,
        )


def _hash(case: Case, code: str) -> str:
    return hashlib.sha256(f"{case.pk}:{code}".encode()).hexdigest()


def check_code(*, number: str, code: str) -> Case:
    """The case, when the code is the one that was sent; five tries.

    Raises:
        WrongCode: it is not, or it is too old; the same words whether or not the case exists.
    """
    wrong = WrongCode(
        _("Number and code do not fit together, or the code is older than 10 minutes. Ask for a new one.")
    )
    case = _by_number(number)
    if case is None:
        raise wrong
    with transaction.atomic():
        sent = TrackingCode.objects.select_for_update().filter(case=case, expires_at__gt=timezone.now()).first()
        if sent is None or sent.tries >= MAX_TRIES:
            is_right = False
        else:
            is_right = secrets.compare_digest(sent.code_hash, _hash(case, code.strip()))
            sent.tries += 1
            sent.save(update_fields=["tries"])
            if is_right:
                sent.delete()
    if not is_right:
        raise wrong
    return case
