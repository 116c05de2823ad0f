"""What residents looked for in vain, counted for editors; nothing of it leads to a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 20


class UnfoundQuery(models.Model):
    """Words that found nothing. They can be read only after they came from several addresses or on several days.

    Until then the row holds a keyed hash of the words, and keyed hashes of day and address that tell two apart; these
    are erased as soon as the words are shown.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    text = models.CharField(_("what was typed"), max_length=MAX_TEXT, blank=True)
    count = models.PositiveIntegerField(_("how often"), default=0)
    last_day = models.DateField(_("last on"))
    witnesses = models.JSONField(default=list)
    is_dismissed = models.BooleanField(_("put aside"), default=False)

    class Meta:
        ordering = ["-count", "-last_day", "pk"]
        verbose_name = _("search that found nothing")
        verbose_name_plural = _("searches that found nothing")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(text="") | models.Q(witnesses=[]), name="unfound_shown_without_witnesses"
            )
        ]
        indexes = [models.Index(fields=["last_day"], name="unfound_last_day")]

    def __str__(self) -> str:
        return self.text
