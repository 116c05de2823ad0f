from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "content.notices"
    label = "notices"
    verbose_name = "Notices"
