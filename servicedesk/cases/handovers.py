"""Papers that stay with us and go back: each way a receipt 收件凭证, for both sides to sign."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.errors import InvalidTransition
from servicedesk.cases.errors import NotReady
from servicedesk.cases.locking import lock, lock_open, note
from servicedesk.cases.models import Case, Handover

MAX_PAPERS = 40
# The receipt is a Chinese paper, so it keeps the words that stand on it.
FORM_WORDS = {"original": "原件", "copy": "复印件"}


@transaction.atomic
def leave_papers(case: Case, *, papers: list[dict[str, Any]], actor: str) -> Handover:
    """Papers stay with us: a receipt 收件凭证 for both sides to sign.

    :param papers: a list of {"name", "form": "original" | "copy" or any word, "count"}; kept in Chinese words.
    """
    clean = [_clean_paper(paper) for paper in papers[:MAX_PAPERS] if str(paper.get("name", "")).strip()]
    if not clean:
        raise NotReady(_("Write down which papers are left, one a line."))
    return _hand_over(lock_open(case), papers=clean, direction=Handover.Direction.LEFT, actor=actor)


@transaction.atomic
def return_papers(handover: Handover, *, actor: str) -> Handover:
    """The papers of a receipt go back, with a receipt of its own for both sides to sign.

    Raises:
        InvalidTransition: they were given back already, or this is no receipt of papers that were left.
    """
    case = lock(handover.case)
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
    note(case, action, actor=actor, facts={"handover": str(handover.pk), "count": len(papers)})
    return handover


def _clean_paper(paper: dict[str, Any]) -> dict[str, Any]:
    count = paper.get("count", 1)
    form = str(paper.get("form") or "original")
    return {
        "name": str(paper["name"]).strip()[:80],
        "form": FORM_WORDS.get(form, form[:20]),
        "count": max(1, min(99, int(count))) if str(count).isdigit() else 1,
    }
