"""The addresses by which a kiosk proves itself, below /kiosk/."""

from django.urls import path

from servicedesk.devices import views

urlpatterns = [
    path("device/nonce", views.nonce, name="device_nonce"),
    path("device/prove", views.prove, name="device_prove"),
]
