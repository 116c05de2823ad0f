"""The states of a video session.

placed ──notice──► noticed ──agree──► agreed ──connect──► live ──end──► ended ──seal──► sealed
   │                  └──refuse──► refused           ▲     │
   └──end──► ended                            rejoin │     ▼ drop
                                                     dropped ──lose──► ended (ticket returns first)
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SessionState(models.TextChoices):
    PLACED = "placed", _("being set up")
    NOTICED = "noticed", _("told about the recording")
    AGREED = "agreed", _("agreed to the recording")
    REFUSED = "refused", _("refused the recording")
    LIVE = "live", _("in call")
    DROPPED = "dropped", _("interrupted")
    ENDED = "ended", _("ended")
    SEALED = "sealed", _("sealed")


S = SessionState
TRANSITIONS: dict[tuple[str, str], str] = {
    (S.PLACED, "notice"): S.NOTICED,
    (S.NOTICED, "agree"): S.AGREED,
    (S.PLACED, "agree"): S.AGREED,
    (S.PLACED, "refuse"): S.REFUSED,
    (S.NOTICED, "refuse"): S.REFUSED,
    (S.AGREED, "connect"): S.LIVE,
    (S.LIVE, "drop"): S.DROPPED,
    (S.DROPPED, "rejoin"): S.LIVE,
    (S.DROPPED, "lose"): S.ENDED,
    (S.PLACED, "end"): S.ENDED,
    (S.NOTICED, "end"): S.ENDED,
    (S.AGREED, "end"): S.ENDED,
    (S.LIVE, "end"): S.ENDED,
    (S.DROPPED, "end"): S.ENDED,
    (S.ENDED, "seal"): S.SEALED,
}
ACTIVE = (S.PLACED, S.NOTICED, S.AGREED, S.LIVE, S.DROPPED)
