"""What the CMS gets for editors: home panel, reports, "I have checked it", warnings after saving, a way back, bounds."""

from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button
from wagtail.models import Page
from wagtail.permissions import policy_registry

from content.editing import reports, views
from content.editing.checks import findings_of
from content.editing.home import AttentionPanel
from content.editing.reach import reach_of
from content.editing.viewsets import BoundDelete, former_revision
from content.items.models import ItemEdition, ServiceItem
from portal.base.accounts.models import User
from portal.base.accounts.requests import StaffRequest

TOLD_AT_ONCE = 3

hooks.register("register_bulk_action", BoundDelete, order=100)


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    actions.register_action("linban.checked", gettext_lazy("Found right"), gettext_lazy("Found right"))
    actions.register_action(
        "linban.escalated", gettext_lazy("Deputy told"), gettext_lazy("The deputy was told: the check is late")
    )


@hooks.register("insert_global_admin_css")
def colors() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("editing/cms.css"))


@hooks.register("construct_homepage_panels")
def attention(request: HttpRequest, panels: list[Any]) -> None:
    panels.append(AttentionPanel())


@hooks.register("register_admin_urls")
def admin_urls() -> list[Any]:
    return [
        path("reports/attention/", reports.AttentionReport.as_view(), name="editing_attention"),
        path(
            "reports/attention/results/",
            reports.AttentionReport.as_view(results_only=True),
            name="editing_attention_results",
        ),
        path("items/<int:pk>/checked/", views.check_item, name="editing_check"),
    ]


class DistrictMenuItem(MenuItem):
    """Shown to the district's editors alone."""

    def is_shown(self, request: StaffRequest) -> bool:
        return reach_of(request.user).is_district


@hooks.register("register_reports_menu_item")
def attention_menu() -> MenuItem:
    return DistrictMenuItem(
        gettext_lazy("Items to look at"), reverse("editing_attention"), name="attention", icon_name="glasses", order=50
    )


@hooks.register("construct_reports_menu")
def hide_page_types(request: StaffRequest, items: list[MenuItem]) -> None:
    if not reach_of(request.user).is_district:
        items[:] = [item for item in items if item.name != "page-types-usage"]


@hooks.register("construct_page_chooser_queryset")
def bound_page_chooser(pages: QuerySet[Page], request: StaffRequest) -> QuerySet[Page]:
    """What is published may be linked to by everybody; drafts only by those who may work on them."""
    if reach_of(request.user).is_district or request.user.is_superuser:
        return pages
    policy = policy_registry.get_by_type(Page)
    own = policy.explorable_instances(request.user).values("pk")
    return pages.filter(Q(live=True) | Q(pk__in=own))


# --- after saving -------------------------------------------------------------------------------------------------


def warn(request: HttpRequest, row: Model, edit_url: str) -> None:
    """Say what the checks found, shortly, with the way to it; nothing when they found nothing."""
    findings = findings_of(row)
    if not findings:
        return
    told = "；".join(f"{finding.label} {finding.message}".strip() for finding in findings[:TOLD_AT_ONCE])
    more = len(findings) - TOLD_AT_ONCE
    sentence = _("Saved. Have a look: %s") % told
    if more > 0:
        sentence += " " + ngettext("and %(count)s more.", "and %(count)s more.", more) % {"count": more}
    messages.warning(request, sentence, buttons=[messages.button(edit_url, _("Look at it"))])


def _is_json(request: HttpRequest) -> bool:
    # Wagtail's autosave asks for JSON every few seconds: it is not the moment to warn.
    return "application/json" in request.headers.get("accept", "")


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def warn_of_snippet(request: HttpRequest, row: Any) -> None:
    if not _is_json(request) and hasattr(type(row), "snippet_viewset"):
        latest = row.get_latest_revision_as_object() if hasattr(row, "get_latest_revision_as_object") else row
        url = reverse(type(row).snippet_viewset.get_url_name("edit"), args=(quote(row.pk),))
        warn(request, latest, url)


@hooks.register("after_create_page")
@hooks.register("after_edit_page")
def warn_of_page(request: HttpRequest, page: Page) -> None:
    if not _is_json(request):
        warn(request, page, reverse("wagtailadmin_pages:edit", args=[page.pk]))


@hooks.register("after_publish_page")
def offer_way_back(request: HttpRequest, page: Page) -> None:
    former = former_revision(page)
    if former is not None and not _is_json(request):
        url = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, former.pk])
        messages.success(
            request,
            _("What was there before is kept."),
            buttons=[messages.button(url, _("Put the former version back"))],
        )


# --- in lists and forms -------------------------------------------------------------------------------------------


@hooks.register("register_snippet_listing_buttons")
def checked_button(row: Any, user: User, next_url: str | None = None) -> Any:
    """ "I have checked it" beside every item and edition."""
    item = row if isinstance(row, ServiceItem) else row.item if isinstance(row, ItemEdition) else None
    if item is not None and policy_registry.get(item).user_has_permission_for_instance(user, "change", item):
        url = reverse("editing_check", args=[item.pk])
        yield Button(_("I have checked it"), url=url, priority=15, icon_name="check")
