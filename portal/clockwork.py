"""How long logs are kept."""

from datetime import datetime
from pathlib import Path

from django.conf import settings

from portal.base.clock.services import retention
from portal.logs import forget_logs


# Six months at least is what China's Cybersecurity Law asks for (article 21).
@retention("log", default_days=184)
def forget(before: datetime) -> int:
    return forget_logs(Path(settings.LOG_DIR), before) if settings.LOG_DIR else 0
