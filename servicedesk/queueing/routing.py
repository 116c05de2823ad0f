"""The sockets of the hall displays."""

from django.urls import path

from servicedesk.queueing.consumers import BoardConsumer

websocket_urlpatterns = [path("ws/board/<str:centre>/", BoardConsumer.as_asgi())]
