"""How long the words of a rating are kept; the levels stay, as figures without a person."""

from datetime import datetime

from portal.base.clock.services import kept, retention
from servicedesk.ratings import services

kept(
    "ratings.Rating",
    "ratings.RatingOption",
    because="figures, and the reasons to choose from; a rating is never edited",
)


@retention("rating_comment", default_days=1095, of=("ratings.RatingComment",))
def forget_comments(before: datetime) -> int:
    return services.forget_comments(before)
