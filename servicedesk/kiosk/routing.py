"""The sockets of the kiosk's two screens."""

from django.urls import path

from servicedesk.kiosk.consumers import KioskConsumer
from servicedesk.kiosk.second import SecondScreenConsumer

websocket_urlpatterns = [
    path("ws/kiosk/", KioskConsumer.as_asgi()),
    path("ws/kiosk/second/", SecondScreenConsumer.as_asgi()),
]
