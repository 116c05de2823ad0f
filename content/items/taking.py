"""Whether an item can be taken at a place, on a channel, at a time; what is said and done when it cannot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from content.items.editions import current_edition, editions_in_force
from content.items.models import ItemAtPlace, ItemEdition, Line, ServiceItem
from portal.base.calendars import services as calendars
from portal.base.places.models import Place
from portal.base.places.services import centre_for

LOOK_AHEAD_DAYS = 93
REMOTE, ONSITE, BOOKED = "remote", "onsite", "booked"


@dataclass(frozen=True)
class Refusal:
    """Why an item cannot be taken, and what to do instead; both sentences are in the reader's language."""

    code: str
    sentence: str
    next_step: str
    next_on: date | None = None

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


def _path_steps(place: Place) -> list[str]:
    """The place's path and those above it, nearest first."""
    return [place.path[:end] for end in range(len(place.path), 0, -Place.steplen)]


def rules_at(place: Place, items: list[int] | None = None) -> dict[int, ItemAtPlace]:
    """By item's id the row that decides at a place: its own, else the nearest above."""
    steps = _path_steps(place)
    rows = ItemAtPlace.objects.filter(place__path__in=steps).select_related("place").prefetch_related("hours")
    if items is not None:
        rows = rows.filter(item_id__in=items)
    nearest: dict[int, ItemAtPlace] = {}
    for row in sorted(rows, key=lambda row: steps.index(row.place.path), reverse=True):
        nearest[row.item_id] = row
    return nearest


def _has_channel(edition: ItemEdition, rule: ItemAtPlace | None, channel: str) -> bool:
    if channel not in (REMOTE, ONSITE):
        return True
    field = f"is_{channel}"
    override = getattr(rule, field) if rule else None
    return getattr(edition, field) if override is None else override


def is_offered(rule: ItemAtPlace | None, on: date) -> bool:
    """Whether a place offers the item on a day: not switched off, and its first day has come."""
    return rule is None or (rule.is_offered and (rule.starts_on is None or rule.starts_on <= on))


def is_in_hours(rule: ItemAtPlace | None, at: datetime) -> bool:
    """Whether a moment lies in the place's own hours for the item; where it has none, every opening hour serves."""
    hours = list(rule.hours.all()) if rule else []
    if not hours:
        return True
    moment = timezone.localtime(at)
    return any(row.weekday == moment.weekday() and row.opens <= moment.time() < row.closes for row in hours)


def items_for_place(place: Place | None, channel: str = "", *, at: datetime | None = None) -> list[ServiceItem]:
    """Items that can be asked for at a place, most frequent first, each with its `edition` in force.

    `channel` is "remote", "onsite" or empty for either; without a place, what the editions say holds. What a place
    does not offer yet is left out; with `at`, also what it handles at other hours only (`can_be_taken` tells when).
    """
    rules = rules_at(place) if place else {}
    editions = editions_in_force().filter(item__is_active=True).select_related("item__line")
    today = timezone.localtime(at).date() if at else timezone.localdate()
    found = []
    for edition in editions:
        rule = rules.get(edition.item_id)
        if not is_offered(rule, today) or not _has_channel(edition, rule, channel):
            continue
        if at is not None and not is_in_hours(rule, at):
            continue
        item = edition.item
        item.edition = edition
        found.append(item)
    found.sort(key=lambda item: (-item.frequency, item.line.order, item.list_number or 10**6, item.key))
    return found


def places_that_offer(item: ServiceItem, places: list[Place]) -> list[Place]:
    """Those places where an item is offered, at a centre's counter or by a remote window: two queries for any number."""
    edition = current_edition(item)
    if edition is None:
        return []
    rows = {row.place.path: row for row in item.at_places.select_related("place")}
    kept = []
    for place in places:
        rule = next((rows[step] for step in _path_steps(place) if step in rows), None)
        if rule and not rule.is_offered:
            continue
        is_at_centre = place.level == Place.Level.CENTRE
        if (is_at_centre and _has_channel(edition, rule, ONSITE)) or (
            place.has_remote_window and _has_channel(edition, rule, REMOTE)
        ):
            kept.append(place)
    return kept


@dataclass(frozen=True)
class Offer:
    """What a place can do on a day: how many items, and those that it offers but not on that day."""

    count: int
    not_today: tuple[ServiceItem, ...] = ()


def channel_at(place: Place) -> str:
    """How items are handled at a place: on the spot, by video, or (empty) not at all."""
    if place.level == Place.Level.CENTRE:
        return ONSITE
    return REMOTE if place.has_remote_window else ""


