"""What others ask of places: the centre that serves a point, and a place's status."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.errors import Changed
from portal.base.places.errors import CounterTaken, PlaceRefused
from portal.base.places.models import Counter, Place, PlaceStatusChange

# What else must follow, in the same transaction, when places change: the stream of a live screen, the city's map.
on_changed: list[Callable[[list[Place]], None]] = []
# What keeps a clerk at a counter: each is asked under the counter's lock and raises a domain error to refuse.
before_leaving: list[Callable[[Counter], None]] = []
CLOCK = "clock"
# Changes that have neither begun nor been taken back.
AHEAD = PlaceStatusChange.objects.filter(applied_at__isnull=True, cancelled_at__isnull=True)


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


def planned_changes(place: Place) -> list[PlaceStatusChange]:
    """Changes of status that lie ahead, soonest first; prefetched by `with_planned_changes` where many are asked about."""
    prefetched = getattr(place, "planned", None)
    if prefetched is not None:
        return prefetched
    return list(AHEAD.filter(place_id=place.pk).order_by("starts_at", "pk"))


def with_planned_changes(places: QuerySet[Place]) -> QuerySet[Place]:
    """The places with their `planned_changes` in one query."""
    ahead = Prefetch("status_changes", queryset=AHEAD.order_by("starts_at", "pk"), to_attr="planned")
    return places.prefetch_related(ahead)


def status_at(place: Place, at: datetime) -> str:
    """The place's status at a moment, past its end and with what is planned, whether or not the clock ran."""
    status, until = place.status, place.status_until
    if at > timezone.now():
        for change in planned_changes(place):
            if change.starts_at <= at:
                status, until = change.status, change.until
    if status != Place.Status.OPEN and until is not None and until <= at:
        return Place.Status.OPEN
    return status


def open_periods(place: Place, start: datetime) -> list[tuple[datetime, datetime | None]]:
    """From a moment on, when the place's status lets it be open: (from, to), the last one perhaps without an end."""
    planned = planned_changes(place)
    moments = {start, place.status_until, *(change.starts_at for change in planned), *(row.until for row in planned)}
    steps = sorted(moment for moment in moments if moment is not None and moment >= start)
    periods: list[tuple[datetime, datetime | None]] = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if status_at(place, step) != Place.Status.OPEN:
            continue
        if periods and periods[-1][1] == step:
            periods[-1] = (periods[-1][0], following)
        else:
            periods.append((step, following))
    return periods


@transaction.atomic
def change_status(
    place: Place,
    status: str,
    *,
    reason: str,
    by: str,
    starts_at: datetime | None = None,
    until: datetime | None = None,
    moved_to: Place | None = None,
    moved_address: str = "",
) -> Place:
    """Set a place's status with its reason and keep the history; one that starts later is applied by the clock then.

    :param moved_to: with the status moved: the place that takes its part; else `moved_address` says where.

    Raises:
        PlaceRefused: a status other than open has no reason, ends before it begins, or moved does not say where to.
    """
    now = timezone.now()
    starts_at = starts_at or now
    if status != Place.Status.OPEN and not reason.strip():
        raise PlaceRefused(_("Say why: people read the reason on the point's page."), field="reason")
    if until is not None and until <= starts_at:
        raise PlaceRefused(_("The end lies before the beginning. Look at the two dates again."), field="until")
    if status == Place.Status.MOVED:
        if moved_to is None and not moved_address.strip():
            raise PlaceRefused(_("Say where it moved to: another point, or the new address."), field="moved_address")
        if moved_to is not None and moved_to.pk == place.pk:
            raise PlaceRefused(_("A place cannot move to itself. Choose another one."), field="moved_to")
    else:
        moved_to, moved_address = None, ""
    place = Place.objects.select_for_update().get(pk=place.pk)
    change = PlaceStatusChange.objects.create(
        place=place,
        status=status,
        reason=reason.strip(),
        starts_at=starts_at,
        until=until,
        changed_by=by,
        moved_to=moved_to,
        moved_address=moved_address.strip(),
    )
    if starts_at <= now:
        _apply(place, change, now)
    else:
        announce([place])
    return place


