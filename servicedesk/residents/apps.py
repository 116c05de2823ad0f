from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "servicedesk.residents"
    label = "residents"
    verbose_name = "Residents"
