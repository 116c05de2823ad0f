"""What the clock does for the journal: free texts are erased when their time is over; the entries themselves stay."""

from datetime import datetime

from portal.base.clock.services import retention
from portal.base.journal import services


@retention("journal_text", default_days=1095)
def forget(before: datetime) -> int:
    return services.erase_texts(before)
