"""Addresses of the points' screens below /cms/points/."""

from django.urls import path

from content.points import cms_views as views

app_name = "points_cms"
urlpatterns = [
    path("", views.index, name="index"),
    path("add/", views.add, name="add"),
    path("holidays/", views.holiday_years, name="holidays"),
    path("export/<str:kind>/", views.export, name="export"),
    path("<str:code>/", views.edit, name="edit"),
    path("<str:code>/status/", views.status, name="status"),
    path("<str:code>/sign/<str:size>/", views.sign, name="sign"),
    path("<str:code>/status/undo/", views.undo, name="undo"),
    path("<str:code>/status/<int:change>/cancel/", views.cancel, name="cancel"),
]
