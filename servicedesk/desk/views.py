"""The desk's HTTP edge: sitting down, the desk itself, cases, uploads and previews."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.base.accounts.requests import StaffRequest
from portal.base.errors import DomainError
from portal.base.places import services as places
from portal.base.places.models import Counter
from portal.base.rights import services as rights
from portal.base.streams import services as streams
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, CasePage, FilledForm
from servicedesk.desk import access
from servicedesk.printouts import services as printouts


@never_cache
@login_required
@require_GET
def desk(request: StaffRequest) -> HttpResponse:
    """The clerk's screen; whoever has not sat down yet chooses a counter first."""
    access.require_desk(request.user)
    counter = access.counter_of(request.user)
    if counter is None:
        return render(request, "desk/choose_counter.html", {"counters": access.free_counters(request.user)})
    context = {"counter": counter, "desk_place": counter.centre.name, "desk_window": _("Window %d") % counter.number}
    return render(request, "desk/desk.html", context)


@login_required
@require_POST
def sit(request: StaffRequest) -> HttpResponse:
    """Sit down at a free counter."""
    counter = get_object_or_404(
        Counter.objects.select_related("centre"), pk=request.POST.get("counter"), is_active=True
    )
    rights.require(request.user, rights.DESK_ROLES, counter.centre)
    try:
        places.sit_down(counter, clerk=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk")


@login_required
@require_POST
def leave(request: StaffRequest) -> HttpResponse:
    """Leave the counter; refused while a ticket is there."""
    access.require_desk(request.user)
    counter = access.counter_of(request.user)
    if counter is not None:
        try:
            places.leave_counter(counter, clerk=request.user)
        except DomainError as error:
            messages.error(request, str(error))
    return redirect("desk")


@login_required
@require_GET
def case_list(request: StaffRequest) -> HttpResponse:
    """The cases that the account's places reach, newest first, found by number."""
    access.require_reader(request.user)
    centres = rights.places_for(request.user, access.CASE_READERS)
    found = Case.objects.filter(centre__in=centres).select_related("item", "centre", "clerk").order_by("-opened_at")
    query = request.GET.get("q", "").strip()[:64]
    if query:
        found = found.filter(number__iexact=query) | found.filter(external_number__iexact=query)
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    return render(request, "desk/cases.html", {"page": page, "query": query, "nav_current": "cases"})


@login_required
@require_POST
def attach_result(request: StaffRequest, case_id: str) -> HttpResponse:
    """A result PDF for the case, uploaded by the clerk."""
    case = get_object_or_404(Case.objects.select_related("centre", "ticket"), pk=case_id)
    rights.require(request.user, rights.DESK_ROLES, case.centre)
    upload = request.FILES.get("pdf")
    if upload is None or (upload.size or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return HttpResponse(_("Choose a PDF of at most 12 MB."), status=400, content_type="text/plain; charset=utf-8")
    title = request.POST.get("title", "").strip()[:120] or case.item.name
    try:
        cases.attach_result(case, pdf=upload.read(), title=title, clerk=request.user, actor=f"user:{request.user.pk}")
    except DomainError as error:
        return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
    streams.bump(f"centre:{case.centre.code}")
    return HttpResponse(status=204)


@never_cache
@login_required
@require_GET
def page_image(request: StaffRequest, page_id: str) -> HttpResponse:
    """A captured page; each look is journalled."""
    page = get_object_or_404(CasePage.objects.select_related("case__centre", "case__applicant"), pk=page_id)
    access.require_case(request.user, page.case)
    jpeg = cases.open_page(page, actor=f"user:{request.user.pk}")
    return HttpResponse(jpeg, content_type="image/jpeg")


@never_cache
@login_required
@require_GET
def form_pdf(request: StaffRequest, form_id: str) -> HttpResponse:
    """The form as it would be printed now."""
    form = get_object_or_404(FilledForm.objects.select_related("case__centre", "case__applicant"), pk=form_id)
    access.require_case(request.user, form.case)
    response = HttpResponse(printouts.form_pdf(form), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{form.case.number}.pdf"'
    return response
