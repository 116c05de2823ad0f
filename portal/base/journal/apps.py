from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "portal.base.journal"
    label = "journal"
    verbose_name = "Journal"
