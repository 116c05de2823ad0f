"""Import and export in the CMS: upload, see what differs, confirm, report, take back; for editors of the whole district."""

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem

from content.editing.policies import may_publish
from content.items import import_runs
from content.items.exporting import export_bytes
from content.items.files import MAX_BYTES
from content.items.import_states import ImportState
from content.items.models import ImportRun, ItemEdition
from portal.base.accounts.models import User
from portal.base.errors import DomainError
from portal.base.places.models import Place
from portal.base.rights import services as rights
from portal.base.rights.models import Role

SUFFIXES = (".json", ".xlsx")
SHOWN_CHANGES = 500
TYPES = {
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def may_import(user: User) -> bool:
    """An import touches every subdistrict, so its editor's role must reach the whole district; who approves may look."""
    if not user.is_active:
        return False
    above = (Place.Level.CITY, Place.Level.DISTRICT)
    is_editor = user.is_superuser or rights.places_for(user, (Role.EDITOR,)).filter(level__in=above).exists()
    return is_editor or may_write(user)


def may_write(user: User) -> bool:
    """What an import writes is published at once, and so is what is put back: it takes the right to publish."""
    return may_publish(user, ItemEdition)


def _require_writer(request: HttpRequest) -> User:
    user = _require(request)
    if not may_write(user):
        raise PermissionDenied(_("What an import writes is published at once. Ask who approves the district's guides."))
    return user


def _require(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not may_import(user):
        raise PermissionDenied(_("Importing touches all subdistricts. Ask an editor of the whole district."))
    return user


class ImportsMenuItem(MenuItem):
    """Hidden from those who may not import."""

    def is_shown(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and may_import(request.user)


@require_admin_access
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The last imports, the upload, the exports."""
    user = _require(request)
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        error = _upload_error(upload)
        if not error and upload is not None:
            run = import_runs.begin(file_name=Path(upload.name or "items").name, data=upload.read(), user=user)
            return redirect("items_import", run.pk)
    context = {"runs": import_runs.latest_runs(), "error": error, "header_title": _("Import and export items")}
    return TemplateResponse(request, "items/admin/imports.html", context, status=422 if error else 200)


def _upload_error(upload: Any) -> str:
    if upload is None:
        return _("Choose a file first.")
    if Path(upload.name).suffix.lower() not in SUFFIXES:
        return _("Only .json and .xlsx files can be imported.")
    if upload.size > MAX_BYTES:
        return _("The file is larger than 30 MB. Split it.")
    return ""


def _run(request: HttpRequest, run_id: Any) -> ImportRun:
    _require(request)
    return get_object_or_404(ImportRun.objects.select_related("by", "undone_by").defer("content"), pk=run_id)


@require_admin_access
@require_safe
def import_run(request: HttpRequest, run_id: Any) -> HttpResponse:
    """What an import would change or has changed, its faults by cell, and what can be done with it now."""
    run = _run(request, run_id)
    done, total = import_runs.progress_of(run)
    faults = [fault for fault in run.faults if not fault["is_warning"]]
    context = {
        "run": run,
        "is_working": run.state in (ImportState.WAITING, ImportState.WRITING),
        "done": done,
        "total": total,
        "faults": faults,
        "warnings": [fault for fault in run.faults if fault["is_warning"]],
        "added": [change for change in run.changes if change["before"] is None][:SHOWN_CHANGES],
        "changed": [change for change in run.changes if change["before"] is not None][:SHOWN_CHANGES],
        "more": max(0, len(run.changes) - SHOWN_CHANGES),
        "names": import_runs.names_of(import_runs.touched_item_keys(run)) if run.state == ImportState.WRITTEN else {},
        "can_confirm": run.state == ImportState.CHECKED and bool(run.changes),
        "can_undo": run.state == ImportState.WRITTEN,
        "may_write": may_write(_require(request)),
        "header_title": run.file_name,
    }
    response = TemplateResponse(request, "items/admin/import_run.html", context)
    if context["is_working"]:
        # The page looks again by itself until the work is done; it needs no script for that.
        response["Refresh"] = "2"
    return response


@require_admin_access
@require_POST
def confirm(request: HttpRequest, run_id: Any) -> HttpResponse:
    """Have a checked import written."""
    run = _run(request, run_id)
    try:
        import_runs.confirm(run, user=_require_writer(request))
    except DomainError as refused:
        messages.error(request, str(refused))
    return redirect("items_import", run.pk)


@require_admin_access
@require_POST
def undo(request: HttpRequest, run_id: Any) -> HttpResponse:
    """Take a written import back as a whole."""
    run = _run(request, run_id)
    try:
        stayed = import_runs.undo(run, user=_require_writer(request))
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        sentence = _("The import of %s is taken back. To have it once more, import the file again.")
        messages.success(request, sentence % run.file_name)
        if stayed:
            messages.warning(request, _("In use, so it stays: %s") % _("; ").join(stayed))
    return redirect("items_import", run.pk)


@require_admin_access
@require_safe
def export(request: HttpRequest, suffix: str) -> HttpResponse:
    """All published items as a file that can be imported again."""
    _require(request)
    if f".{suffix}" not in SUFFIXES:
        raise Http404
    try:
        data, _count = export_bytes(f".{suffix}")
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect("items_imports")
    name = f"items-{timezone.localdate():%Y-%m-%d}.{suffix}"
    response = HttpResponse(data, content_type=TYPES[f".{suffix}"])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


urlpatterns = [
    path("imports/", imports, name="items_imports"),
    path("imports/export.<str:suffix>", export, name="items_export"),
    path("imports/<uuid:run_id>/", import_run, name="items_import"),
    path("imports/<uuid:run_id>/confirm/", confirm, name="items_import_confirm"),
    path("imports/<uuid:run_id>/undo/", undo, name="items_import_undo"),
]
