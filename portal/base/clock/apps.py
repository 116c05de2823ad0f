from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "portal.base.clock"
    label = "clock"
    verbose_name = "Clock"
