"""The page by which a visit is rated from one's own telephone."""

from django.urls import path

from servicedesk.ratings import views

urlpatterns = [path("<str:token>/", views.rate, name="rate")]
