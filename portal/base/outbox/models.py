"""Everything that leaves for another system, in order per subject, until it is delivered or dead."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id


class OutboxMessage(models.Model):
    """One message; its personal parts are sealed apart from the body."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting to be sent")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField(max_length=20, help_text="sms, ratings, acceptance, map, seal")
    subject = models.CharField(max_length=80, help_text="what the order is kept for, e.g. case:<id>")
    position = models.PositiveIntegerField()
    body = models.JSONField(default=dict, help_text="references and texts without personal data")
    sealed = models.BinaryField(null=True, help_text="the personal parts, as sealed JSON")
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    via = models.CharField(max_length=10, blank=True, help_text="gateway or inbox")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "position"]
        constraints = [models.UniqueConstraint(fields=["channel", "subject", "position"], name="outbox_position_once")]
        indexes = [
            models.Index(fields=["next_at"], name="outbox_due", condition=models.Q(state="pending")),
            models.Index(fields=["channel", "-created_at"], name="outbox_channel_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.subject} {self.position}"
