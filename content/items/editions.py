"""Which edition of an item holds: today, on another day, and as it is planned."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from content.items.models import ItemEdition, LifeEvent, ServiceItem


def get_item(key: str) -> ServiceItem | None:
    """The item of a key, offered or not."""
    return ServiceItem.objects.select_related("line").filter(key=key).first()


def is_bereavement(item: ServiceItem | None) -> bool:
    """Whether somebody has died where this item is asked for: no lamp colour, no rating asked, no cheerful word."""
    if item is None:
        return False
    events = LifeEvent.objects.filter(entries__item=item).values_list("is_bereavement", flat=True)
    # What also belongs to another event, such as a marriage record, is asked for by others too.
    return bool(events) and all(events)


def editions_in_force(on: date | None = None) -> QuerySet[ItemEdition]:
    """For each item the published edition that holds on a day (default today, in the project's time zone)."""
    newest = (
        ItemEdition.objects.filter(item=OuterRef("item"), live=True, valid_from__lte=on or timezone.localdate())
        .order_by("-valid_from")
        .values("pk")[:1]
    )
    return ItemEdition.objects.filter(pk=Subquery(newest))


def current_edition(item: ServiceItem, on: date | None = None) -> ItemEdition | None:
    """The item's published edition that holds on a day; None before the first."""
    return (
        ItemEdition.objects.filter(item=item, live=True, valid_from__lte=on or timezone.localdate())
        .order_by("-valid_from")
        .first()
    )


def editions_ahead(item: ServiceItem) -> list[ItemEdition]:
    """The item's published editions, the newest first: on a day the first one holds whose `valid_from` has come."""
    return list(ItemEdition.objects.filter(item=item, live=True).order_by("-valid_from"))


class EditionState(models.TextChoices):
    """How an edition stands to a day."""

    IN_FORCE = "in_force", _("in force")
    COMING = "coming", _("comes later")
    SCHEDULED = "scheduled", _("is published by itself")
    PAST = "past", _("replaced")
    DRAFT = "draft", _("draft")


@dataclass(frozen=True)
class EditionLine:
    """One edition of an item in the editor's overview; `until` is the last day on which it holds."""

    edition: ItemEdition
    state: EditionState
    goes_live_at: datetime | None = None
    until: date | None = None


def edition_lines(item: ServiceItem, on: date | None = None) -> list[EditionLine]:
    """All editions of an item, the newest first: which is in force, which come, which are drafts."""
    day = on or timezone.localdate()
    lines, in_force_found, follows = [], False, None
    for edition in ItemEdition.objects.filter(item=item).order_by("-valid_from"):
        scheduled = edition.scheduled_revision
        goes_live_at = scheduled.approved_go_live_at if scheduled else None
        until = None
        if not edition.live:
            state = EditionState.SCHEDULED if goes_live_at else EditionState.DRAFT
        else:
            until = follows - timedelta(days=1) if follows else None
            follows = edition.valid_from
            if edition.valid_from > day:
                state = EditionState.COMING
            else:
                state = EditionState.PAST if in_force_found else EditionState.IN_FORCE
                in_force_found = True
        lines.append(EditionLine(edition, state, goes_live_at, until))
    return lines


def edition_as_of(item: ServiceItem, on: date, *, with_drafts: bool = False) -> ItemEdition | None:
    """The edition as readers will see it on a day: what is published now, and what will have published itself by then.

    `with_drafts` takes the newest draft of each edition, for editors who look before they publish.
    """
    end = timezone.make_aware(datetime.combine(on, time.max))
    editions = ItemEdition.objects.filter(item=item, valid_from__lte=on).select_related("latest_revision")
    if not with_drafts:
        due = Q(_revisions__approved_go_live_at__lte=end)
        editions = editions.filter(Q(live=True) | due).distinct()
    for edition in editions.order_by("-valid_from"):
        if with_drafts:
            return edition.get_latest_revision_as_object() if edition.latest_revision else edition
        scheduled = edition.scheduled_revision
        if scheduled and scheduled.approved_go_live_at <= end:
            return scheduled.as_object()
        return edition
    return None
