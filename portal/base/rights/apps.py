from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "portal.base.rights"
    label = "rights"
    verbose_name = "Rights"
