"""Counting how often an item is asked for, by day; the clock makes the order of lists from it."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Min, Sum
from django.utils import timezone

from content.items.models import ItemDemand, ServiceItem

YEAR_DAYS = 365
# Fewer days say too little: until then the figures that editors or an import gave stand.
LEAST_DAYS = 28


def count_request(item: ServiceItem, *, on: date | None = None) -> None:
    """Note that somebody asked for the item; by whom is not kept. May be called from any room above."""
    day = on or timezone.localdate()
    if not ItemDemand.objects.filter(item=item, day=day).update(count=F("count") + 1):
        _row, is_new = ItemDemand.objects.get_or_create(item=item, day=day, defaults={"count": 1})
        if not is_new:
            ItemDemand.objects.filter(item=item, day=day).update(count=F("count") + 1)


@transaction.atomic
def fold_demand(*, today: date | None = None) -> int:
    """Make each item's yearly frequency from what was counted, unless an editor fixed it; returns how many changed."""
    last = today or timezone.localdate()
    first = last - timedelta(days=YEAR_DAYS)
    counted = ItemDemand.objects.filter(day__gte=first, day__lt=last)
    begun = counted.aggregate(day=Min("day"))["day"]
    if begun is None or (days := (last - begun).days) < LEAST_DAYS:
        return 0
    sums = dict(counted.values("item").annotate(total=Sum("count")).values_list("item", "total"))
    changed = []
    for item in ServiceItem.objects.filter(is_frequency_fixed=False):
        frequency = round(sums.get(item.pk, 0) * YEAR_DAYS / days)
        if item.frequency != frequency:
            item.frequency = frequency
            changed.append(item)
    ServiceItem.objects.bulk_update(changed, ["frequency"])
    return len(changed)


def forget_demand(before: datetime) -> int:
    """Days that no longer count."""
    return ItemDemand.objects.filter(day__lt=timezone.localtime(before).date()).delete()[0]
