from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "servicedesk.booking"
    label = "booking"
    verbose_name = "Booking"

    def ready(self) -> None:
        from wagtail.permissions import register_permission_policy

        from content.editing.policies import PlacePolicy
        from servicedesk.booking import services
        from servicedesk.booking.models import SlotPlan
        from servicedesk.residents import services as residents

        register_permission_policy(SlotPlan, PlacePolicy(SlotPlan))
        if services.forget_card_of not in residents.before_erasing:
            residents.before_erasing.append(services.forget_card_of)
