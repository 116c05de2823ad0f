"""Live fragments for content pages, which do not know the service desk."""

from django.urls import path

from servicedesk.kiosk import views

urlpatterns = [path("point/<str:code>/", views.point_fragment, name="live_point")]
