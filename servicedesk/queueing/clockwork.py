"""What the clock does for the queue."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from servicedesk.queueing import services


@periodic(every_s=60, name="queueing.expire_old_days")
def expire_old_days() -> None:
    services.expire_old_days()


@periodic(every_s=5, name="queueing.hint_no_shows")
def hint_no_shows() -> None:
    services.hint_no_shows()


kept("queueing.CentreQueue", because="one row a centre, with its rule")
kept("queueing.Call", because="which number was called where and why, without a person")


@retention("ticket.person", default_days=730, of=("queueing.Ticket",))
def forget_persons(before: datetime) -> int:
    return services.forget_persons(before)
