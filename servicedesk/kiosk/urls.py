"""The kiosk's pages."""

from django.urls import path

from servicedesk.kiosk import views

urlpatterns = [
    path("", views.main_screen, name="kiosk"),
    path("setup/", views.set_up, name="kiosk_setup"),
    path("second/", views.second_screen, name="kiosk_second"),
    path("booking/<str:token>/print/", views.print_booking, name="kiosk_print_booking"),
    path("capture/<str:token>/", views.receive_capture, name="kiosk_capture"),
]
