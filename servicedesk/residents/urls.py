"""The privacy notice's page."""

from django.urls import path

from servicedesk.residents import views

urlpatterns = [path("", views.privacy, name="privacy")]
