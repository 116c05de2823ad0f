"""Addresses of the content half beside its Wagtail pages; included with the language prefix."""

from django.urls import include, path

from content.guides import views as guides
from content.points import views as points
from content.search import views as search

urlpatterns = [
    path("life/", guides.life_list, name="life"),
    path("life/<slug:key>/", guides.life_event, name="life_event"),
    path("points/", points.point_list, name="points"),
    path("points/items/", points.choose_item, name="points_choose_item"),
    path("points/leaflet/", points.leaflet, name="points_leaflet"),
    path("points/<str:code>/", points.point_page, name="point"),
    path("points.geojson", points.points_geojson, name="points_geojson"),
    path("points/outline.geojson", points.points_outline, name="points_outline"),
    path("", include("content.bulletin.urls")),
    path("search/", search.search, name="search"),
    path("search/suggestions/", search.suggestions, name="search_suggestions"),
]
