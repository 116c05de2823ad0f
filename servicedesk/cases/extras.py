"""Asking for something that a notice does not name: only with a reason, journalled, and seen by the duty supervisor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from content.notices.models import Notice
from portal.base.accounts.models import User
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from servicedesk.cases.errors import NotReady
from servicedesk.cases.models import ExtraAsk
from servicedesk.queueing.models import Ticket


@dataclass(frozen=True)
class ExtraLine:
    """One line of the supervisor's list."""

    asked_at: datetime
    item_key: str
    code: str
    material: str
    reason: str
    clerk: str
    centre: str
    ticket: str


def ask_for_more(
    notice: Notice, *, material: str, reason: str, clerk: User, centre: Place, ticket: Ticket | None = None
) -> ExtraAsk:
    """Write down that more is asked for than the notice says.

    Raises:
        NotReady: what is asked for or why is missing.
    """
    material, reason = material.strip(), reason.strip()
    if not material:
        raise NotReady(_("Write which paper is asked for beyond the notice."))
    if not reason:
        raise NotReady(_("Write down why. The resident was told that nothing else is asked for."))
    with transaction.atomic():
        ask = ExtraAsk(
            notice_id=notice.pk, notice_code=notice.code, item_key=notice.item_key, material=material[:200],
            clerk=clerk, centre=centre, ticket=ticket, asked_at=timezone.now(),
        )  # fmt: skip
        ask.reason_sealed = keyring.seal("field", reason[:1000].encode(), aad=_aad(ask))
        ask.save(force_insert=True)
        journal.append(
            ("extra_ask", ask.pk), action="ask", actor=f"user:{clerk.pk}", place=centre, new="asked",
            facts={"notice": notice.sha256, "ticket": str(ticket.pk) if ticket else ""}, text=f"{material}: {reason}",
        )  # fmt: skip
    return ask


def _aad(ask: ExtraAsk) -> bytes:
    return f"cases.extraask.reason:{ask.pk}".encode()


def extras_at(centres: QuerySet[Place]) -> QuerySet[ExtraAsk]:
    """What was asked for beyond notices at these centres, newest first."""
    return ExtraAsk.objects.filter(centre__in=centres).select_related("clerk", "centre", "ticket").order_by("-asked_at")


def line_of(ask: ExtraAsk) -> ExtraLine:
    """One line with its reason opened."""
    reason: Any = keyring.open_sealed(ask.reason_sealed, aad=_aad(ask)).decode()
    return ExtraLine(
        ask.asked_at, ask.item_key, ask.notice_code, ask.material, reason, str(ask.clerk), ask.centre.name,
        ask.ticket.number if ask.ticket else "",
    )  # fmt: skip


def forget_extras(before: datetime) -> int:
    """Delete what was asked for beyond a notice before that time; the journal keeps that it was."""
    return ExtraAsk.objects.filter(asked_at__lt=before).delete()[0]
