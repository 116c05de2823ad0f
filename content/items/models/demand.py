"""How often an item is asked for, counted by day and without anybody's name."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from content.items.models.item import ServiceItem


class ItemDemand(models.Model):
    """How many times an item was asked for on one day."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="demand", verbose_name=_("item"))
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("times"), default=0)

    class Meta:
        verbose_name = _("demand of a day")
        verbose_name_plural = _("demand by day")
        constraints = [models.UniqueConstraint(fields=["item", "day"], name="item_demand_once_a_day")]
        indexes = [models.Index(fields=["day"], name="item_demand_day")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.day:%Y-%m-%d}: {self.count}"
