"""What the clock does for notices: their time ends. A notice past its own day is not shown even before that."""

from datetime import datetime

from content.notices import services
from portal.base.clock.services import retention


@retention(services.RETENTION_KIND, default_days=services.KEPT_DAYS, of=("notices.Notice",))
def forget(before: datetime) -> int:
    return services.forget_notices(before)
