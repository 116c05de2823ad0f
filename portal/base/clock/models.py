"""Who leads the clock, when each job ran, and how long each kind of record is kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClockLease(models.Model):
    """The one row whose holder may run the jobs; it lapses when the holder dies."""

    name = models.CharField(max_length=20, primary_key=True)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class ClockJob(models.Model):
    """When a job last ran and what went wrong; frequent jobs write it only when that changes."""

    name = models.CharField(max_length=60, primary_key=True)
    last_run_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RetentionRule(models.Model):
    """How many days a kind of record is kept; a legal hold suspends erasing."""

    kind = models.CharField(_("kind of record"), max_length=40, primary_key=True)
    days = models.PositiveIntegerField(_("days kept"))
    legal_hold = models.BooleanField(_("legal hold"), default=False)
    hold_reason = models.CharField(_("reason of the hold"), max_length=200, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["kind"]
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.CheckConstraint(condition=models.Q(days__gte=1), name="retention_at_least_a_day"),
            models.CheckConstraint(
                condition=models.Q(legal_hold=False) | ~models.Q(hold_reason=""), name="legal_hold_needs_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
