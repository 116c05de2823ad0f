"""Reports for editors: items to look at; and Wagtail's own history, bounded to what an editor reaches."""

from typing import Any

import django_filters
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import ContentTypeFilter, FilteredModelChoiceFilter, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.admin.views.reports.audit_logging import LogEntriesView, SiteHistoryReportFilterSet
from wagtail.admin.views.reports.page_types_usage import PageTypesUsageReportView
from wagtail.admin.views.reports.workflows import (
    WorkflowReportFilterSet,
    WorkflowTasksReportFilterSet,
    WorkflowTasksView,
    WorkflowView,
)
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.log_actions import registry as log_registry
from wagtail.models import BaseLogEntry, ModelLogEntry, Page, Task, Workflow
from wagtail.models.audit_log import LogEntryQuerySet
from wagtail.permissions import policy_registry
from wagtail.snippets.models import get_snippet_models

from content.editing import services
from content.editing.checks import CODES
from content.editing.home import KINDS, is_of_kind
from content.editing.reach import editors, reach_of
from content.editing.viewsets import SEEING
from content.items.models import Line, ServiceItem
from portal.base.accounts.models import User
from portal.base.accounts.requests import StaffRequest


class DistrictOnly:
    """A report about the district's own things."""

    def dispatch(self, request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not reach_of(request.user).is_district:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class AttentionFilter(WagtailFilterSet):
    """Why an item is on the list, whose it is, which line it belongs to."""

    kind = django_filters.ChoiceFilter(label=gettext_lazy("Why"), choices=KINDS, method="by_state")
    code = django_filters.ChoiceFilter(
        label=gettext_lazy("Words to look at"), choices=list(CODES.items()), method="by_state"
    )
    line = django_filters.ModelChoiceFilter(queryset=Line.objects.all(), label=gettext_lazy("line of business"))
    owner = django_filters.ModelChoiceFilter(
        queryset=lambda request: User.objects.filter(pk__in=[user.pk for user in editors()]),
        label=gettext_lazy("owner"),
    )

    class Meta:
        model = ServiceItem
        fields = ["kind", "code", "line", "owner"]

    def by_state(self, rows: QuerySet[ServiceItem], name: str, value: str) -> QuerySet[ServiceItem]:
        user_id = self.request.user.pk
        states = services.item_states(rows)
        if name == "kind":
            kept = [state.item.pk for state in states if is_of_kind(state, value, user_id=user_id)]
        else:
            kept = [state.item.pk for state in states if any(found.code == value for found in state.findings)]
        return rows.filter(pk__in=kept)


class AttentionReport(DistrictOnly, ReportView):
    """Items, each with why it asks for attention; filterable and exportable."""

    page_title = gettext_lazy("Items to look at")
    header_icon = "glasses"
    index_url_name = "editing_attention"
    index_results_url_name = "editing_attention_results"
    filterset_class = AttentionFilter
    model = ServiceItem
    paginate_by = 50
    columns = [
        TitleColumn("name", label=gettext_lazy("item"), get_url=lambda row: reverse("editing_check", args=[row.pk])),
        Column("line", label=gettext_lazy("line of business"), accessor="line.display_name"),
        Column("owner", label=gettext_lazy("owner")),
        Column("review_due", label=gettext_lazy("to be checked by")),
        Column("why", label=gettext_lazy("Why"), accessor="why"),
    ]
    list_export = ["key", "name", "line.name", "owner", "deputy", "review_due", "checked_at", "why"]
    export_headings = {
        "key": gettext_lazy("key"),
        "name": gettext_lazy("item"),
        "line.name": gettext_lazy("line of business"),
        "owner": gettext_lazy("owner"),
        "deputy": gettext_lazy("deputy"),
        "review_due": gettext_lazy("to be checked by"),
        "checked_at": gettext_lazy("last found right"),
        "why": gettext_lazy("Why"),
    }

    def get_filename(self) -> str:
        return "items-to-look-at"

    def get_queryset(self) -> QuerySet[ServiceItem]:
        rows = ServiceItem.objects.filter(is_active=True).select_related("line", "owner", "deputy")
        return rows.order_by("review_due", "-frequency", "key")

    def decorate_paginated_queryset(self, rows: Any) -> Any:
        _explain(list(rows))
        return rows

    def stream_csv(self, queryset: Any) -> Any:
        return super().stream_csv(_explained(queryset))

    def write_xlsx(self, queryset: Any, output: Any) -> Any:
        return super().write_xlsx(_explained(queryset), output)


def _explained(rows: Any) -> list[ServiceItem]:
    found = list(rows)
    _explain(found)
    return found


def _explain(rows: list[ServiceItem]) -> None:
    """Give each item the sentence that says why it is here."""
    states = services.item_states(ServiceItem.objects.filter(pk__in=[row.pk for row in rows]))
    reasons = {state.item.pk: why(state) for state in states}
    for row in rows:
        row.why = reasons.get(row.pk, "")  # type: ignore[attr-defined]


def why(state: services.ItemState) -> str:
    """All that asks for attention in one line."""
    parts = []
    if state.is_due:
        parts.append(_("to be checked now"))
    if state.is_unowned:
        parts.append(_("no owner"))
    if state.changed_elsewhere:
        parts.append(_("changed elsewhere: %s") % "、".join(state.changed_elsewhere))
    if state.missing:
        parts.append(_("missing: %s") % "、".join(state.missing))
    if state.findings:
        codes = dict.fromkeys(finding.code for finding in state.findings)
        parts.append("、".join(str(CODES[code]) for code in codes))
    if state.has_draft:
        parts.append(_("a draft waits"))
    if state.scheduled_for:
        parts.append(_("changes on %s") % state.scheduled_for.isoformat())
    return "；".join(parts)


class DistrictPageTypes(DistrictOnly, PageTypesUsageReportView):
    """Wagtail's count of page types names the page of each that was edited last, whoever's it is."""


# Looking down the tree to one's own section shows the pages above; working on a page is more than that.
WORKING_ON_PAGES = ("add", "change", "publish", "lock", "unlock")


def entries_of(user: User, log_model: type[BaseLogEntry]) -> LogEntryQuerySet:
    """Log entries of one kind about what an account works on; all of them for the district's editors."""
    if reach_of(user).is_district or user.is_superuser:
        return log_model.objects.viewable_by_user(user)
    if log_model is ModelLogEntry:
        return ModelLogEntry.objects.filter(_own_rows(user))
    return log_model.objects.viewable_by_user(user).filter(page__in=_own_pages(user).values("pk"))


def _own_pages(user: User) -> QuerySet[Page]:
    return policy_registry.get_by_type(Page).instances_user_has_any_permission_for(user, WORKING_ON_PAGES)


def _all_entries_of(user: User) -> list[LogEntryQuerySet]:
    return [entries_of(user, log_model) for log_model in log_registry.get_log_entry_models()]


class BoundHistoryFilter(SiteHistoryReportFilterSet):
    """Offers only accounts, kinds and actions that stand in the entries themselves."""

    object_type = ContentTypeFilter(
        label=gettext_lazy("Type"),
        method="filter_object_type",
        queryset=lambda request: ContentType.objects.filter(
            pk__in=set().union(*(rows.get_content_type_ids() for rows in _all_entries_of(request.user)))
        ).order_by("model"),
    )

    def get_action_choices(self) -> list[tuple[str, Any]]:
        actions = set().union(*(rows.get_actions() for rows in _all_entries_of(self.request.user)))
        return [choice for choice in log_registry.get_choices() if choice[0] in actions]

    def get_users_queryset(self) -> QuerySet[User]:
        ids = set().union(*(rows.get_user_ids() for rows in _all_entries_of(self.request.user)))
        return User.objects.filter(pk__in=ids).order_by("username")


class BoundHistoryReport(LogEntriesView):
    """Wagtail's history of the site, with the entries about what an editor works on alone."""

    filterset_class = BoundHistoryFilter

    def get_filtered_queryset(self) -> Any:
        queryset = None
        self.log_models = list(log_registry.get_log_entry_models())
        for index, log_model in enumerate(self.log_models):
            rows = entries_of(self.request.user, log_model).values("pk", "timestamp")
            rows = rows.annotate(log_model_index=Value(index, output_field=IntegerField()))
            entries = self.filter_queryset(rows).order_by()
            queryset = entries if queryset is None else queryset.union(entries, all=True)
        assert queryset is not None, "Wagtail always logs pages"
        return queryset.order_by("-timestamp")


def _own_rows(user: User) -> Q:
    """Log entries about rows that an account may work on, and about files of its collections."""
    bound = Q(pk__in=[])
    for model in [*get_snippet_models(), get_image_model(), get_document_model()]:
        is_file = model in (get_image_model(), get_document_model())
        rows = policy_registry.get_by_type(model).instances_user_has_any_permission_for(
            user, ["change", "delete"] if is_file else SEEING
        )
        ids = rows.annotate(as_text=Cast("pk", CharField())).values("as_text")
        bound |= Q(content_type=ContentType.objects.get_for_model(model), object_id__in=ids)
    return bound


def workflows_of(request: HttpRequest) -> QuerySet[Workflow]:
    """The workflows of what an account works on; all of them for the district's editors."""
    if not isinstance(request.user, User) or reach_of(request.user).is_district or request.user.is_superuser:
        return Workflow.objects.all()
    return Workflow.objects.filter(workflow_pages__page__in=_own_pages(request.user).values("pk")).distinct()


def tasks_of(request: HttpRequest) -> QuerySet[Task]:
    """The tasks of these workflows."""
    return Task.objects.filter(workflow_tasks__workflow__in=workflows_of(request).values("pk")).distinct()


class BoundWorkflowFilter(WorkflowReportFilterSet):
    """Offers only the workflows of what an account works on."""

    workflow = django_filters.ModelChoiceFilter(queryset=workflows_of, label=gettext_lazy("Workflow"))


class BoundTaskFilter(WorkflowTasksReportFilterSet):
    """Offers only the workflows and tasks of what an account works on."""

    workflow = django_filters.ModelChoiceFilter(
        field_name="workflow_state__workflow", queryset=workflows_of, label=gettext_lazy("Workflow")
    )
    task = FilteredModelChoiceFilter(queryset=tasks_of, filter_field="id_workflow", filter_accessor="workflows")


class BoundWorkflowReport(WorkflowView):
    """Wagtail's report of what waits for approval; its rows are bounded already, its filter was not."""

    filterset_class = BoundWorkflowFilter


class BoundTaskReport(WorkflowTasksView):
    """The same, task by task."""

    filterset_class = BoundTaskFilter
