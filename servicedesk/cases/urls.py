"""How far is my case: by the code on a slip, or by number and a code sent by message."""

from django.urls import path

from servicedesk.cases import views

urlpatterns = [
    path("", views.track, name="track"),
    path("t/<str:code>/", views.ticket_progress, name="track_ticket"),
    path("c/<str:code>/", views.case_progress, name="track_case"),
    path("code/", views.enter_code, name="track_code"),
]
