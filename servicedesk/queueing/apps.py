from django.apps import AppConfig


class QueueingConfig(AppConfig):
    name = "servicedesk.queueing"
    label = "queueing"
    verbose_name = "Queueing"
