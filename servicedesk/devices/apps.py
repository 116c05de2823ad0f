from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "servicedesk.devices"
    label = "devices"
    verbose_name = "Devices"
