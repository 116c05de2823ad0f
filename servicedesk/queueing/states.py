"""The states of a ticket.

waiting ──call──► called ──start──► serving ──finish──► finished
   ▲                │  │               │ ▲
   │                │  └─no_show─► no_show  │
   ├──requeue───────┘      hold ▼ │ resume
   │                            held
   └──────drop─────────────── serving (a dropped call returns first)
waiting, called, serving, held ──cancel──► cancelled;  waiting ──expire──► expired (end of day)
called, serving ──transfer──► waiting (keeps its arrival)
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    CALLED = "called", _("called")
    SERVING = "serving", _("being served")
    HELD = "held", _("on hold")
    FINISHED = "finished", _("finished")
    NO_SHOW = "no_show", _("did not come")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired")


S = TicketState
TRANSITIONS: dict[tuple[str, str], str] = {
    (S.WAITING, "call"): S.CALLED,
    (S.CALLED, "recall"): S.CALLED,
    (S.CALLED, "start"): S.SERVING,
    (S.CALLED, "no_show"): S.NO_SHOW,
    (S.CALLED, "requeue"): S.WAITING,
    (S.CALLED, "transfer"): S.WAITING,
    (S.SERVING, "finish"): S.FINISHED,
    (S.SERVING, "hold"): S.HELD,
    (S.HELD, "resume"): S.SERVING,
    (S.SERVING, "drop"): S.WAITING,
    (S.HELD, "drop"): S.WAITING,
    (S.SERVING, "transfer"): S.WAITING,
    (S.WAITING, "cancel"): S.CANCELLED,
    (S.CALLED, "cancel"): S.CANCELLED,
    (S.SERVING, "cancel"): S.CANCELLED,
    (S.HELD, "cancel"): S.CANCELLED,
    (S.WAITING, "expire"): S.EXPIRED,
    (S.NO_SHOW, "requeue"): S.WAITING,
}
AT_COUNTER = (S.CALLED, S.SERVING, S.HELD)
LIVE = (S.WAITING, *AT_COUNTER)
