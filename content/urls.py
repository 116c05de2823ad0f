"""Addresses of the content half beside its Wagtail pages; included with the language prefix."""

from django.urls import include, path
from django.views.decorators.cache import never_cache

from content.guides import views as guides
from content.notices import views as notices
from content.notices.wizard import NoticeWizard
from content.points import views as points
from content.search import views as search

# Its pages carry a session and a form: nothing in front may keep them.
ask = never_cache(NoticeWizard.as_view(url_name="notice_question", done_step_name="done"))

urlpatterns = [
    path("guides/<slug:key>/notice/", ask, name="notice_start"),
    path("guides/<slug:key>/notice/<slug:step>/", ask, name="notice_question"),
    path("notices/<slug:token>/", notices.notice_page, name="notice"),
    path("notices/<slug:token>.pdf", notices.notice_pdf, name="notice_pdf"),
    path("notices/<slug:token>.json", notices.notice_json, name="notice_json"),
    path("life/", guides.life_list, name="life"),
    path("life/<slug:key>/", guides.life_event, name="life_event"),
    path("points/", points.point_list, name="points"),
    path("points/rows/", points.point_rows, name="points_rows"),
    path("points/items/", points.choose_item, name="points_choose_item"),
    path("points/leaflet/", points.leaflet, name="points_leaflet"),
    path("points/<str:code>/", points.point_page, name="point"),
    path("points.geojson", points.points_geojson, name="points_geojson"),
    path("points/outline.geojson", points.points_outline, name="points_outline"),
    path("", include("content.bulletin.urls")),
    path("search/", search.search, name="search"),
    path("search/suggestions/", search.suggestions, name="search_suggestions"),
]
