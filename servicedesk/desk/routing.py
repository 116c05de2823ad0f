"""The socket of the clerk's desk."""

from django.urls import re_path

from servicedesk.desk.consumers import DeskConsumer

websocket_urlpatterns = [re_path(r"^ws/desk/$", DeskConsumer.as_asgi())]
