"""Video sessions, media nodes, recordings and the sealed dossier."""

from django.conf import settings
from django.db import models

from portal.base.ids import new_id
from portal.base.places.models import Counter, Place
from servicedesk.remote.states import ACTIVE, SessionState


class MediaNode(models.Model):
    """A media node that holds a lease of its capacity."""

    name = models.CharField(max_length=60, primary_key=True)
    capacity = models.PositiveSmallIntegerField()
    sessions = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField()
    channel = models.CharField(max_length=120, blank=True, help_text="channel-layer name of its connection")


class RemoteSession(models.Model):
    """One video meeting of one ticket at one counter and one kiosk."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey("queueing.Ticket", models.PROTECT, related_name="sessions")
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="sessions")
    counter = models.ForeignKey(Counter, models.PROTECT, related_name="sessions")
    centre = models.ForeignKey(Place, models.PROTECT, related_name="sessions")
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sessions")
    node = models.ForeignKey(MediaNode, models.SET_NULL, null=True, related_name="placed")
    state = models.CharField(max_length=10, choices=SessionState, default=SessionState.PLACED)
    key_sealed = models.BinaryField(help_text="the recording key, wrapped by the keyring")
    verified_by_clerk_at = models.DateTimeField(null=True, help_text="face confirmed against card")
    instruction = models.CharField(
        max_length=40, blank=True, help_text="the one thing to do now; a key of INSTRUCTIONS"
    )
    caption = models.CharField(max_length=200, blank=True, help_text="what the clerk typed for the resident")
    resident_words = models.CharField(max_length=200, blank=True, help_text="what the resident typed or asked for")
    focus = models.CharField(max_length=40, blank=True, help_text="form field that the clerk is in")
    placed_at = models.DateTimeField()
    live_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=models.Q(state__in=ACTIVE), name="device_with_one_session"
            ),
            models.UniqueConstraint(
                fields=["ticket"], condition=models.Q(state__in=ACTIVE), name="ticket_with_one_session"
            ),
        ]


class Leg(models.Model):
    """A side of a session and whether its browser is connected at the moment."""

    session = models.ForeignKey(RemoteSession, models.CASCADE, related_name="legs")
    side = models.CharField(max_length=10)
    is_connected = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "side"], name="leg_once_a_side")]


class RecordingTrack(models.Model):
    """One sealed track file of a session and the last check-point of its chain."""

    session = models.ForeignKey(RemoteSession, models.PROTECT, related_name="tracks")
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, blank=True)
    side = models.CharField(max_length=10, blank=True)
    codec = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField(null=True)
    segments = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    checkpoint_at = models.DateTimeField(null=True)
    is_closed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "name"], name="track_once_a_session")]


class CentreKey(models.Model):
    """A centre's Ed25519 signing key; the private half is wrapped by the keyring."""

    centre = models.ForeignKey(Place, models.PROTECT, related_name="signing_keys")
    public = models.BinaryField()
    private_sealed = models.BinaryField()
    made_at = models.DateTimeField(auto_now_add=True)


class Dossier(models.Model):
    """The sealed evidence of one session: a signed manifest over recording, journal, papers and rating."""

    session = models.OneToOneField(RemoteSession, models.PROTECT, primary_key=True, related_name="dossier")
    manifest = models.TextField(help_text="canonical JSON, exactly the bytes that were signed")
    signature = models.BinaryField()
    key = models.ForeignKey(CentreKey, models.PROTECT)
    sealed_at = models.DateTimeField()
    legal_hold = models.BooleanField(default=False)


class DossierAddendum(models.Model):
    """Something that arrived after sealing, such as a late rating; signed by the same centre."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="addenda")
    body = models.TextField()
    signature = models.BinaryField()
    key = models.ForeignKey(CentreKey, models.PROTECT)
    at = models.DateTimeField()
