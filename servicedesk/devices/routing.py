"""The sockets of the devices."""

from django.urls import path

from servicedesk.devices.consumers import BridgeConsumer

websocket_urlpatterns = [path("ws/bridge/", BridgeConsumer.as_asgi())]
