"""Cases and their papers, as other rooms may call them; a case's own stages, number and term are here."""

from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.calendars import services as calendars
from portal.base.transitions import move
from servicedesk.cases.errors import NotReady, NumberTaken
from servicedesk.cases.filling import fill_form, form_values, form_view, offer_form, start_form
from servicedesk.cases.handovers import leave_papers, return_papers
from servicedesk.cases.locking import lock, lock_open, note, streams_of
from servicedesk.cases.models import Case
from servicedesk.cases.opening import open_case
from servicedesk.cases.pages import capture_page, open_page
from servicedesk.cases.phones import masked_phone, set_phone, tell_by_message
from servicedesk.cases.progress import by_code, cases_of, check_code, progress, request_code
from servicedesk.cases.results import attach_result, result_pdf
from servicedesk.cases.signatures import sign_form, sign_handover, strokes_of
from servicedesk.cases.states import TRANSITIONS, CaseState

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


@transaction.atomic
def move_case(case: Case, action: str, *, actor: str, reason: str = "") -> Case:
    """The one transition function of cases; see states.py."""
    case = lock(case)
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
        announce=tuple(streams_of(case)),
    )
    tell_by_message(moved)
    return moved


@transaction.atomic
def set_external_number(case: Case, *, number: str, actor: str) -> Case:
    """Keep the number that the outside acceptance system gave.

    Raises:
        NumberTaken: another case has it.
    """
    number = number.strip()[:64]
    case = lock(case)
    if number and Case.objects.filter(external_number=number).exclude(pk=case.pk).exists():
        raise NumberTaken(_("Another case has this number already. Copy it once more from the acceptance system."))
    case.external_number = number
    case.save(update_fields=["external_number"])
    note(case, "external_number", actor=actor, facts={"number": number})
    return case


@transaction.atomic
def set_deadline(case: Case, *, working_days: int, actor: str) -> Case:
    """Promise an end so many working days from today, by the calendar of working days.

    Raises:
        UnknownYear: the holidays of a year on the way are not loaded.
    """
    case = lock_open(case)
    day = calendars.add_working_days(timezone.localdate(), working_days)
    case.due_at = timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
    case.save(update_fields=["due_at"])
    note(case, "deadline", actor=actor, facts={"working_days": working_days, "due": day.isoformat()})
    return case


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
