"""Append-only journal: one chain of entries a subject; triggers on both engines refuse changes."""

from django.db import models

from portal.base.ids import new_id


class JournalEntry(models.Model):
    """Who did what to which subject, where and when; holds references, never personal data."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_type = models.CharField(max_length=30)
    subject_id = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80, help_text="user:7, device:JA-01, clock, api:5 or resident")
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40)
    old = models.CharField(max_length=24, blank=True)
    new = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=60, blank=True, help_text="a code; free text is a JournalText")
    facts = models.JSONField(default=dict, help_text="references and counts only")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["subject_type", "subject_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "position"], name="journal_position_once")
        ]
        indexes = [models.Index(fields=["at"], name="journal_at")]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id} {self.position}: {self.action}"


class JournalText(models.Model):
    """Free text of an entry, sealed; erasing it leaves the chain whole, which holds its salted hash."""

    entry = models.OneToOneField(JournalEntry, models.PROTECT, related_name="text")
    salt = models.CharField(max_length=32)
    sealed = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"text of {self.entry_id}"


class JournalSeal(models.Model):
    """What one place's rows of one day came to; it leaves the machine, so that a later change shows.

    Rows that belong to no place have a seal of their own, with an empty scope.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scope = models.CharField(max_length=30, blank=True, help_text="the place's code; empty for rows without a place")
    day = models.DateField()
    rows = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="over the ids and hashes of the day's rows")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["scope", "day"]
        constraints = [models.UniqueConstraint(fields=["scope", "day"], name="journal_seal_once_a_day")]

    def __str__(self) -> str:
        return f"{self.scope or '-'} {self.day}"
