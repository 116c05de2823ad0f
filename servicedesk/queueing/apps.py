from django.apps import AppConfig


class QueueingConfig(AppConfig):
    name = "servicedesk.queueing"
    label = "queueing"
    verbose_name = "Queueing"

    def ready(self) -> None:
        from portal.base.places import services as places
        from servicedesk.queueing import services

        if services.require_free not in places.before_leaving:
            places.before_leaving.append(services.require_free)
