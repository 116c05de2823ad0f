"""The page of points for staff, a helper's first: which is open and until when, what it can do today, how its kiosk is."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from content.items import services as items
from content.points import services as points
from content.points.services import PointStatus
from portal.base.accounts.models import User
from portal.base.accounts.services import POINT_ROLES
from portal.base.calendars import services as calendars
from portal.base.places.hours import span
from portal.base.places.models import Place
from portal.base.places.services import status_at
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.devices import services as devices

PAGE_SIZE = 60
# With so few points of one's own, the open ones near by are shown too.
FEW = 3
NEAR_BY = 5
NOT_TODAY_SHOWN = 5


@dataclass(frozen=True)
class PointRow:
    """One point as the page shows it: of one in use today's hours and what it can do, of one out of use when it opens again."""

    place: Place
    area: str
    kind: str
    status: PointStatus
    hours: str
    opens_again: str
    coming: list[str]
    offer: items.Offer | None
    kiosks: list[devices.Health]
    may_change: bool


def points_of(user: User) -> QuerySet[Place]:
    """The points and centres that the account reaches; staff of a centre reach the points that it serves."""
    if user.is_superuser:
        return points.shown_places()
    reached = rights.places_for(user, POINT_ROLES)
    bound = Q(pk__in=reached.values("pk"))
    for path in reached.filter(level=Place.Level.CENTRE).values_list("path", flat=True):
        bound |= Q(path__startswith=path[: -Place.steplen])
    return points.shown_places().filter(bound)


@never_cache
@login_required
@require_safe
def point_board(request: HttpRequest) -> HttpResponse:
    """Which of the account's points is open now, at a glance; filtered by links and one form."""
    user: User = request.user  # type: ignore[assignment]
    if not user.is_superuser and not rights.has_role(user, POINT_ROLES):
        raise PermissionDenied(_("This page is for those who help at service points. Ask the centre's manager."))
    now = timezone.now()
    own = list(points_of(user))
    states = points.statuses(own, now)
    kiosks = devices.health_at(place.pk for place in own)
    asked = {name: request.GET.get(name, "").strip()[:40] for name in ("show", "area", "q")}
    areas = {area.path: points.name_of(area) for area in points.subdistricts()}
    own_areas = {place.path[: -Place.steplen] for place in own}
    tests = {
        "open": lambda place: states[place.pk].is_open,
        "closed": lambda place: not states[place.pk].is_open and states[place.pk].state != "partly",
        "partly": lambda place: states[place.pk].state == "partly",
        "trouble": lambda place: any(not kiosk.is_well for kiosk in kiosks.get(place.pk, [])),
    }
    within = [place for place in own if _is_asked(place, asked)]
    found = [place for place in within if asked["show"] not in tests or tests[asked["show"]](place)]
    words = {
        "open": pgettext("service point", "Open"),
        "closed": _("Closed now"),
        "partly": _("Out of use"),
        "trouble": _("Kiosk needs care"),
    }
    chips = [
        {
            "text": f"{text} {sum(map(bool, map(tests[name], within)))}",
            "is_on": asked["show"] == name,
            "url": f"?{_query(asked, show='' if asked['show'] == name else name)}",
        }
        for name, text in words.items()
    ]
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/points.html",
        {
            "rows": _rows(list(page), user, now, kiosks, areas),
            "page": page,
            "query": _query(asked),
            "asked": asked,
            "chips": chips,
            "areas": [{"path": path, "name": areas[path]} for path in sorted(own_areas) if path in areas],
            "near_by": _near_by(own, now),
            "is_desk": rights.has_role(user, rights.DESK_ROLES),
            "as_of": now,
            "total": len(own),
            "nav_current": "points",
        },
    )


def _is_asked(place: Place, asked: dict[str, str]) -> bool:
    words = asked["q"].lower()
    is_named = any(words in text.lower() for text in (place.name, place.name_en, place.address, place.code))
    return is_named and (not asked["area"] or place.path.startswith(asked["area"]))


def _query(asked: dict[str, str], **changes: str) -> str:
    return urlencode({name: value for name, value in (asked | changes).items() if value})


def _rows(
    places: list[Place], user: User, now: datetime, kiosks: dict[int, list[devices.Health]], areas: dict[str, str]
) -> list[PointRow]:
    days = calendars.days_ahead(places, now)
    offers = items.offers_today(places, now)
    edited = rights.places_for(user, (Role.EDITOR,))
    own = set((Place.objects.all() if user.is_superuser else edited).values_list("pk", flat=True))
    rows = []
    for place in places:
        status = points.status_now(place, now, days=days)
        is_in_use = status_at(place, now) == Place.Status.OPEN
        rows.append(
            PointRow(
                place=place,
                area=areas.get(place.path[: -Place.steplen], ""),
                kind=points.kind_name(place),
                status=status,
                hours=_hours_today(place, now, days) if is_in_use else "",
                opens_again="" if is_in_use else _opens_again(place, now, days),
                coming=points.coming_changes(place, now),
                offer=offers[place.pk] if is_in_use else None,
                kiosks=kiosks.get(place.pk, []),
                may_change=place.pk in own,
            )
        )
    return rows


def _hours_today(place: Place, now: datetime, days: calendars.KnownDays) -> str:
    hours = calendars.hours_on(place, timezone.localtime(now).date(), days=days)
    if hours is None:
        return _("not known, call first")
    if not hours:
        return _("closed all day")
    return _(", ").join(span(opens, closes) for opens, closes in hours)


def _opens_again(place: Place, now: datetime, days: calendars.KnownDays) -> str:
    ahead = calendars.opening_ahead(place, now, days=days)
    if ahead.at:
        return _("Opens again on %s.") % f"{timezone.localtime(ahead.at):%Y-%m-%d %H:%M}"
    if ahead.unknown_year:
        year = {"year": ahead.unknown_year}
        return _("When it opens again is not known yet: the holidays of %(year)s are not loaded.") % year
    return ""


def _near_by(own: list[Place], now: datetime) -> list[dict[str, object]]:
    """Open points near the account's own, when those are few: what everybody may see of them, and where they are."""
    start = next((place for place in own if place.latitude is not None and place.longitude is not None), None)
    if start is None or len(own) > FEW:
        return []
    mine = {place.pk for place in own}
    others = [place for place in points.shown_places() if place.pk not in mine]
    states = points.statuses(others, now)
    lit = [place for place in others if states[place.pk].is_open]
    near = points.nearest((start.latitude or 0, start.longitude or 0), places=lit, limit=NEAR_BY)
    return [
        {"place": place, "name": points.name_of(place), "status": states[place.pk],
         "distance": points.distance_in_words(metres)}
        for place, metres in near
    ]  # fmt: skip
