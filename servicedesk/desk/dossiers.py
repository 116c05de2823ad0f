"""The auditor's room: sealed dossiers, opened under a reason that is journalled."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.base.accounts.requests import StaffRequest
from portal.base.journal import services as journal
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.desk import timeline
from servicedesk.remote import dossier as dossiers
from servicedesk.remote import playback, verification
from servicedesk.remote.models import Dossier

AUDIT_ROLES = (Role.AUDITOR,)
REASONS = {
    "complaint": gettext_lazy("A complaint"),
    "inspection": gettext_lazy("A planned inspection"),
    "dispute": gettext_lazy("A dispute about a case"),
    "request": gettext_lazy("The resident's own request"),
}


class ReasonForm(forms.Form):
    """Why a recording is opened."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=list(REASONS.items()),
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference"), max_length=60, help_text=gettext_lazy("The number of the complaint or order.")
    )


@login_required
@require_GET
def dossier_list(request: StaffRequest) -> HttpResponse:
    """The sealed dossiers of the places that the auditor reaches."""
    if not rights.has_role(request.user, AUDIT_ROLES):
        raise PermissionDenied(_("Dossiers are opened by auditors only."))
    centres = rights.places_for(request.user, AUDIT_ROLES)
    found = Dossier.objects.filter(session__centre__in=centres).select_related("session__ticket", "session__centre")
    page = Paginator(found.order_by("-sealed_at"), 25).get_page(request.GET.get("page"))
    return render(request, "desk/dossiers.html", {"page": page})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def dossier_page(request: StaffRequest, session_id: str) -> HttpResponse:
    """One dossier: whether it holds; the recording plays after a reason was given."""
    dossier = _reach(request, session_id)
    form = ReasonForm(request.POST or None)
    may_play = False
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            journal.append(
                ("session", dossier.session_id), action="view_recording", actor=f"user:{request.user.pk}",
                place=dossier.session.centre, reason=form.cleaned_data["reason"], text=form.cleaned_data["reference"],
            )  # fmt: skip
        request.session[f"dossier:{dossier.session_id}"] = True
        may_play = True
    folder = dossiers.folder_of(dossier.session)
    is_forgotten = dossiers.is_forgotten(dossier.session)
    entries = journal.entries_for(("session", dossier.session_id))
    actors = timeline.actors_of(entries)
    context = {
        "dossier": dossier,
        "session": dossier.session,
        "is_forgotten": is_forgotten,
        "faults": [] if is_forgotten else verification.faults_of(folder, bytes(dossier.key.public)),
        "form": form,
        "may_play": may_play or request.session.get(f"dossier:{dossier.session_id}", False),
        "pictures": playback.pictures_of(dossier.session),
        "entries": [
            (entry, timeline.text_of(entry), REASONS.get(entry.reason, ""), actors[entry.actor]) for entry in entries
        ],
    }
    return render(request, "desk/dossier.html", context)


@never_cache
@login_required
@require_GET
def recording(request: StaffRequest, session_id: str, picture: str) -> HttpResponse | FileResponse:
    """Both voices with one of the pictures; only after a reason was given in this sign-in."""
    dossier = _reach(request, session_id)
    if not request.session.get(f"dossier:{dossier.session_id}"):
        raise PermissionDenied(_("Give the reason first."))
    if picture not in playback.pictures_of(dossier.session) or dossiers.is_forgotten(dossier.session):
        raise Http404
    try:
        film = playback.joined(dossier.session, picture=picture)
    except (playback.SealBroken, playback.JoinFailed, ValueError):
        sentence = _("This recording cannot be played: it was changed or is not whole. The dossier says what is wrong.")
        return HttpResponse(sentence, status=409, content_type="text/plain; charset=utf-8")
    return FileResponse(film, content_type="video/webm")


def _reach(request: StaffRequest, session_id: str) -> Dossier:
    found = Dossier.objects.select_related("session__centre", "session__ticket", "key")
    dossier = get_object_or_404(found, pk=session_id)
    rights.require(request.user, AUDIT_ROLES, dossier.session.centre)
    return dossier
