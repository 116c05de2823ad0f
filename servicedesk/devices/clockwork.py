"""What the clock does for the devices."""

from portal.base.clock.services import kept, periodic
from servicedesk.devices import services

kept("devices", because="the registry of kiosks and their parts")


@periodic(every_s=10, name="devices.mark_silent_bridges")
def mark_silent_bridges() -> None:
    services.mark_silent_bridges()
