"""The points' entry in the CMS: its addresses and its place in the menu, for those whose role reaches a place."""

from django.http import HttpRequest
from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from content.points.cms_views import within_reach


@hooks.register("register_admin_urls")
def points_urls() -> list:
    return [path("points/", include("content.points.cms_urls"))]


class PointsMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return within_reach(request.user).exists()  # type: ignore[arg-type]


@hooks.register("register_admin_menu_item")
def points_menu_item() -> MenuItem:
    return PointsMenuItem(_("Service points"), reverse("points_cms:index"), icon_name="site", order=160, name="points")
