"""The sockets of the kiosk's two screens."""

from django.urls import re_path

from servicedesk.kiosk.consumers import KioskConsumer
from servicedesk.kiosk.second import SecondScreenConsumer

websocket_urlpatterns = [
    re_path(r"^ws/kiosk/$", KioskConsumer.as_asgi()),
    re_path(r"^ws/kiosk/second/$", SecondScreenConsumer.as_asgi()),
]
