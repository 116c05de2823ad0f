from django.apps import AppConfig


class KioskConfig(AppConfig):
    name = "servicedesk.kiosk"
    label = "kiosk"
    verbose_name = "Kiosk"
