"""The points in the CMS, bounded by the editor's places: which is open, fields and hours, status with its history."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from content.guides.models import PortalSettings
from content.items import services as items
from content.points import exporting, services, signs
from content.points import history as history_words
from content.points.cms_forms import DayRows, HolidaysForm, HoursRows, NewPointForm, PlaceForm, StatusForm
from portal.base.accounts.models import User
from portal.base.calendars import holidays
from portal.base.calendars.models import HolidayYear
from portal.base.errors import Changed
from portal.base.places import editing, record
from portal.base.places import services as places
from portal.base.places.errors import PlaceRefused
from portal.base.places.models import Place
from portal.base.rights import services as rights
from portal.base.rights.models import Role

EDITORS = (Role.EDITOR,)


def within_reach(user: User) -> QuerySet[Place]:
    """The places that an account may edit: below where it is an editor; all of them for the installation's owner."""
    return Place.objects.all() if user.is_superuser else rights.places_for(user, EDITORS)


def _own_place(request: HttpRequest, code: str) -> Place:
    place = services.get_place(code)
    if place is None:
        raise Http404
    if not request.user.is_superuser:  # type: ignore[union-attr]
        rights.require(request.user, EDITORS, place)  # type: ignore[arg-type]
    return place


def _require_editor(request: HttpRequest, *, district: bool = False) -> None:
    reach = within_reach(request.user)  # type: ignore[arg-type]
    if district:
        reach = reach.filter(level__in=(Place.Level.CITY, Place.Level.DISTRICT))
    if not reach.exists():
        raise PermissionDenied(_("Your role does not reach this place. Ask the centre's manager."))


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.pk}"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Which point is open, at a glance."""
    _require_editor(request)
    words, only = request.GET.get("q", "").strip()[:40], request.GET.get("only", "")
    found = services.shown_places().filter(pk__in=within_reach(request.user).values("pk"))  # type: ignore[arg-type]
    if words:
        found = found.filter(Q(name__icontains=words) | Q(code__icontains=words) | Q(address__icontains=words))
    rows = []
    states = services.statuses(found, timezone.now(), with_next=True)
    areas = {area.path: area.name for area in services.subdistricts()}
    for place in found:
        status = states[place.pk]
        if only == "open" and not status.is_open or only == "not_open" and status.is_open:
            continue
        area = areas.get(place.path[: -Place.steplen], "")
        rows.append({"place": place, "status": status, "area": area, "planned": len(places.planned_changes(place))})
    context = {"rows": rows, "words": words, "only": only, "kinds": list(exporting.FORMATS), "as_of": timezone.now()}
    return render(request, "points/cms/index.html", context)


def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Fields, weekly hours and exceptions of one place."""
    place = _own_place(request, code)
    form = PlaceForm(request.POST or None, instance=place)
    weekly = HoursRows(
        request.POST or None,
        prefix="hours",
        initial=[
            {
                "weekday": row.weekday,
                "nth": row.nth,
                "opens": row.opens,
                "closes": row.closes,
                "on_holidays": row.on_holidays,
            }
            for row in place.opening_intervals.all()
        ],
    )
    days = DayRows(
        request.POST or None,
        prefix="days",
        initial=[
            {"date": row.date, "opens": row.opens, "closes": row.closes, "reason": row.reason}
            for row in place.opening_exceptions.all()
        ],
    )
    refused = ""
    if request.method == "POST" and all([form.is_valid(), weekly.is_valid(), days.is_valid()]):
        intervals = [row.interval() for row in weekly]
        day_rows = [row.day_row() for row in days]
        try:
            editing.change_place(
                place,
                by=_actor(request),
                reason=form.cleaned_data["why"],
                fields=form.cleaned_data,
                hours=[row for row in intervals if row],
                exceptions=[row for row in day_rows if row],
            )
        except PlaceRefused as error:
            if error.field in form.fields:
                form.add_error(error.field, str(error))
            refused = str(error)
        else:
            messages.success(request, _("%(name)s was changed. The page shows it at once.") % {"name": place.name})
            return redirect("points_cms:edit", code=code)
    context = {"place": place, "form": form, "weekly": weekly, "days": days, "refused": refused}
    return render(request, "points/cms/edit.html", context)


def status(request: HttpRequest, code: str) -> HttpResponse:
    """A change of status with its reason; what lies ahead, and the history."""
    place = _own_place(request, code)
    others = Place.objects.filter(level__in=(Place.Level.POINT, Place.Level.CENTRE)).exclude(pk=place.pk)
    form = StatusForm(request.POST or None, others=others.order_by("path"), initial={"status": place.status})
    if request.method == "POST" and form.is_valid():
        try:
            places.change_status(
                place,
                form.cleaned_data["status"],
                reason=form.cleaned_data["reason"],
                by=_actor(request),
                starts_at=form.cleaned_data["starts_at"],
                until=form.cleaned_data["until"],
                moved_to=form.cleaned_data["moved_to"],
                moved_address=form.cleaned_data["moved_address"],
            )
        except PlaceRefused as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The status of %(name)s was changed.") % {"name": place.name})
            return redirect("points_cms:status", code=code)
    history = place.status_changes.exclude(applied_at__isnull=True, cancelled_at__isnull=True).select_related(
        "moved_to"
    )[:50]
    changed = record.latest_changes(place)
    names = names_of([*(change.changed_by for change in history), *(change.by for change in changed)])
    context = {
        "place": place,
        "form": form,
        "now": services.status_now(place, timezone.now()),
        "planned": places.planned_changes(place),
        "history": [{"change": change, "by": names.get(change.changed_by, change.changed_by)} for change in history],
        "changed": [
            {"change": change, "lines": history_words.lines_of(change), "by": names.get(change.by, change.by)}
            for change in changed
        ],
        "undo": places.change_to_undo(place),
    }
    return render(request, "points/cms/status.html", context)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Names of the accounts among the journal's actors, by actor."""
    ids = {actor.removeprefix("user:") for actor in actors if actor.startswith("user:")}
    return {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=ids)}


