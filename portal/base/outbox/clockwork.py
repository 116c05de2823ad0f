"""What the clock does for the outbox."""

from datetime import datetime

from portal.base.clock.services import periodic, retention
from portal.base.outbox import services


@periodic(every_s=1, name="outbox.deliver")
def deliver() -> None:
    services.deliver_due()


@retention("outbox_message", default_days=30, of=("outbox.OutboxMessage",))
def forget(before: datetime) -> int:
    return services.forget_settled(before)
