"""The progress pages: they show stages, never names. With `?kiosk` they take the kiosk's scale."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from content.items import services as items
from portal.base.errors import DomainError
from portal.base.limits import caller_address, limited
from servicedesk.cases import services
from servicedesk.cases.models import Case
from servicedesk.queueing import services as queueing
from servicedesk.queueing.states import AT_COUNTER, TicketState

NUMBER_KEY = "track_number"


class NumberForm(forms.Form):
    """The number of a case."""

    number = forms.CharField(
        label=_("Case number"),
        max_length=64,
        help_text=_("On the printed paper, such as 019-261123-0042"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CodeForm(NumberForm):
    """The number and the code that came by message."""

    code = forms.CharField(
        label=_("Code from the message"),
        max_length=12,
        help_text=_("Six digits"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    at_kiosk = "kiosk" in request.GET
    context |= {
        "layout": "base/kiosk.html" if at_kiosk else "base/page.html",
        "at_kiosk": at_kiosk,
        "nav_current": "track",
    }
    return render(request, template, context, status=status)


def _unknown(request: HttpRequest) -> HttpResponse:
    """A code that is no code of ours, or whose time is over; the page has the ways that are left."""
    return _page(request, "cases/unknown.html", {}, status=404)


@never_cache
@limited("track", limit=20, window_s=600)
@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Ask for a code by message; the answer is the same whether or not there is such a case."""
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        services.request_code(number=number, address=caller_address(request))
        request.session[NUMBER_KEY] = number
        return redirect("track_code")
    return _page(request, "cases/track.html", {"form": form})


@never_cache
@limited("track-code", limit=20, window_s=600)
@require_http_methods(["GET", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """Number and code together show the case."""
    form = CodeForm(request.POST or None, initial={"number": request.session.get(NUMBER_KEY, "")})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            case = services.check_code(number=form.cleaned_data["number"], code=form.cleaned_data["code"])
        except DomainError as error:
            problem = str(error)
        else:
            request.session.pop(NUMBER_KEY, None)
            return redirect("track_case", code=case.track_code)
    return _page(request, "cases/code.html", {"form": form, "problem": problem}, status=403 if problem else 200)


@never_cache
@limited("track-link", limit=60, window_s=600, methods=("GET",))
@require_GET
def ticket_progress(request: HttpRequest, code: str) -> HttpResponse:
    """The slip's code: the ticket's place in the queue, and the cases that came of it."""
    ticket = queueing.ticket_by_track_code(code)
    if ticket is None:
        return _unknown(request)
    facts = queueing.ticket_view(ticket)
    cases = Case.objects.filter(ticket=ticket).select_related("item", "centre", "point", "applicant")
    is_quiet = items.is_bereavement(ticket.item)
    context = {
        "ticket": ticket,
        "is_quiet": is_quiet,
        "facts": facts,
        "stage": _stage(ticket.state),
        "wait_minutes": [max(1, -(-facts[name] // 60)) for name in ("wait_p50_s", "wait_p80_s")],
        "cases": [services.progress(case) for case in cases.order_by("opened_at")],
    }
    return _page(request, "cases/ticket.html", context)


def _stage(state: str) -> str:
    if state == TicketState.WAITING:
        return "waiting"
    if state in AT_COUNTER:
        return "called" if state == TicketState.CALLED else "serving"
    return "finished" if state == TicketState.FINISHED else "over"


@never_cache
@limited("track-link", limit=60, window_s=600, methods=("GET",))
@require_GET
def case_progress(request: HttpRequest, code: str) -> HttpResponse:
    """The printed paper's code: the case."""
    case = services.by_code(code)
    if case is None:
        return _unknown(request)
    return _page(
        request, "cases/case.html", {"progress": services.progress(case), "is_quiet": items.is_bereavement(case.item)}
    )
