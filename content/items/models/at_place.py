"""What a place does differently with an item."""

from django.db import models
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable, RevisionMixin

from content.items.models.item import ServiceItem
from portal.base.places.models import Place

WEEKDAYS = list(enumerate(WEEKDAY_NAMES.values()))


class ItemAtPlace(RevisionMixin, ClusterableModel):
    """What a place and all below it do differently with an item; the nearest row above a point decides."""

    class Difficulty(models.TextChoices):
        UNKNOWN = "", _("not said")
        SIMPLE = "simple", _("simple")
        HARD = "hard", _("hard")

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="at_places", verbose_name=_("item"))
    place = models.ForeignKey(Place, models.CASCADE, related_name="item_rules", verbose_name=_("place"))
    is_offered = models.BooleanField(_("offered here"), default=True)
    is_remote = models.BooleanField(_("at a remote window"), null=True, blank=True)
    is_onsite = models.BooleanField(_("at a counter"), null=True, blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True, help_text=_("Empty: at once."))
    difficulty = models.CharField(_("simple or hard"), max_length=8, choices=Difficulty, blank=True, default="")
    note = models.CharField(_("what to know here"), max_length=200, blank=True)
    next_step = models.CharField(_("where to go instead"), max_length=200, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("item at a place")
        verbose_name_plural = _("items at places")
        constraints = [models.UniqueConstraint(fields=["item", "place"], name="item_at_place_once")]

    def __str__(self) -> str:
        return f"{self.item} · {self.place}"


class ItemHours(Orderable):
    """When a place handles an item, where that is less than its opening hours; no row: whenever it is open."""

    at_place = ParentalKey(ItemAtPlace, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))

    class Meta(Orderable.Meta):
        ordering = ["weekday", "opens"]
        verbose_name = _("hours of an item")
        verbose_name_plural = _("hours of an item")
        constraints = [
            models.CheckConstraint(condition=models.Q(closes__gt=models.F("opens")), name="item_hours_in_order"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="item_hours_weekday_0_to_6"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"
