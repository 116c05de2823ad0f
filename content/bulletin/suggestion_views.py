"""The suggestion box in the CMS: the list, bounded to the editor's places, and one suggestion with its reply."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.reports import ReportView

from content.bulletin import services
from content.bulletin.contacts import MAIL, PHONE, SMS
from content.bulletin.models import Suggestion
from content.bulletin.states import TABLE, SuggestionState
from content.editing.reach import reach_of
from portal.base.accounts.requests import StaffRequest
from portal.base.errors import DomainError

STEPS = ("take", "answer", "close", "reopen")


class SuggestionFilter(WagtailFilterSet):
    class Meta:
        model = Suggestion
        fields = ["state", "topic", "has_contact"]


class SuggestionList(ReportView):
    """What came into the box, newest first."""

    page_title = gettext_lazy("Suggestion box")
    header_icon = "comment"
    index_url_name = "suggestion_list"
    index_results_url_name = "suggestion_results"
    filterset_class = SuggestionFilter
    model = Suggestion
    permission_required = "view"
    is_exportable = False
    columns = [
        TitleColumn("topic", label=gettext_lazy("subject"), accessor="get_topic_display",
                    get_url=lambda row: reverse("suggestion_detail", args=[row.pk])),
        Column("place", label=gettext_lazy("place")),
        Column("state", label=gettext_lazy("state"), accessor="get_state_display"),
        DateColumn("received_at", label=gettext_lazy("received"), width="15%"),
    ]  # fmt: skip

    def get_queryset(self) -> QuerySet[Suggestion]:
        bound = reach_of(self.request.user).bound("place")
        return Suggestion.objects.filter(bound).select_related("place").order_by("-received_at")


suggestion_list = SuggestionList.as_view()
suggestion_results = SuggestionList.as_view(results_only=True)


class ReplyForm(forms.Form):
    reply = forms.CharField(
        label=gettext_lazy("The reply"),
        help_text=gettext_lazy("Whoever has the code reads it. Write no name and no number into it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@require_admin_access
@require_http_methods(["GET", "HEAD", "POST"])
def suggestion_detail(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One suggestion; the contact is shown on demand, which is journalled."""
    suggestion = get_object_or_404(Suggestion.objects.select_related("place"), pk=pk)
    if not reach_of(request.user).covers(suggestion.place):
        raise PermissionDenied
    form = ReplyForm(request.POST or None, initial={"reply": suggestion.reply})
    contact = ""
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action == "show_contact":
            contact = services.show_contact(suggestion, user=request.user)
            form = ReplyForm(initial={"reply": suggestion.reply})
        elif action in STEPS and form.is_valid():
            try:
                services.move_suggestion(suggestion, action, user=request.user, reply=form.cleaned_data["reply"])
                messages.success(request, _told(suggestion) if action == "answer" else _("Noted."))
                return HttpResponseRedirect(reverse("suggestion_detail", args=[pk]))
            except ValueError as error:
                form.add_error("reply", str(error))
            except DomainError as error:
                form.add_error(None, str(error))
    return render(request, "bulletin/suggestion_detail.html", _context(suggestion, form, contact))


def _how_told(suggestion: Suggestion) -> str:
    """What pressing "reply" does for whoever wrote."""
    by_code = _("The reply is read at /suggestions/reply/ with the code.")
    way = services.way_to_tell(suggestion) if services.code_of(suggestion) else ""
    told: dict[str, str] = {
        SMS: _("Whoever wrote gets one message by telephone that there is a reply.") + " " + by_code,
        MAIL: _("Whoever wrote gets one message by mail that there is a reply.") + " " + by_code,
        PHONE: _("The number takes no messages: call it.") + " " + by_code,
    }
    return told.get(way, _("No message can be sent.") + " " + by_code)


def _told(suggestion: Suggestion) -> str:
    sent = services.code_of(suggestion) and services.way_to_tell(suggestion) in (SMS, MAIL)
    if sent:
        return _("The reply stands, and one message says so to whoever wrote.")
    return _("The reply stands. Whoever wrote looks it up with the code.")


def _context(suggestion: Suggestion, form: ReplyForm, contact: str) -> dict[str, Any]:
    labels = {
        "take": _("I am on it"),
        "answer": _("Reply"),
        "close": _("Close without a reply"),
        "reopen": _("Take it up again"),
    }
    state = SuggestionState(suggestion.state)
    return {
        "suggestion": suggestion,
        "text": services.text_of(suggestion),
        "contact": contact,
        "form": form,
        "code": services.code_of(suggestion),
        "how_told": _how_told(suggestion),
        "steps": [(step, labels[step]) for step in STEPS if (state, step) in TABLE],
        "breadcrumbs_items": [
            {"url": reverse("suggestion_list"), "label": _("Suggestion box")},
            {"url": "", "label": str(suggestion)},
        ],
        "page_title": str(suggestion),
        "header_icon": "comment",
    }
