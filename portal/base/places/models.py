"""Places as a tree: district, subdistrict, centre and service point; counters, hours, status and its history."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node


class Place(MP_Node):
    """A node of the tree; differences between places are rows that point here, never code."""

    class Level(models.TextChoices):
        CITY = "city", _("city")
        DISTRICT = "district", _("district")
        SUBDISTRICT = "subdistrict", _("subdistrict")
        CENTRE = "centre", _("service centre")
        POINT = "point", _("service point")

    class Kind(models.TextChoices):
        NONE = "", _("not a point")
        COMMITTEE = "committee", _("neighbourhood committee")
        BUILDING = "building", _("office building")
        PARTY_CENTRE = "party_centre", _("party and mass service centre")
        PARK = "park", _("business park")
        SELF_SERVICE = "self_service", _("self-service zone")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        SUSPENDED = "suspended", _("suspended")
        MOVED = "moved", _("moved")
        CLOSED = "closed", _("closed")
        PLANNED = "planned", _("planned")

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    level = models.CharField(_("level"), max_length=12, choices=Level)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, blank=True, default=Kind.NONE)
    address = models.CharField(_("address"), max_length=200, blank=True)
    directions = models.CharField(_("how to find it"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    latitude = models.FloatField(_("latitude (WGS-84)"), null=True, blank=True)
    longitude = models.FloatField(_("longitude (WGS-84)"), null=True, blank=True)
    is_step_free = models.BooleanField(_("step-free access"), default=False)
    has_remote_window = models.BooleanField(_("remote window"), default=False)
    is_demo = models.BooleanField(_("made up for the demo"), default=False)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN)
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    status_until = models.DateTimeField(_("until"), null=True, blank=True)
    moved_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("moved to this place")
    )
    moved_address = models.CharField(_("new address"), max_length=200, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    node_order_by = ["code"]

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="open") | ~models.Q(status_reason=""), name="place_not_open_needs_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(level="point") | models.Q(kind=""), name="place_kind_only_for_points"
            ),
            models.CheckConstraint(
                condition=models.Q(status="moved") | models.Q(moved_to=None, moved_address=""),
                name="place_where_to_only_if_moved",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlaceStatusChange(models.Model):
    """History of a place's status: who changed it, from when, until when and why."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="status_changes")
    status = models.CharField(max_length=12, choices=Place.Status)
    reason = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True, help_text="empty while the change lies in the future")
    moved_to = models.ForeignKey(Place, models.SET_NULL, null=True, blank=True, related_name="+")
    moved_address = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True, help_text="set when it was taken back before its time")
    cancelled_by = models.CharField(max_length=80, blank=True)
    undoes = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="undone_by")

    class Meta:
        ordering = ["-changed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applied_at=None) | models.Q(cancelled_at=None), name="change_applied_or_cancelled"
            ),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gt=models.F("starts_at")),
                name="change_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["place", "starts_at"],
                name="change_ahead",
                condition=models.Q(applied_at=None, cancelled_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.status}"


class OpeningInterval(models.Model):
    """One weekly interval of opening; a weekday may have any number of them.

    The eighth "weekday" stands for make-up working days, the weekend days that are worked for a long holiday: where a
    place has such rows, they hold on those days instead of the Saturday's or Sunday's.
    """

    MAKE_UP_DAY = 7

    place = models.ForeignKey(Place, models.CASCADE, related_name="opening_intervals")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        validators=[MinValueValidator(0), MaxValueValidator(MAKE_UP_DAY)],
        help_text=_("0 is Monday, 7 a make-up working day"),
    )
    nth = models.PositiveSmallIntegerField(_("only the nth of the month"), null=True, blank=True)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    on_holidays = models.BooleanField(_("also on public holidays"), default=True)

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")), name="interval_closes_after_opens"
            ),
            models.CheckConstraint(condition=models.Q(weekday__lte=7), name="interval_weekday_0_to_7"),
            models.CheckConstraint(
                condition=models.Q(nth=None) | models.Q(nth__gte=1, nth__lte=5, weekday__lte=6),
                name="interval_nth_1_to_5",
            ),
            models.UniqueConstraint(fields=["place", "weekday", "nth", "opens"], name="interval_once"),
            models.UniqueConstraint(
                fields=["place", "weekday", "opens"], condition=models.Q(nth=None), name="interval_once_every_week"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"


class OpeningException(models.Model):
    """A date on which a place differs: one row without times (closed all day), or one for each interval of that day."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="opening_exceptions")
    date = models.DateField(_("date"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=120)

    class Meta:
        ordering = ["date", "opens"]
        constraints = [
            models.UniqueConstraint(fields=["place", "date", "opens"], name="exception_once"),
            models.UniqueConstraint(
                fields=["place", "date"], condition=models.Q(opens=None), name="exception_closed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(opens__isnull=True, closes__isnull=True)
                | models.Q(opens__isnull=False, closes__isnull=False, closes__gt=models.F("opens")),
                name="exception_closed_or_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.reason}"


class Counter(models.Model):
    """A window of a centre, where one clerk sits."""

    centre = models.ForeignKey(Place, models.CASCADE, related_name="counters")
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=40, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    clerk = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="counters")
    opened_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "number"], name="counter_number_once"),
            models.UniqueConstraint(
                fields=["clerk"], condition=models.Q(clerk__isnull=False), name="clerk_at_one_counter"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.number)
