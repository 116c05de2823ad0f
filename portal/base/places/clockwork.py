"""What the clock does for places: changes of status that begin or end by themselves."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from portal.base.places import services


@periodic(every_s=20, name="places.status")
def follow_status() -> None:
    services.apply_due_changes()


kept(
    "places.Place", "places.Counter", "places.OpeningInterval", "places.OpeningException",
    because="the directory of places and hours",
)  # fmt: skip


@retention("place_status_history", default_days=3650, of=("places.PlaceStatusChange",))
def forget(before: datetime) -> int:
    return services.forget_history(before)
