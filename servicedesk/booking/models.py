"""Capacity in time: the plan by which a place gives appointments, its slots, and what was booked in them."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id
from portal.base.places.hours import weekday_name
from portal.base.places.models import Place
from servicedesk.booking.states import SEATED, BookingState

SHORTEST_MIN, LONGEST_MIN, LARGEST = 5, 240, 200


class SlotPlan(models.Model):
    """How many people a place takes by appointment: on a weekday or every day, in how long slots, how many in each.

    Rows for a weekday stand instead of those for every day. Opening hours, exceptions and status always hold as well.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    place = models.ForeignKey(
        Place,
        models.CASCADE,
        related_name="slot_plans",
        verbose_name=_("place"),
        limit_choices_to={"level__in": [Place.Level.CENTRE, Place.Level.POINT]},
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), choices=Weekday, null=True, blank=True, help_text=_("Empty: every day without rows of its own.")
    )
    starts = models.TimeField(_("from"), null=True, blank=True, help_text=_("Empty: from the opening on."))
    ends = models.TimeField(_("until"), null=True, blank=True, help_text=_("Empty: until closing."))
    slot_minutes = models.PositiveSmallIntegerField(
        _("minutes for each"),
        default=30,
        validators=[MinValueValidator(SHORTEST_MIN), MaxValueValidator(LONGEST_MIN)],
    )
    capacity = models.PositiveSmallIntegerField(
        _("people at the same time"),
        default=1,
        validators=[MaxValueValidator(LARGEST)],
        help_text=_("0: no appointments then."),
    )

    class Meta:
        ordering = ["place__path", models.F("weekday").asc(nulls_first=True), models.F("starts").asc(nulls_first=True)]
        verbose_name = _("appointment plan")
        verbose_name_plural = _("appointment plans")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts=None) | models.Q(ends=None) | models.Q(ends__gt=models.F("starts")),
                name="slot_plan_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(slot_minutes__range=(SHORTEST_MIN, LONGEST_MIN)), name="slot_plan_minutes"
            ),
            models.CheckConstraint(
                condition=models.Q(weekday=None) | models.Q(weekday__lte=6), name="slot_plan_weekday"
            ),
            models.UniqueConstraint(
                "place", Coalesce("weekday", 7), Coalesce("starts", models.Value(time.min)), name="slot_plan_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} · {self.weekday_name()}"

    def weekday_name(self) -> str:
        """The day in words."""
        return gettext("every day") if self.weekday is None else weekday_name(self.weekday)

    def clean(self) -> None:
        super().clean()
        if self.starts and self.ends and self.ends <= self.starts:
            raise ValidationError({"ends": _("The end lies before the beginning. Look at the two times again.")})
        if not self.place_id:
            return
        others = SlotPlan.objects.filter(place_id=self.place_id, weekday=self.weekday).exclude(pk=self.pk)
        for other in others:
            begins_before_its_end = other.ends is None or self.starts is None or self.starts < other.ends
            ends_after_its_begin = self.ends is None or other.starts is None or self.ends > other.starts
            if begins_before_its_end and ends_after_its_begin:
                raise ValidationError({"starts": _("These times overlap with another row of this place and day.")})


class Slot(models.Model):
    """One time at one place, made when it is first wanted; whoever gives it away locks this row."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField(help_text="as the plan said when it was last given away")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "starts_at"], name="slot_once"),
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="slot_ends_later"),
        ]
        indexes = [models.Index(fields=["starts_at"], name="slot_starts")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.starts_at:%Y-%m-%d %H:%M}"


class Booking(models.Model):
    """A seat in a slot. Nothing says who booked, but what the resident chose to leave, sealed, until it is over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="bookings")
    # No two live bookings have one seat of a slot: the capacity holds even where somebody forgot the lock.
    seat = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=BookingState, default=BookingState.HELD)
    item = models.ForeignKey("items.ServiceItem", models.PROTECT, null=True, related_name="bookings")
    # By its id, as a ticket carries it: the notice is deleted when its time is over.
    notice_id = models.UUIDField(null=True)
    token = models.CharField(max_length=20, unique=True, help_text="opens the booking's page; 100 random bits")
    code = models.CharField(max_length=6, help_text="six digits, said or typed when the person comes")
    phone_sealed = models.BinaryField(null=True)
    card_index = models.CharField(max_length=64, blank=True, help_text="keyed index of the number on the card")
    ticket = models.ForeignKey("queueing.Ticket", models.PROTECT, null=True, related_name="bookings")
    made_at = models.DateTimeField()
    held_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    changes = models.PositiveSmallIntegerField(default=0, help_text="how often it was moved; a calendar's SEQUENCE")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "seat"], condition=models.Q(state__in=SEATED), name="booking_has_its_own_seat"
            ),
            models.CheckConstraint(condition=models.Q(seat__gte=1), name="booking_seats_from_one"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(state__in=("held", "booked")), name="booking_code_once_ahead"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="arrived") | models.Q(ticket__isnull=False), name="arrived_booking_has_ticket"
            ),
        ]
        indexes = [
            models.Index(
                fields=["card_index"],
                condition=models.Q(state="booked") & ~models.Q(card_index=""),
                name="booking_card",
            )
        ]

    def __str__(self) -> str:
        return self.code
