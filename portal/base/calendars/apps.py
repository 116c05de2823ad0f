from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "portal.base.calendars"
    label = "calendars"
    verbose_name = "Calendars"
