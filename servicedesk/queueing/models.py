"""Tickets of a centre's queue and the calls that took them to a counter."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id
from portal.base.places.models import Counter, Place
from servicedesk.queueing.states import AT_COUNTER, LIVE, TicketState


class CentreQueue(models.Model):
    """The one row that issue, call and transfer lock; it numbers arrivals and holds the centre's rule."""

    centre = models.OneToOneField(Place, models.CASCADE, primary_key=True, related_name="queue")
    day = models.DateField(null=True)
    arrivals = models.PositiveIntegerField(default=0, help_text="arrivals numbered so far today")
    last_alternate = models.CharField(max_length=8, blank=True, help_text="rescue or remote, called last of the two")
    rescue_after_overtakes = models.PositiveSmallIntegerField(_("rescue after overtakes"), default=3)
    rescue_after_minutes = models.PositiveSmallIntegerField(_("rescue after minutes"), default=30)
    priority_classes = models.JSONField(
        default=list, help_text='classes of people who go before booked, e.g. ["elderly"]'
    )

    def __str__(self) -> str:
        return f"queue of {self.centre_id}"


class Ticket(models.Model):
    """A place in a centre's queue; displays and voices say its number alone."""

    class Channel(models.TextChoices):
        ONSITE = "onsite", _("in the hall")
        REMOTE = "remote", _("remote")
        BOOKED = "booked", _("booked")
        HOME = "home", _("home visit")
        PHONE = "phone", _("telephone")

    class Outcome(models.TextChoices):
        NONE = "", _("none yet")
        DONE = "done", _("done")
        CONSULTED = "consulted", _("consulted")
        NEXT_STEP = "next_step", _("told the next step")
        UNABLE = "unable", _("could not be done")

    class Assurance(models.TextChoices):
        NONE = "none", _("nothing")
        TYPED = "typed", _("number typed")
        CODE = "code", _("phone code or QR")
        CARD = "card", _("card read")
        VERIFIED = "verified", _("face against card, by the clerk")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    centre = models.ForeignKey(Place, models.PROTECT, related_name="tickets")
    day = models.DateField()
    letter = models.CharField(max_length=1)
    sequence = models.PositiveSmallIntegerField()
    arrival = models.PositiveIntegerField()
    channel = models.CharField(max_length=8, choices=Channel)
    classes = models.JSONField(default=list)
    item = models.ForeignKey("items.ServiceItem", models.PROTECT, null=True, blank=True, related_name="tickets")
    point = models.ForeignKey(Place, models.PROTECT, null=True, related_name="remote_tickets")
    device = models.ForeignKey("devices.Device", models.PROTECT, null=True, related_name="tickets")
    person = models.ForeignKey("residents.Person", models.PROTECT, null=True, related_name="tickets")
    # The notice that the person carries, by id: it is deleted when its time is over, the ticket stays.
    notice_id = models.UUIDField(null=True)
    assurance = models.CharField(max_length=10, choices=Assurance, default=Assurance.NONE)
    state = models.CharField(max_length=10, choices=TicketState, default=TicketState.WAITING)
    returned_first = models.BooleanField(default=False, help_text="returned after a drop; goes first")
    counter = models.ForeignKey(Counter, models.PROTECT, null=True, related_name="tickets")
    window_from = models.DateTimeField(null=True, help_text="booked window")
    window_until = models.DateTimeField(null=True)
    expected_p50_s = models.PositiveIntegerField(default=0)
    expected_p80_s = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField()
    called_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    hinted_at = models.DateTimeField(null=True, help_text="when the clerk was told that nobody seems to come")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.NONE)
    track_code = models.CharField(max_length=24, unique=True, help_text="opens the ticket's page by QR; 80 random bits")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "day", "letter", "sequence"], name="ticket_number_once_a_day"),
            models.UniqueConstraint(fields=["centre", "day", "arrival"], name="ticket_arrival_once"),
            models.UniqueConstraint(
                fields=["counter"], condition=models.Q(state__in=AT_COUNTER), name="counter_with_one_ticket"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=AT_COUNTER) | models.Q(counter__isnull=False),
                name="called_ticket_has_counter",
            ),
            models.CheckConstraint(
                condition=~models.Q(channel="remote") | models.Q(point__isnull=False), name="remote_ticket_has_point"
            ),
            # A second swipe of the same card is the same ticket.
            models.UniqueConstraint(
                fields=["centre", "person"],
                condition=models.Q(state__in=LIVE, person__isnull=False),
                name="person_with_one_live_ticket_a_centre",
            ),
        ]
        indexes = [models.Index(fields=["centre", "day", "state", "channel", "arrival"], name="ticket_heads")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What is printed, shown and spoken, such as Y017."""
        return f"{self.letter}{self.sequence:03d}"


class Call(models.Model):
    """One call of a ticket to a counter, with the reason why it was this one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="calls")
    counter = models.ForeignKey(Counter, models.PROTECT)
    why = models.CharField(
        max_length=20, help_text="returned, rescue, remote, priority, booked, arrival, recall or picked"
    )
    facts = models.JSONField(default=dict)
    called_at = models.DateTimeField()
    spoken_at = models.DateTimeField(null=True, help_text="when a hall display said it")

    class Meta:
        indexes = [models.Index(fields=["called_at"], name="call_at")]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.why}"
