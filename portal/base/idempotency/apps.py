from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "portal.base.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency"
