"""The socket of the clerk's desk."""

from django.urls import path

from servicedesk.desk.consumers import DeskConsumer

websocket_urlpatterns = [path("ws/desk/", DeskConsumer.as_asgi())]
