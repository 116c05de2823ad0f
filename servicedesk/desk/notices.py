"""Notices at the desk: opened by their spoken code or from the ticket, beside today's rules; more needs a reason."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from content.notices import services
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from content.notices.services import Compared
from content.notices.telling import Told, told_of
from portal.base.accounts.models import User
from portal.base.accounts.requests import StaffRequest
from portal.base.errors import DomainError
from portal.base.limits import limited
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.cases import extras as extra_asks
from servicedesk.desk import access
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import AT_COUNTER

SUPERVISORS = (Role.DUTY_SUPERVISOR, Role.CENTRE_MANAGER)


def _find(request: HttpRequest, user: User) -> Notice | None:
    """The notice of the code or the ticket in the address.

    Raises:
        UnknownNotice: there is none with this code, or its time is over.
    """
    code, ticket_id = request.GET.get("code", "").strip()[:12], request.GET.get("ticket", "")
    if code:
        return services.notice_by_code(code)
    if not ticket_id:
        return None
    try:
        ticket = Ticket.objects.select_related("centre").get(pk=ticket_id)
    except (Ticket.DoesNotExist, ValueError, TypeError) as error:
        raise Http404 from error
    rights.require(user, rights.DESK_ROLES, ticket.centre)
    notice = services.notice_by_id(ticket.notice_id)
    if notice is None:
        raise UnknownNotice(_("This number carries no notice, or its time is over."))
    return notice


def _columns(compared: Compared) -> list[tuple[str, Told, dict[str, str]]]:
    """Issued and today, each with its own marks by the line's id."""
    columns = []
    for title, content, marks in (
        (_("As issued"), compared.issued, dict.fromkeys(compared.removed, "removed")),
        (_("By today's rules"), compared.today, dict.fromkeys(compared.added, "added")),
    ):
        if content is None:
            continue
        marks |= dict.fromkeys(compared.changed, "changed")
        by_line = {
            f"m-{row['key']}-{number}": marks[row["key"]]
            for number, row in enumerate(content["materials"])
            if row["key"] in marks
        }
        columns.append((title, told_of(content), by_line))
    return columns


@never_cache
@login_required
@limited("desk.notice", limit=60, window_s=600, methods=("GET",))
@require_GET
def notice(request: StaffRequest) -> HttpResponse:
    """The form for the code; with a code or a ticket the notice beside today's rules."""
    access.require_desk(request.user)
    context: dict[str, Any] = {"nav_current": "notice", "code": request.GET.get("code", "").strip()[:12]}
    status = 200
    try:
        found = _find(request, request.user)
    except UnknownNotice as error:
        found, status = None, 404
        context["problem"] = str(error)
    if found is not None:
        compared = services.compare_with_today(found)
        ticket = _ticket_here(request.user)
        context |= {
            "notice": found,
            "spoken": services.spoken_code(found),
            "fingerprint": services.fingerprint(found),
            "compared": compared,
            "columns": _columns(compared),
            "ticket": ticket,
            "is_attached": ticket is not None and ticket.notice_id == found.pk,
        }
    return render(request, "desk/notice.html", context, status=status)


def _ticket_here(user: User) -> Ticket | None:
    """The ticket at the clerk's own counter."""
    counter = access.counter_of(user)
    if counter is None:
        return None
    return Ticket.objects.select_related("centre").filter(counter=counter, state__in=AT_COUNTER).first()


def _notice_or_404(notice_id: Any) -> Notice:
    found = services.notice_by_id(notice_id)
    if found is None:
        raise Http404
    return found


@login_required
@require_POST
def attach(request: StaffRequest, notice_id: Any) -> HttpResponse:
    """Give the notice to the number at the clerk's counter."""
    access.require_desk(request.user)
    found = _notice_or_404(notice_id)
    ticket = _ticket_here(request.user)
    if ticket is None:
        messages.error(request, _("Nobody is at your counter. Call a number first."))
    else:
        queueing.attach_notice(ticket, found, actor=f"user:{request.user.pk}")
        messages.success(request, _("Number %s carries this notice now.") % ticket.number)
    return redirect(f"{reverse('desk_notice')}?code={found.code}")


@login_required
@require_POST
def more(request: StaffRequest, notice_id: Any) -> HttpResponse:
    """Ask for something that the notice does not name; what was typed stays when the reason is missing."""
    access.require_desk(request.user)
    found = _notice_or_404(notice_id)
    counter = access.counter_of(request.user)
    if counter is None:
        raise PermissionDenied(_("Sit down at a counter first."))
    material, reason = request.POST.get("material", ""), request.POST.get("reason", "")
    try:
        extra_asks.ask_for_more(
            found, material=material, reason=reason, clerk=request.user, centre=counter.centre,
            ticket=_ticket_here(request.user),
        )  # fmt: skip
    except DomainError as error:
        compared = services.compare_with_today(found)
        context = {
            "nav_current": "notice", "code": found.code, "notice": found, "spoken": services.spoken_code(found),
            "fingerprint": services.fingerprint(found), "compared": compared, "columns": _columns(compared),
            "ticket": _ticket_here(request.user), "material": material, "reason": reason, "more_problem": str(error),
        }  # fmt: skip
        return render(request, "desk/notice.html", context, status=422)
    messages.success(request, _("Written down. The duty supervisor sees it."))
    return redirect(f"{reverse('desk_notice')}?code={found.code}")


@never_cache
@login_required
@require_GET
def extras(request: StaffRequest) -> HttpResponse:
    """What was asked for beyond notices, for the duty supervisor and the centre's manager."""
    if not rights.has_role(request.user, SUPERVISORS):
        raise PermissionDenied(_("This list is for the duty supervisor. Ask the centre's manager for the role."))
    found = extra_asks.extras_at(rights.places_for(request.user, SUPERVISORS))
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    lines = [extra_asks.line_of(ask) for ask in page]
    return render(request, "desk/extras.html", {"page": page, "lines": lines, "nav_current": "extras"})
