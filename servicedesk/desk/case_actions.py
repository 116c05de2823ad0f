"""What is done to a case outside of a call: its stage, the promised end, the telephone for messages, papers given back."""

import json

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.base.accounts.requests import StaffRequest
from portal.base.errors import DomainError
from portal.base.rights import services as rights
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, Handover
from servicedesk.cases.states import TRANSITIONS
from servicedesk.desk import access, timeline
from servicedesk.printouts import services as printouts
from servicedesk.residents import services as residents

MOVES = {
    "accept": gettext_lazy("Accept the case"),
    "work": gettext_lazy("It is being worked on"),
    "supplement": gettext_lazy("Papers are missing"),
    "resume": gettext_lazy("The papers are complete"),
    "finish": gettext_lazy("Case finished"),
    "refuse": gettext_lazy("Do not accept it"),
    "withdraw": gettext_lazy("The applicant withdraws it"),
}


class DeadlineForm(forms.Form):
    """How many working days are promised."""

    working_days = forms.IntegerField(
        label=gettext_lazy("Working days from today"), min_value=1, max_value=250,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


class PhoneForm(forms.Form):
    """The number that gets the messages; nobody must have one."""

    phone = forms.CharField(
        label=gettext_lazy("Telephone for messages"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip


class MoveForm(forms.Form):
    """The next stage, and why where the person has to be told."""

    action = forms.ChoiceField(label=gettext_lazy("Next stage"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, required=False,
        help_text=gettext_lazy("Why it is not accepted, and where it can be done instead"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args, case: Case, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        allowed = [action for state, action in TRANSITIONS if state == case.state]
        choice = self.fields["action"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(action, MOVES[action]) for action in allowed]


def draw(
    request: StaffRequest,
    case: Case,
    *,
    deadline: forms.Form | None = None,
    phone: forms.Form | None = None,
    move: forms.Form | None = None,
) -> HttpResponse:
    """The case's page; a form that was refused is drawn with what was typed and why."""
    refused = deadline or phone or move
    context = {
        "case": case,
        "view": cases.case_view(case),
        "name": residents.masked_name(case.applicant),
        "phone": cases.masked_phone(case),
        "handovers": case.handovers.select_related("returned_by").prefetch_related("signatures").order_by("made_at"),
        "lines": timeline.of(case.ticket, None, case),
        "may_act": rights.reaches(request.user, rights.DESK_ROLES, case.centre),
        "deadline_form": deadline or DeadlineForm(),
        "phone_form": phone or PhoneForm(),
        "move_form": move or MoveForm(case=case),
        "nav_current": "cases",
    }
    return render(request, "desk/case.html", context, status=422 if refused else 200)


@never_cache
@login_required
@require_GET
def case_page(request: StaffRequest, case_id: str) -> HttpResponse:
    """One case: its stages, papers and results; the person stays masked outside of a call."""
    case = _case(case_id)
    access.require_case(request.user, case)
    return draw(request, case)


def _case(case_id: str) -> Case:
    known = Case.objects.select_related("item", "centre", "applicant", "clerk", "ticket__item", "ticket__centre")
    return get_object_or_404(known, pk=case_id)


def _case_to_change(request: StaffRequest, case_id: str) -> tuple[Case, str]:
    case = _case(case_id)
    rights.require(request.user, rights.DESK_ROLES, case.centre)
    return case, f"user:{request.user.pk}"


@login_required
@require_POST
def set_deadline(request: StaffRequest, case_id: str) -> HttpResponse:
    """Promise an end so many working days from today."""
    case, actor = _case_to_change(request, case_id)
    form = DeadlineForm(request.POST)
    if form.is_valid():
        try:
            cases.set_deadline(case, working_days=form.cleaned_data["working_days"], actor=actor)
        except DomainError as error:
            form.add_error("working_days", str(error))
        else:
            messages.success(request, _("The promised end is kept; the resident sees it with the progress."))
            return redirect("desk_case", case_id=case.pk)
    return draw(request, case, deadline=form)


@login_required
@require_POST
def set_phone(request: StaffRequest, case_id: str) -> HttpResponse:
    """Add, correct or forget the telephone that gets the messages about the case."""
    case, actor = _case_to_change(request, case_id)
    form = PhoneForm(request.POST)
    if form.is_valid():
        phone = "" if "forget" in request.POST else form.cleaned_data["phone"]
        if not phone and "forget" not in request.POST:
            form.add_error("phone", _("Type the number, or press the other button if no messages are wanted."))
            return draw(request, case, phone=form)
        try:
            cases.set_phone(case, phone=phone, actor=actor)
        except DomainError as error:
            form.add_error("phone", str(error))
        else:
            done = _("Messages about this case go to that number.") if phone else _("No messages are sent any more.")
            messages.success(request, done)
            return redirect("desk_case", case_id=case.pk)
    return draw(request, case, phone=form)


@login_required
@require_POST
def move(request: StaffRequest, case_id: str) -> HttpResponse:
    """Take the case to its next stage."""
    case, actor = _case_to_change(request, case_id)
    form = MoveForm(request.POST, case=case)
    if form.is_valid():
        try:
            cases.move_case(case, form.cleaned_data["action"], actor=actor, reason=form.cleaned_data["reason"])
        except DomainError as error:
            form.add_error("reason" if form.cleaned_data["action"] == "refuse" else "action", str(error))
        else:
            return redirect("desk_case", case_id=case.pk)
    return draw(request, case, move=form)


@login_required
@require_POST
def return_papers(request: StaffRequest, case_id: str) -> HttpResponse:
    """Give the papers of a receipt back, with a receipt of its own for both sides to sign."""
    case, actor = _case_to_change(request, case_id)
    handover = get_object_or_404(case.handovers, pk=request.POST.get("handover"))
    try:
        cases.return_papers(handover, actor=actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Both sides sign the receipt now; then print it."))
    return redirect("desk_case", case_id=case.pk)


@login_required
@require_POST
def sign_receipt(request: StaffRequest, case_id: str) -> HttpResponse:
    """A signature at the counter: the clerk's, or the resident's who stands there."""
    case, actor = _case_to_change(request, case_id)
    handover = get_object_or_404(case.handovers, pk=request.POST.get("handover"))
    role = "resident" if request.POST.get("role") == "resident" else "clerk"
    try:
        strokes = json.loads(request.POST.get("strokes") or "[]")
        sha256 = request.POST.get("sha256", "")
        cases.sign_handover(handover, strokes=strokes, sha256=sha256, role=role, actor=actor)
    except ValueError:
        messages.error(request, _("The signature could not be taken over. Sign once more."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk_case", case_id=case.pk)


@never_cache
@login_required
@require_GET
def receipt_pdf(request: StaffRequest, handover_id: str) -> HttpResponse:
    """The receipt with the signatures that are there, to be printed at the counter."""
    known = Handover.objects.select_related("case__centre", "case__applicant", "case__item", "place")
    handover = get_object_or_404(known, pk=handover_id)
    access.require_case(request.user, handover.case)
    response = HttpResponse(printouts.handover_pdf(handover), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{handover.number}.pdf"'
    return response