def offers_today(places: list[Place], at: datetime) -> dict[int, Offer]:
    """What each place can do today by its primary key; five queries for however many places."""
    today = timezone.localtime(at).date()
    days = calendars.known_days(today, today)
    editions = list(editions_in_force().filter(item__is_active=True).select_related("item"))
    is_today = {edition.pk: is_in_window(edition, today, days=days) is not False for edition in editions}
    rows: dict[int, dict[str, ItemAtPlace]] = {}
    for row in ItemAtPlace.objects.select_related("place").prefetch_related("hours"):
        rows.setdefault(row.item_id, {})[row.place.path] = row
    offers = {}
    for place in places:
        channel, count, not_today = channel_at(place), 0, []
        for edition in editions if channel else []:
            at_places = rows.get(edition.item_id, {})
            rule = (
                next((at_places[step] for step in _path_steps(place) if step in at_places), None) if at_places else None
            )
            if not is_offered(rule, today) or not _has_channel(edition, rule, channel):
                continue
            hours = list(rule.hours.all()) if rule else []
            if is_today[edition.pk] and (not hours or any(row.weekday == today.weekday() for row in hours)):
                count += 1
            else:
                not_today.append(edition.item)
        offers[place.pk] = Offer(count, tuple(sorted(not_today, key=lambda item: (-item.frequency, item.key))))
    return offers


def most_frequent(place: Place | None, limit: int = 8, channel: str = "") -> list[ServiceItem]:
    """The items that are asked for most often at a place."""
    return items_for_place(place, channel)[:limit]


def lines_with_items(place: Place | None = None, channel: str = "") -> list[tuple[Line, list[ServiceItem]]]:
    """Lines of business in their order, each with its items, most frequent first; empty lines are left out."""
    by_line: dict[int, list[ServiceItem]] = {}
    for item in items_for_place(place, channel):
        by_line.setdefault(item.line_id, []).append(item)
    return [(line, by_line[line.pk]) for line in Line.objects.all() if line.pk in by_line]


def is_in_window(edition: ItemEdition, day: date, *, days: calendars.KnownDays | None = None) -> bool | None:
    """Whether the item is handled on a day by its day-of-month window; None when that year's holidays are not known."""
    first, last = edition.window_from_day, edition.window_to_day
    if first is not None and last is not None:
        inside = first <= day.day <= last if first <= last else day.day >= first or day.day <= last
        if not inside:
            return False
    if not edition.window_skips_holidays:
        return True
    is_holiday = (days or calendars.known_days(day, day)).is_holiday(day)
    return None if is_holiday is None else not is_holiday


def is_taken_on(
    edition: ItemEdition, rule: ItemAtPlace | None, day: date, *, channel: str, days: calendars.KnownDays
) -> bool:
    """Whether an item is handled on a day: offered here by then, on this channel, in its window; False when not known."""
    return (
        is_offered(rule, day) and _has_channel(edition, rule, channel) and is_in_window(edition, day, days=days) is True
    )


def next_day_in_window(edition: ItemEdition, after: date) -> date | None:
    """The first day after `after` on which the item is handled; None when it is not known."""
    days = calendars.known_days(after, after + timedelta(days=LOOK_AHEAD_DAYS))
    for offset in range(1, LOOK_AHEAD_DAYS + 1):
        day = after + timedelta(days=offset)
        answer = is_in_window(edition, day, days=days)
        if answer is None:
            return None
        if answer:
            return day
    return None


def window_text(edition: ItemEdition) -> str:
    """The day-of-month window as a sentence; empty when every opening day serves."""
    if edition.window_from_day is None:
        return _("Not on public holidays.") if edition.window_skips_holidays else ""
    words = {"first": edition.window_from_day, "last": edition.window_to_day}
    if edition.window_skips_holidays:
        return _("From day %(first)s to day %(last)s of every month, except public holidays.") % words
    return _("From day %(first)s to day %(last)s of every month.") % words


def _long_date(day: date) -> str:
    return formats.date_format(day, _("F j"))


