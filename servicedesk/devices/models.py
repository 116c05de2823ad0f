"""Kiosks and their peripherals: registry, pairing by key, health."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id
from portal.base.places.models import Place


class Device(models.Model):
    """A kiosk: one browser and one bridge that hold the same Ed25519 key."""

    class State(models.TextChoices):
        PAIRED = "paired", _("paired")
        REVOKED = "revoked", _("revoked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    place = models.ForeignKey(Place, models.PROTECT, related_name="devices")
    public_key = models.BinaryField(help_text="raw Ed25519 public key, 32 bytes")
    state = models.CharField(max_length=10, choices=State, default=State.PAIRED)
    is_virtual = models.BooleanField(default=False)
    version = models.CharField(max_length=20, blank=True)
    document_camera = models.CharField(
        max_length=120,
        blank=True,
        help_text="label of the camera that looks at papers; empty: found by its name, else the second",
    )
    paired_at = models.DateTimeField(auto_now_add=True)
    bridge_seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Peripheral(models.Model):
    """The last reported state of a device's reader, receipt printer or A4 printer."""

    class Kind(models.TextChoices):
        READER = "reader", _("card reader")
        RECEIPT = "receipt", _("receipt printer")
        A4 = "a4", _("A4 printer")

    class State(models.TextChoices):
        OK = "ok", _("ready")
        PAPER_LOW = "paper_low", _("paper is running low")
        PAPER_OUT = "paper_out", _("out of paper")
        ABSENT = "absent", _("not connected")
        FAULT = "fault", _("faulty")

    device = models.ForeignKey(Device, models.CASCADE, related_name="peripherals")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State)
    detail = models.CharField(max_length=200, blank=True)
    is_virtual = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "kind"], name="peripheral_once_a_device")]

    def __str__(self) -> str:
        return f"{self.device_id} · {self.kind}"
