"""The states of a case.

open ──accept──► accepted ──work──► processing ──finish──► finished
  │                 │                  │  ▲
  ├─refuse─► refused │        supplement ▼  │ resume
  └─withdraw─► withdrawn            supplementing
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseState(models.TextChoices):
    OPEN = "open", _("papers being prepared")
    ACCEPTED = "accepted", _("accepted")
    PROCESSING = "processing", _("being worked on")
    SUPPLEMENTING = "supplementing", _("waiting for papers")
    FINISHED = "finished", _("finished")
    REFUSED = "refused", _("not accepted")
    WITHDRAWN = "withdrawn", _("withdrawn")


C = CaseState
TRANSITIONS: dict[tuple[str, str], str] = {
    (C.OPEN, "accept"): C.ACCEPTED,
    (C.OPEN, "refuse"): C.REFUSED,
    (C.OPEN, "finish"): C.FINISHED,
    (C.OPEN, "withdraw"): C.WITHDRAWN,
    (C.ACCEPTED, "work"): C.PROCESSING,
    (C.ACCEPTED, "supplement"): C.SUPPLEMENTING,
    (C.ACCEPTED, "finish"): C.FINISHED,
    (C.ACCEPTED, "withdraw"): C.WITHDRAWN,
    (C.PROCESSING, "supplement"): C.SUPPLEMENTING,
    (C.PROCESSING, "finish"): C.FINISHED,
    (C.PROCESSING, "refuse"): C.REFUSED,
    (C.PROCESSING, "withdraw"): C.WITHDRAWN,
    (C.SUPPLEMENTING, "resume"): C.PROCESSING,
    (C.SUPPLEMENTING, "withdraw"): C.WITHDRAWN,
}
