"""The editors' list of searches that found nothing, in the CMS."""

from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from content.search import staff_views


@hooks.register("register_admin_urls")
def unfound_urls() -> list:
    return [
        path("searches/", staff_views.unfound_list, name="unfound_searches"),
        path("searches/<int:number>/", staff_views.settle_unfound, name="settle_unfound"),
    ]


class UnfoundMenuItem(MenuItem):
    """Shown to those who keep the items."""

    def is_shown(self, request) -> bool:
        return staff_views.may_add_words(request.user)


@hooks.register("register_reports_menu_item")
def unfound_menu_item() -> MenuItem:
    return UnfoundMenuItem(
        _("Searches that found nothing"), reverse("unfound_searches"), name="unfound", icon_name="search", order=900
    )
