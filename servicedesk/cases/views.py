"""The progress pages: they show stages, never names."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from portal.base.errors import DomainError
from portal.base.limits import caller_address, limited
from servicedesk.cases import progress
from servicedesk.cases.models import Case
from servicedesk.queueing import services as queueing

NAV = "track"


class NumberForm(forms.Form):
    """The number of a case."""

    number = forms.CharField(
        label=_("Case number"), max_length=64, help_text=_("On the printed paper, such as 019-261123-0042"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class CodeForm(NumberForm):
    """The number and the code that came by message."""

    code = forms.CharField(
        label=_("Code from the message"), max_length=6, help_text=_("Six digits"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )  # fmt: skip


@never_cache
@limited("track", limit=20, window_s=600)
def track(request: HttpRequest) -> HttpResponse:
    """Ask for a code by message; the answer is the same whether or not there is such a case."""
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        progress.request_code(number=number, address=caller_address(request))
        request.session["track_number"] = number
        return redirect("track_code")
    return render(request, "cases/track.html", {"form": form, "nav_current": NAV})


@never_cache
@limited("track-code", limit=20, window_s=600)
def enter_code(request: HttpRequest) -> HttpResponse:
    """Number and code together show the case."""
    form = CodeForm(request.POST or None, initial={"number": request.session.get("track_number", "")})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            case = progress.check_code(number=form.cleaned_data["number"], code=form.cleaned_data["code"])
            return redirect("track_case", code=case.track_code)
        except DomainError as error:
            problem = str(error)
    return render(request, "cases/code.html", {"form": form, "problem": problem, "nav_current": NAV})


@never_cache
@limited("track-link", limit=60, window_s=600, methods=("GET",))
@require_GET
def ticket_progress(request: HttpRequest, code: str) -> HttpResponse:
    """The slip's code: the ticket's place in the queue, and the cases that came of it."""
    ticket = queueing.ticket_by_track_code(code)
    if ticket is None:
        raise Http404
    cases = Case.objects.filter(ticket=ticket).select_related("item", "centre", "point", "applicant")
    context = {
        "ticket": ticket, "facts": queueing.ticket_view(ticket), "cases": [progress.progress(case) for case in cases],
        "rate_url": reverse("rate", args=[ticket.track_code]) if ticket.state == "finished" else "", "nav_current": NAV,
    }  # fmt: skip
    return render(request, "cases/ticket.html", context)


@never_cache
@limited("track-link", limit=60, window_s=600, methods=("GET",))
@require_GET
def case_progress(request: HttpRequest, code: str) -> HttpResponse:
    """The printed paper's code: the case."""
    case = progress.by_code(code)
    if case is None:
        raise Http404
    return render(request, "cases/case.html", {"progress": progress.progress(case), "nav_current": NAV})
