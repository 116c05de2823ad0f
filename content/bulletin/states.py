"""The way of a suggestion.

received -- take --> in_work -- answer --> answered
    |                    |
    +------ close -------+--> closed        answered, closed -- reopen --> in_work
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SuggestionState(models.TextChoices):
    RECEIVED = "received", _("received")
    IN_WORK = "in_work", _("somebody is on it")
    ANSWERED = "answered", _("replied")
    CLOSED = "closed", _("closed without a reply")


TABLE: dict[tuple[str, str], str] = {
    (SuggestionState.RECEIVED, "take"): SuggestionState.IN_WORK,
    (SuggestionState.RECEIVED, "answer"): SuggestionState.ANSWERED,
    (SuggestionState.IN_WORK, "answer"): SuggestionState.ANSWERED,
    (SuggestionState.RECEIVED, "close"): SuggestionState.CLOSED,
    (SuggestionState.IN_WORK, "close"): SuggestionState.CLOSED,
    (SuggestionState.ANSWERED, "reopen"): SuggestionState.IN_WORK,
    (SuggestionState.CLOSED, "reopen"): SuggestionState.IN_WORK,
}
