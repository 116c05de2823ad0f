from django.apps import AppConfig


class RemoteConfig(AppConfig):
    name = "servicedesk.remote"
    label = "remote"
    verbose_name = "Remote"
