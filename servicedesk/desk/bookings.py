"""The day's bookings of a centre and its points, and checking in by the code that somebody says."""

from datetime import date, datetime, time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.base.accounts.requests import StaffRequest
from portal.base.errors import DomainError
from portal.base.limits import limited
from portal.base.places.models import Place
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.booking import services as booking

READERS = (*rights.DESK_ROLES, Role.CENTRE_MANAGER)


@never_cache
@login_required
@require_GET
def day_list(request: StaffRequest) -> HttpResponse:
    """Who comes when: time, code and item alone. `?centre=` and `?day=` choose; else the first centre and today."""
    if not rights.has_role(request.user, READERS):
        raise PermissionDenied(_("Bookings are for the staff of the centre. Ask its manager for the role."))
    centres = list(rights.places_for(request.user, READERS).filter(level=Place.Level.CENTRE).order_by("path"))
    wanted = request.GET.get("centre", "")
    centre = next((row for row in centres if row.code == wanted), centres[0] if centres and not wanted else None)
    if centre is None:
        raise PermissionDenied(_("Your role reaches no such centre."))
    day = _day(request.GET.get("day", ""))
    context = {
        "centre": centre,
        "centres": centres,
        "day": day,
        "bookings": booking.on_day(centre, timezone.make_aware(datetime.combine(day, time(12)))),
        "may_check_in": rights.reaches(request.user, rights.DESK_ROLES, centre) and day == timezone.localdate(),
        "nav_current": "bookings",
    }
    return render(request, "desk/bookings.html", context)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()


@login_required
@limited("desk.check-in", limit=120, window_s=600)
@require_POST
def check_in(request: StaffRequest) -> HttpResponse:
    """Issue the ticket of the booking whose six digits are said at the centre."""
    centre = get_object_or_404(Place, code=request.POST.get("centre", "").replace("\0", ""), level=Place.Level.CENTRE)
    rights.require(request.user, rights.DESK_ROLES, centre)
    try:
        found = booking.find(request.POST.get("code", "")[:400], at=centre)
        ticket, is_new = booking.check_in(found, at=centre, actor=f"user:{request.user.pk}")
    except DomainError as error:
        messages.error(request, str(error))
    else:
        said = _("Checked in: number %s.") if is_new else _("This booking has its number already: %s.")
        messages.success(request, said % ticket.number)
    return redirect(f"{reverse('desk_bookings')}?centre={centre.code}")
