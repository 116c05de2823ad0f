"""What the clock does for the devices."""

from portal.base.clock.services import periodic
from servicedesk.devices import services


@periodic(every_s=10, name="devices.mark_silent_bridges")
def mark_silent_bridges() -> None:
    services.mark_silent_bridges()
