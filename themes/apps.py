"""Registration of the appearance as a Django app, so that tests and checks can find it."""

from django.apps import AppConfig


class ThemesConfig(AppConfig):
    name = "themes"
    verbose_name = "Linban appearance"
