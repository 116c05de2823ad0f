"""Outgoing messages that were given up, for system administrators."""

from django.urls import path

from portal.base.outbox import views

urlpatterns = [
    path("", views.dead_letters, name="outbox"),
    path("<uuid:message_id>/again/", views.send_again, name="outbox_again"),
]
