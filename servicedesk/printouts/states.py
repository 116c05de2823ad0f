"""The states of a print job: never silent.

queued ──send──► sent ──printed──► printed
  │               ├──fail────────► failed ──(a new job, marked 补打)
  │               └──doubt───────► uncertain ──settle_printed / settle_failed──► printed / failed
  └──fail──► failed
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting for the printer")
    SENT = "sent", _("being printed")
    PRINTED = "printed", _("printed")
    FAILED = "failed", _("not printed")
    UNCERTAIN = "uncertain", _("not sure whether it printed")


J = JobState
TRANSITIONS: dict[tuple[str, str], str] = {
    (J.QUEUED, "send"): J.SENT,
    (J.SENT, "send"): J.SENT,
    (J.QUEUED, "printed"): J.PRINTED,
    (J.SENT, "printed"): J.PRINTED,
    (J.QUEUED, "fail"): J.FAILED,
    (J.SENT, "fail"): J.FAILED,
    (J.SENT, "doubt"): J.UNCERTAIN,
    (J.QUEUED, "doubt"): J.UNCERTAIN,
    # The bridge asked the device meanwhile, and knows it after all.
    (J.UNCERTAIN, "printed"): J.PRINTED,
    (J.UNCERTAIN, "fail"): J.FAILED,
    (J.UNCERTAIN, "settle_printed"): J.PRINTED,
    (J.UNCERTAIN, "settle_failed"): J.FAILED,
}
OPEN = (J.QUEUED, J.SENT)
