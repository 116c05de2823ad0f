"""What the clock does for idempotency keys."""

from django.utils import timezone

from portal.base.clock.services import periodic
from portal.base.idempotency import services


@periodic(every_s=600, name="idempotency.forget", clears=("idempotency.IdempotencyKey",))
def forget() -> None:
    services.forget_old(timezone.now() - services.KEPT)
