from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "portal.base.streams"
    label = "streams"
    verbose_name = "Streams"
