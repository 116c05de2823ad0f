"""What makes the editors' side of the demo worth looking at: owners, and a few items that are due."""

from datetime import timedelta

from django.utils import timezone

from content.editing.services import set_first_due
from content.items.models import ServiceItem
from portal.base.accounts.models import User

UNOWNED_LINE = "档案"
DUE = 3


def load_demo(*, owner: User | None) -> None:
    """Give every item but those of one line an owner, and let the most frequent ones be due; only where nobody is yet."""
    if owner is None or ServiceItem.objects.filter(owner__isnull=False).exists():
        return
    set_first_due()
    ServiceItem.objects.exclude(line__name=UNOWNED_LINE).update(owner=owner)
    most_asked = ServiceItem.objects.filter(owner=owner).order_by("-frequency").values_list("pk", flat=True)[:DUE]
    ServiceItem.objects.filter(pk__in=list(most_asked)).update(review_due=timezone.localdate() - timedelta(days=1))
