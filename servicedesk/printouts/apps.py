from django.apps import AppConfig


class PrintoutsConfig(AppConfig):
    name = "servicedesk.printouts"
    label = "printouts"
    verbose_name = "Printouts"

    def ready(self) -> None:
        from servicedesk.devices import services as devices
        from servicedesk.printouts import services

        devices.on_bridge_message("print.outcome", services.record_outcome)
        devices.pending_for_bridge(services.open_messages)
