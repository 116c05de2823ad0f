from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "portal.base.outbox"
    label = "outbox"
    verbose_name = "Outbox"
