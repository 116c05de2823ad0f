"""Signatures on forms and receipts: strokes sealed under the applicant's key, bound to what was on the screen."""

import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.errors import Changed, InvalidTransition
from servicedesk.cases.errors import BadSignature, NotReady
from servicedesk.cases.locking import lock, lock_open, note
from servicedesk.cases.models import Case, FilledForm, Handover, Signature
from servicedesk.residents import services as residents
from servicedesk.residents.models import Person

MAX_STROKES = 200
MAX_POINTS = 20_000


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
    case = lock_open(form.case)
    form = FilledForm.objects.select_for_update().get(pk=form.pk)
    if form.sha256 != sha256:
        raise Changed(_("The form has just changed. Read it again, then sign."))
    if not form.is_offered:
        raise NotReady(_("The clerk is still filling it in."))
    if form.signatures.filter(role=role, voided_at=None).exists():
        raise InvalidTransition(_("This is signed already. Nothing more is needed."))
    return _add_signature(case, strokes=strokes, sha256=sha256, role=role, actor=actor, form=form)


@transaction.atomic
def sign_handover(handover: Handover, *, strokes: Any, sha256: str, role: str, actor: str) -> Signature:
    """One side signs the receipt; each side once.

    Raises:
        Changed: what was shown is not this receipt, or the side has signed already.
    """
    case = lock(handover.case)
    if handover.sha256 != sha256 or handover.signatures.filter(role=role, voided_at=None).exists():
        raise Changed(_("This receipt is signed already, or has changed. Look at it again."))
    return _add_signature(case, strokes=strokes, sha256=sha256, role=role, actor=actor, handover=handover)


def strokes_of(signature: Signature, applicant: Person) -> list[list[list[int]]]:
    """The opened strokes, to be drawn on the printed paper."""
    return json.loads(residents.open_for(applicant, signature.strokes_sealed, aad=f"cases.signature:{signature.pk}"))


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
    note(case, "sign", actor=actor, facts=facts)
    return signature


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
