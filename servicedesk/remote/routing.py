"""The socket of the media nodes."""

from django.urls import re_path

from servicedesk.remote.consumers import NodeConsumer

websocket_urlpatterns = [re_path(r"^ws/node/$", NodeConsumer.as_asgi())]
