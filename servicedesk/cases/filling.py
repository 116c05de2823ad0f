"""Forms that are filled at the desk: begun with the card, sealed, offered for signature, shown on both screens."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.streams import services as streams
from servicedesk.cases import paperforms
from servicedesk.cases.errors import NotReady
from servicedesk.cases.locking import lock_open, note, streams_of
from servicedesk.cases.models import Case, FilledForm, Signature
from servicedesk.cases.phones import set_phone
from servicedesk.residents import services as residents


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
    case = lock_open(case)
    identity = residents.open_identity(
        case.applicant, actor=actor, place=case.centre, reason="form", subject=("case", case.pk)
    )
    form = FilledForm(case=case, form_key=paper.key, form_version=paper.version)
    values = {field.name: str(getattr(identity, field.from_card)) for field in paper.fields if field.from_card}
    _seal_values(form, values)
    form.save(force_insert=True)
    note(case, "start_form", actor=actor, facts={"form": str(form.pk), "key": paper.key})
    return form


@transaction.atomic
def fill_form(form: FilledForm, *, values: dict[str, str], actor: str) -> dict[str, Any]:
    """Take over what the clerk typed, right or wrong; a change voids the offer and a signature given before."""
    case = lock_open(form.case)
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
    note(case, "void_signature" if voided else "fill_form", actor=actor, facts=facts)
    return form_view(form, masked=False)


def offer_form(form: FilledForm, *, actor: str) -> FilledForm:
    """Send the form to the second screen for signature.

    Raises:
        NotReady: a field is missing or wrong; the message names the first one, and every field says so in its place.
        CaseClosed: the case is over.
    """
    with transaction.atomic():
        case = lock_open(form.case)
        form = FilledForm.objects.select_for_update().get(pk=form.pk)
        form.case = case
        paper = paperforms.get_form(form.form_key)
        problems = paperforms.problems_of(paper, form_values(form))
        form.is_checked, form.is_offered = True, not problems
        form.save(update_fields=["is_checked", "is_offered", "updated_at"])
        if not problems:
            note(case, "offer_form", actor=actor, facts={"form": str(form.pk), "sha256": form.sha256})
        else:
            streams.bump(*streams_of(case))
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
