"""How long the words of a rating are kept; the levels stay, as figures without a person."""

from datetime import datetime

from portal.base.clock.services import retention
from servicedesk.ratings import services


@retention("rating_comment", default_days=1095)
def forget_comments(before: datetime) -> int:
    return services.forget_comments(before)
