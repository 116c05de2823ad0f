"""The socket of the media nodes."""

from django.urls import path

from servicedesk.remote.consumers import NodeConsumer

websocket_urlpatterns = [path("ws/node/", NodeConsumer.as_asgi())]
