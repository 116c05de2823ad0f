"""How long searches that found nothing are counted."""

from datetime import datetime

from content.search import unfound
from portal.base.clock.services import retention


@retention("unfound_query", default_days=90)
def forget_unfound(before: datetime) -> int:
    return unfound.forget(before)
