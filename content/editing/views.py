"""The page on which an editor says that an item is right."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.admin.auth import require_admin_access
from wagtail.permissions import policy_registry

from content.editing import services
from content.items.models import ServiceItem
from portal.base.accounts.requests import StaffRequest


@require_admin_access
@require_http_methods(["GET", "HEAD", "POST"])
def check_item(request: StaffRequest, pk: int) -> HttpResponse:
    """What there is to check of one item, and the button that says it was."""
    item = get_object_or_404(ServiceItem, pk=pk)
    if not policy_registry.get(item).user_has_permission_for_instance(request.user, "change", item):
        raise PermissionDenied
    if request.method == "POST":
        checked = services.mark_checked(item, user=request.user)
        messages.success(
            request,
            _("%(item)s is right as of today. It is due again on %(day)s.")
            % {"item": checked.name, "day": checked.review_due},
        )
        return HttpResponseRedirect(reverse("editing_attention") + "?kind=due")
    state = services.item_states(ServiceItem.objects.filter(pk=pk))[0]
    edition_url = reverse("wagtailsnippets_items_itemedition:edit", args=[state.edition.pk]) if state.edition else ""
    context = {
        "item": item,
        "state": state,
        "edition_url": edition_url,
        "page_title": item.name,
        "header_icon": "check",
        "breadcrumbs_items": [
            {"url": reverse("editing_attention"), "label": _("Items to look at")},
            {"url": "", "label": item.name},
        ],
    }
    return render(request, "editing/check_item.html", context)
