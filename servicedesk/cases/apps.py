from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "servicedesk.cases"
    label = "cases"
    verbose_name = "Cases"
