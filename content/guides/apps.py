from django.apps import AppConfig


class GuidesConfig(AppConfig):
    name = "content.guides"
    label = "guides"
    verbose_name = "Guides"

    def ready(self) -> None:
        from content.guides import receivers

        receivers.connect()
