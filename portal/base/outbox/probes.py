"""What the outbox lets be counted."""

from collections.abc import Iterable

from portal.base.outbox import services
from portal.base.probes import Metric, measured


@measured
def messages() -> Iterable[Metric]:
    for state, count in services.counts().items():
        yield Metric("linban_outbox_messages", count, "Outgoing messages by state", {"state": str(state)})
