"""What the clock does for cases: papers are kept for their time, codes of messages for minutes."""

from datetime import datetime

from portal.base.clock.services import periodic, retention
from servicedesk.cases import services


@retention("case_papers", default_days=1825)
def forget_papers(before: datetime) -> int:
    return services.forget_papers(before)


@periodic(every_s=600, name="cases.forget_codes")
def forget_codes() -> None:
    services.forget_codes()