@require_POST
def cancel(request: HttpRequest, code: str, change: int) -> HttpResponse:
    """Take back a change that lies ahead."""
    place = _own_place(request, code)
    row = place.status_changes.filter(pk=change).first()
    if row is None:
        raise Http404
    try:
        places.cancel_change(row, by=_actor(request))
    except Changed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The change that lay ahead was taken back."))
    return redirect("points_cms:status", code=code)


@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Put back the status that held before the last change."""
    place = _own_place(request, code)
    expected = request.POST.get("change", "")
    try:
        places.undo_last_change(place, by=_actor(request), expected=int(expected) if expected.isdecimal() else None)
    except Changed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The last change was undone; the history keeps both."))
    return redirect("points_cms:status", code=code)


def add(request: HttpRequest) -> HttpResponse:
    """A new point, planned until somebody says that it is open."""
    _require_editor(request)
    own = within_reach(request.user).filter(level=Place.Level.SUBDISTRICT).order_by("path")  # type: ignore[arg-type]
    form = NewPointForm(request.POST or None, subdistricts=own)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            place = editing.add_point(
                fields["subdistrict"],
                code=fields["code"],
                kind=fields["kind"],
                name=fields["name"],
                by=_actor(request),
            )
        except PlaceRefused as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("%(name)s was added as planned. Fill in the rest.") % {"name": place.name})
            return redirect("points_cms:edit", code=place.code)
    return render(request, "points/cms/add.html", {"form": form})


@require_safe
def sign(request: HttpRequest, code: str, size: str) -> HttpResponse:
    """A poster (a4, a3) or a sheet of door signs for a point."""
    place = _own_place(request, code)
    if size not in signs.SIZES:
        raise Http404
    address = f"{settings.PORTAL_URL.rstrip('/')}{reverse('point', args=[code])}"
    look = PortalSettings.for_request(request)
    channel = items.channel_at(place)
    offered = len(items.items_for_place(place, channel)) if channel else 0
    poster = signs.sign_of(place, url=address, theme=look.theme, place_lines=look.place_lines, offered=offered)
    content = signs.sign_pdf(poster, size)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{code}-{size}.pdf"'
    return response


@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The places within reach as a file."""
    _require_editor(request)
    if kind not in exporting.FORMATS:
        raise Http404
    found = services.shown_places().select_related("moved_to").filter(pk__in=within_reach(request.user).values("pk"))  # type: ignore[arg-type]
    now = timezone.now()
    content = exporting.write_points(kind, exporting.point_rows(found), as_of=now)
    response = HttpResponse(content, content_type=exporting.FORMATS[kind])
    response["Content-Disposition"] = f'attachment; filename="points-{timezone.localdate():%Y%m%d}.{kind}"'
    return response


def holiday_years(request: HttpRequest) -> HttpResponse:
    """Which years are known, and the upload of another; for the district's editors, since all places go by it."""
    _require_editor(request, district=True)
    form = HolidaysForm(request.POST or None, request.FILES or None)
    faults: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            table = holidays.read_table(upload.name, upload.read(holidays.LARGEST_FILE + 1))
            year = holidays.load_holidays(table)
        except holidays.HolidayFileError as error:
            faults = error.sentences
        else:
            words = {"year": year.year, "count": year.days.count()}
            messages.success(request, _("%(year)s is loaded: %(count)s days.") % words)
            return redirect("points_cms:holidays")
    years = HolidayYear.objects.prefetch_related("days").order_by("-year")
    this_year = timezone.localdate().year
    missing = sorted({this_year, this_year + 1} - {year.year for year in years})
    context = {"form": form, "faults": faults, "years": years, "missing": missing}
    return render(request, "points/cms/holidays.html", context)
