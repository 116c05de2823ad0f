"""How a case is locked before a change, and what follows every change: a row of the journal and a look of the screens."""

from typing import Any

from django.utils.translation import gettext as _

from portal.base.journal import services as journal
from portal.base.streams import services as streams
from servicedesk.cases.errors import CaseClosed
from servicedesk.cases.models import Case


def lock(case: Case) -> Case:
    """The case as it stands, locked until the transaction ends; with centre, ticket, applicant and item."""
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("centre", "ticket", "applicant", "item")
        .get(pk=case.pk)
    )


def lock_open(case: Case) -> Case:
    """The case locked, as long as papers may still come into it.

    Raises:
        CaseClosed: it is finished, refused or withdrawn.
    """
    case = lock(case)
    if case.closed_at is not None:
        raise CaseClosed(_("This case is closed. Open a new one if something is to be added."))
    return case


def streams_of(case: Case) -> list[str]:
    """The streams of every screen that shows the case."""
    names = [f"centre:{case.centre.code}"]
    if case.ticket.device_id:
        names.append(f"device:{case.ticket.device_id}")
    return names


def note(case: Case, action: str, *, actor: str, **more: Any) -> None:
    """One journal entry of the case, and its screens look again."""
    journal.append(("case", case.pk), action=action, actor=actor, place=case.centre, **more)
    streams.bump(*streams_of(case))