def can_be_taken(item: ServiceItem, place: Place, at: datetime, *, channel: str = "") -> Refusal | None:
    """None when the item can be taken at the place at that time; else why not, with a next step.

    Looks at whether it is offered here and already, the channel, the item's day-of-month window, the opening of the
    place (of its centre for a remote window too: nobody answers when the centre is closed), and the place's own hours
    for the item.
    """
    today = timezone.localtime(at).date()
    edition = current_edition(item, today)
    if edition is None or not item.is_active:
        return Refusal(
            "not_offered", _("This is not handled at the windows now."), _("Ask at the window, or call 12345.")
        )
    rule = rules_at(place, [item.pk]).get(item.pk)
    if rule and not rule.is_offered:
        centre = centre_for(place)
        elsewhere = rule.next_step or (
            _("Go to %s.") % centre.name
            if centre and centre.pk != place.pk and rule.place_id != centre.pk
            else _("Ask at the window where it is handled, or call 12345.")
        )
        return Refusal("not_here", rule.note or _("This is not handled here yet."), elsewhere)
    if rule and not is_offered(rule, today):
        return _not_yet(rule)
    if not _has_channel(edition, rule, channel):
        if channel == REMOTE:
            centre = centre_for(place)
            where = _("Go to %s.") % centre.name if centre else _("Go to a service centre.")
            return Refusal("not_remote", _("This cannot be done by video."), where)
        return Refusal(
            "not_onsite",
            _("This is not handled at the counter."),
            _("Use the remote window of a service point near you."),
        )
    if is_in_window(edition, today) is False:
        next_on = next_day_in_window(edition, today)
        next_step = (
            _("The next day on which it can be done is %s.") % _long_date(next_on)
            if next_on
            else _("The next day is not known yet: that year's holidays are not loaded. Call 12345 before you come.")
        )
        sentence = _("%(item)s is not handled today. %(window)s") % {
            "item": edition.said("name"),
            "window": window_text(edition),
        }
        return Refusal("not_today", sentence, next_step, next_on)
    return _closed(place, at) or _outside_hours(edition, rule, place, at)


def _not_yet(rule: ItemAtPlace) -> Refusal:
    assert rule.starts_on is not None
    first = _long_date(rule.starts_on)
    return Refusal(
        "not_yet",
        _("This is handled here from %s on.") % first,
        rule.next_step or _("Come from that day on, or ask at the window where it is handled today."),
        rule.starts_on,
    )


def _outside_hours(edition: ItemEdition, rule: ItemAtPlace | None, place: Place, at: datetime) -> Refusal | None:
    """The refusal outside a place's own hours for the item, with the next time at which it is handled."""
    if rule is None or is_in_hours(rule, at):
        return None
    following = next_in_hours(edition, rule, place, at)
    sentence = _("%(item)s is handled here only at these hours: %(hours)s.") % {
        "item": edition.said("name"),
        "hours": hours_text(rule),
    }
    if following is None:
        next_step = _("The next time is not known yet. Call 12345 before you come.")
        return Refusal("not_now", sentence, next_step)
    when = formats.date_format(timezone.localtime(following), _("F j, H:i"))
    next_step = _("The next time is %s.") % when
    return Refusal("not_now", sentence, next_step, timezone.localtime(following).date())


def hours_text(rule: ItemAtPlace) -> str:
    """A place's own hours for an item, day by day."""
    return _(", ").join(str(row) for row in rule.hours.all())


def next_in_hours(edition: ItemEdition, rule: ItemAtPlace, place: Place, after: datetime) -> datetime | None:
    """When the place next handles the item: in its own hours, while it is open, on a day of the item's window."""
    moment = timezone.localtime(after)
    days = calendars.known_days(moment.date(), moment.date() + timedelta(days=LOOK_AHEAD_DAYS))
    hours = list(rule.hours.all())
    for offset in range(LOOK_AHEAD_DAYS):
        day = moment.date() + timedelta(days=offset)
        if is_in_window(edition, day, days=days) is not True:
            continue
        open_hours = calendars.hours_on(place, day, days=days)
        for row in (row for row in hours if row.weekday == day.weekday()):
            for opens, closes in open_hours or []:
                start = max(opens, row.opens)
                begins = timezone.make_aware(datetime.combine(day, start))
                if start < min(closes, row.closes) and begins > after and calendars.is_open(place, begins, days=days):
                    return begins
    return None


def _closed(place: Place, at: datetime) -> Refusal | None:
    centre = centre_for(place)
    for where in [place] if centre is None or centre.pk == place.pk else [place, centre]:
        if calendars.is_open(where, at) is False:
            opening = calendars.next_opening(where, at)
            next_step = (
                _("It opens again on %s.") % formats.date_format(timezone.localtime(opening), _("F j, H:i"))
                if opening
                else _("Look at the map for another point that is open, or call 12345.")
            )
            sentence = _("%s is closed now.") % where.name
            if where.status != Place.Status.OPEN and where.status_reason:
                sentence = _("%(place)s is closed now: %(reason)s") % {
                    "place": where.name,
                    "reason": where.status_reason,
                }
            return Refusal("closed", sentence, next_step, timezone.localtime(opening).date() if opening else None)
    return None
