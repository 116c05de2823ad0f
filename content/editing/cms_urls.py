"""Wagtail's reports where they have to be bounded, and its scripts' words; these come before Wagtail's own addresses."""

from django.urls import path
from django.views.decorators.cache import never_cache
from wagtail.admin.auth import require_admin_access

from content.editing.reports import BoundHistoryReport, BoundTaskReport, BoundWorkflowReport, DistrictPageTypes
from content.editing.words import script_words


def _guarded(view: type, **kwargs: bool):
    return never_cache(require_admin_access(view.as_view(**kwargs)))  # type: ignore[attr-defined]


urlpatterns = [
    path("reports/site-history/", _guarded(BoundHistoryReport)),
    path("reports/site-history/results/", _guarded(BoundHistoryReport, results_only=True)),
    path("reports/page-types-usage/", _guarded(DistrictPageTypes)),
    path("reports/page-types-usage/results/", _guarded(DistrictPageTypes, results_only=True)),
    path("reports/workflow/", _guarded(BoundWorkflowReport)),
    path("reports/workflow/results/", _guarded(BoundWorkflowReport, results_only=True)),
    path("reports/workflow_tasks/", _guarded(BoundTaskReport)),
    path("reports/workflow_tasks/results/", _guarded(BoundTaskReport, results_only=True)),
    path("jsi18n/", script_words),
]
