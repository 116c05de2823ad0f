"""What others ask of places: the centre that serves a point, and a place's status."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.places.errors import CounterTaken
from portal.base.places.models import Counter, Place, PlaceStatusChange

# What else must follow when a place's status changes, e.g. a live screen's stream.
on_status_changed: list[Callable[[Place], None]] = []
# What keeps a clerk at a counter: each is asked under the counter's lock and raises a domain error to refuse.
before_leaving: list[Callable[[Counter], None]] = []


def centre_for(place: Place) -> Place | None:
    """The centre of the place's subdistrict (the place itself when it is one)."""
    if place.level == Place.Level.CENTRE:
        return place
    subdistrict = subdistrict_of(place)
    if subdistrict is None:
        return None
    return subdistrict.get_children().filter(level=Place.Level.CENTRE).first()


def subdistrict_of(place: Place) -> Place | None:
    """The subdistrict above a place, or the place itself; read anew, since a path in memory may have moved."""
    fresh = Place.objects.filter(pk=place.pk).first()
    if fresh is None or fresh.level == Place.Level.SUBDISTRICT:
        return fresh
    return fresh.get_ancestors().filter(level=Place.Level.SUBDISTRICT).first()


def status_at(place: Place, at: datetime) -> str:
    """The place's status at a moment: one with an end is over when that has passed, whether or not the clock ran."""
    if place.status != Place.Status.OPEN and place.status_until is not None and place.status_until <= at:
        return Place.Status.OPEN
    return place.status


@transaction.atomic
def change_status(
    place: Place, status: str, *, reason: str, by: str, starts_at: datetime | None = None, until: datetime | None = None
) -> Place:
    """Set a place's status with its reason and keep the history; one that starts later is applied by the clock then.

    Raises:
        ValueError: a status other than open has no reason, or ends before it begins.
    """
    now = timezone.now()
    starts_at = starts_at or now
    if status != Place.Status.OPEN and not reason:
        raise ValueError("a place that is not open needs a reason")
    if until is not None and until <= starts_at:
        raise ValueError("a status cannot end before it begins")
    place = Place.objects.select_for_update().get(pk=place.pk)
    change = PlaceStatusChange.objects.create(
        place=place, status=status, reason=reason, starts_at=starts_at, until=until, changed_by=by
    )
    if starts_at <= now:
        _apply(place, change, now)
    return place


def _apply(place: Place, change: PlaceStatusChange, now: datetime) -> None:
    place.status = change.status
    place.status_reason = "" if change.status == Place.Status.OPEN else change.reason
    place.status_until = None if change.status == Place.Status.OPEN else change.until
    place.save(update_fields=["status", "status_reason", "status_until", "changed_at"])
    change.applied_at = now
    change.save(update_fields=["applied_at"])
    for follow in on_status_changed:
        follow(place)


def apply_due_changes(*, now: datetime | None = None) -> int:
    """Apply changes whose time has come and end those whose time is over; the number of places changed."""
    now = now or timezone.now()
    changed = 0
    for change in PlaceStatusChange.objects.filter(applied_at__isnull=True, starts_at__lte=now).order_by("starts_at"):
        with transaction.atomic():
            place = Place.objects.select_for_update().get(pk=change.place_id)
            if PlaceStatusChange.objects.filter(pk=change.pk, applied_at__isnull=True).exists():
                _apply(place, change, now)
                changed += 1
    for ended in Place.objects.exclude(status=Place.Status.OPEN).filter(status_until__lte=now):
        with transaction.atomic():
            place = Place.objects.select_for_update().get(pk=ended.pk)
            if status_at(place, now) == Place.Status.OPEN and place.status != Place.Status.OPEN:
                change = PlaceStatusChange.objects.create(
                    place=place, status=Place.Status.OPEN, reason=place.status_reason, starts_at=now, changed_by="clock"
                )
                _apply(place, change, now)
                changed += 1
    return changed


def forget_history(before: datetime) -> int:
    """Delete status changes made before that time, but for a place's latest one and those still to come."""
    latest = PlaceStatusChange.objects.filter(place=OuterRef("place")).order_by("-changed_at", "-pk").values("pk")[:1]
    deleted, _rows = (
        PlaceStatusChange.objects.filter(changed_at__lt=before, applied_at__isnull=False)
        .exclude(pk=Subquery(latest))
        .delete()
    )
    return deleted


@transaction.atomic
def sit_down(counter: Counter, *, clerk: User) -> Counter:
    """Put a clerk at a counter; whoever sat at another one leaves it.

    Raises:
        CounterTaken: another clerk sits there.
        DomainError: what `before_leaving` refuses about the counter that the clerk leaves.
    """
    # Both counters are locked in one order before anything is looked at: of two who choose one, the second sees it taken.
    wanted = Counter.objects.filter(pk=counter.pk) | Counter.objects.filter(clerk=clerk)
    locked = {row.pk: row for row in wanted.order_by("pk").select_for_update()}
    counter = locked.pop(counter.pk)
    if counter.clerk_id not in (None, clerk.pk):
        raise CounterTaken(_("Somebody sits at this counter. Choose another one."))
    for left in locked.values():
        _vacate(left)
    if counter.clerk_id is None:
        counter.clerk, counter.opened_at, counter.paused_reason = clerk, timezone.now(), ""
        counter.save(update_fields=["clerk", "opened_at", "paused_reason"])
    return counter


def _vacate(counter: Counter) -> None:
    """Nobody sits at the locked counter any more, unless something holds them."""
    for check in before_leaving:
        check(counter)
    counter.clerk, counter.opened_at, counter.paused_reason = None, None, ""
    counter.save(update_fields=["clerk", "opened_at", "paused_reason"])


@transaction.atomic
def pause_counter(counter: Counter, *, reason: str) -> Counter:
    """Pause a counter with a reason; an empty reason opens it again."""
    Counter.objects.filter(pk=counter.pk).update(paused_reason=reason)
    counter.refresh_from_db()
    return counter


@transaction.atomic
def leave_counter(counter: Counter, *, clerk: User) -> None:
    """The clerk leaves the counter; nothing happens when somebody else sits there by now.

    Raises:
        DomainError: what `before_leaving` refuses, such as a number that is still at the counter.
    """
    held = Counter.objects.select_for_update().filter(pk=counter.pk, clerk=clerk).first()
    if held is not None:
        _vacate(held)
