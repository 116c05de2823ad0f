"""The visible inbox; included only where DEMO is set."""

from django.urls import path

from portal.base.outbox import views

urlpatterns = [path("", views.inbox, name="inbox")]