def _apply(place: Place, change: PlaceStatusChange, now: datetime) -> None:
    is_open = change.status == Place.Status.OPEN
    place.status = change.status
    place.status_reason = "" if is_open else change.reason
    place.status_until = None if is_open else change.until
    place.moved_to_id, place.moved_address = change.moved_to_id, change.moved_address
    place.save(update_fields=["status", "status_reason", "status_until", "moved_to", "moved_address", "changed_at"])
    change.applied_at = now
    change.save(update_fields=["applied_at"])
    announce([place])


def announce(places: list[Place]) -> None:
    """Tell the followers, inside the writer's transaction, that these places differ from before."""
    for follow in on_changed:
        follow(places)


@transaction.atomic
def cancel_change(change: PlaceStatusChange, *, by: str) -> None:
    """Take back a change of status that lies ahead.

    Raises:
        Changed: it has begun, or was taken back already.
    """
    cancelled = AHEAD.filter(pk=change.pk).update(cancelled_at=timezone.now(), cancelled_by=by)
    if not cancelled:
        raise Changed(_("This change has begun or was taken back already. Look at the history."))
    announce([Place.objects.get(pk=change.place_id)])


def change_to_undo(place: Place) -> PlaceStatusChange | None:
    """The last change of status, if a person made it and nothing followed that would have to be undone first."""
    last = _applied(place).first()
    if last is None or last.changed_by == CLOCK or last.undoes_id is not None:
        return None
    return last


def _applied(place: Place) -> QuerySet[PlaceStatusChange]:
    return PlaceStatusChange.objects.filter(place=place, applied_at__isnull=False).order_by("-applied_at", "-pk")


@transaction.atomic
def undo_last_change(place: Place, *, by: str, expected: int | None = None) -> Place:
    """Put back the status that held before the last change; the history keeps both.

    :param expected: the change that the person saw as the last one.

    Raises:
        Changed: there is nothing to take back, or another change came between.
    """
    now = timezone.now()
    place = Place.objects.select_for_update().get(pk=place.pk)
    last = change_to_undo(place)
    if last is None or (expected is not None and last.pk != expected):
        raise Changed(_("There is no change to take back any more. Look at the history."))
    before = _applied(place).exclude(pk=last.pk).first()
    is_over = before is None or (before.until is not None and before.until <= now)
    undoing = PlaceStatusChange(place=place, starts_at=now, changed_by=by, undoes=last, status=Place.Status.OPEN)
    if before is not None and not is_over:
        for field in ("status", "reason", "until", "moved_to", "moved_address"):
            setattr(undoing, field, getattr(before, field))
    undoing.save()
    _apply(place, undoing, now)
    return place


def apply_due_changes(*, now: datetime | None = None) -> int:
    """Apply changes whose time has come and end those whose time is over; the number of places changed."""
    now = now or timezone.now()
    changed = 0
    for change in AHEAD.filter(starts_at__lte=now).order_by("starts_at", "pk"):
        with transaction.atomic():
            place = Place.objects.select_for_update().get(pk=change.place_id)
            if AHEAD.filter(pk=change.pk).exists():
                _apply(place, change, now)
                changed += 1
    for ended in Place.objects.exclude(status=Place.Status.OPEN).filter(status_until__lte=now):
        with transaction.atomic():
            place = Place.objects.select_for_update().get(pk=ended.pk)
            if place.status != Place.Status.OPEN and place.status_until is not None and place.status_until <= now:
                change = PlaceStatusChange.objects.create(
                    place=place, status=Place.Status.OPEN, reason=place.status_reason, starts_at=now, changed_by=CLOCK
                )
                _apply(place, change, now)
                changed += 1
    return changed


def forget_history(before: datetime) -> int:
    """Delete status changes made before that time, but for a place's latest one and those still to come."""
    latest = PlaceStatusChange.objects.filter(place=OuterRef("place")).order_by("-changed_at", "-pk").values("pk")[:1]
    deleted, _per_model = (
        PlaceStatusChange.objects.filter(changed_at__lt=before)
        .exclude(applied_at__isnull=True, cancelled_at__isnull=True)
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
