"""What others ask of items: which there are, which edition is in force, and whether one can be taken here and now."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

from content.items.demand import count_request, fold_demand, forget_demand
from content.items.editions import (
    current_edition,
    edition_as_of,
    edition_lines,
    editions_ahead,
    editions_in_force,
    get_item,
    is_bereavement,
)
from content.items.models import ItemEdition, Material, ServiceItem, Situation
from content.items.taking import (
    BOOKED,
    ONSITE,
    REMOTE,
    Offer,
    Refusal,
    can_be_taken,
    channel_at,
    is_in_hours,
    is_in_window,
    is_taken_on,
    items_for_place,
    lines_with_items,
    most_frequent,
    next_day_in_window,
    offers_today,
    places_that_offer,
    rules_at,
    window_text,
)  # fmt: skip
from content.items.usage import uses_of
from portal.base.accounts.models import User
from portal.base.streams import services as streams

__all__ = [
    "BOOKED", "ONSITE", "Offer", "REMOTE", "Refusal", "can_be_taken", "channel_at", "content_changed",
    "content_generation", "count_request", "current_edition", "edition_as_of", "edition_lines", "editions_ahead",
    "editions_in_force", "fold_demand", "forget_demand", "gathered_changes", "get_item", "is_bereavement", "is_in_hours",
    "is_in_window", "is_taken_on", "items_for_place", "lines_with_items", "most_frequent", "next_day_in_window",
    "offers_today", "places_that_offer", "publish_edition", "publish_material", "refresh_names", "rules_at", "touched_by",
    "window_text",
]  # fmt: skip
CONTENT_STREAM = "content"
# Whether changes are being gathered, and whether there were any.
_gathering: ContextVar[list[bool] | None] = ContextVar("gathering", default=None)


def content_changed() -> None:
    """Move the content generation on, so that every process loads its index and caches anew."""
    gathered = _gathering.get()
    if gathered is not None:
        gathered[0] = True
        return
    streams.bump(CONTENT_STREAM)


@contextmanager
def gathered_changes() -> Iterator[None]:
    """Let everything that is published inside count as one change: names are copied and caches told once, at the end."""
    if _gathering.get() is not None:
        yield
        return
    gathered = [False]
    token = _gathering.set(gathered)
    try:
        yield
    finally:
        _gathering.reset(token)
    if gathered[0]:
        refresh_names()
        content_changed()


def is_gathering() -> bool:
    """Whether the names are copied later, all at once."""
    return _gathering.get() is not None


def content_generation() -> int:
    """The number of the last change to what is published."""
    return streams.seq_of(CONTENT_STREAM)


def refresh_names(items: list[int] | None = None) -> int:
    """Copy the names of the editions in force to their items; returns how many changed.

    The clock calls it after midnight, because an edition entered long ago may hold from today.
    """
    editions = editions_in_force().select_related("item")
    if items is not None:
        editions = editions.filter(item_id__in=items)
    changed = []
    for edition in editions:
        item = edition.item
        if (item.name_zh, item.name_en) != (edition.name, edition.name_en):
            item.name_zh, item.name_en = edition.name, edition.name_en
            changed.append(item)
    ServiceItem.objects.bulk_update(changed, ["name_zh", "name_en"])
    if changed:
        content_changed()
    return len(changed)


@transaction.atomic
def publish_edition(edition: ItemEdition, *, user: User | None = None) -> ItemEdition:
    """Publish the edition as it stands in memory, children too."""
    edition.save_revision(user=user, changed=False).publish(user=user, skip_permission_checks=True)
    return edition


@transaction.atomic
def publish_material(material: Material, *, user: User | None = None) -> Material:
    """Publish a paper as it stands in memory, for all items that ask for it together."""
    with gathered_changes():
        material.save_revision(user=user, changed=False).publish(user=user, skip_permission_checks=True)
    return material


def touched_by(thing: Material | Situation) -> list[ServiceItem]:
    """The items whose editions ask for a paper, or ask a question, now or once what waits is out; most frequent first."""
    return list(ServiceItem.objects.filter(editions__in={use.edition.pk for use in uses_of(thing)}).distinct())
