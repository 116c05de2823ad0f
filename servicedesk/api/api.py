"""/api/v1: the same services as the screens, for an outside calling or acceptance system with a bearer token."""

import functools
import logging
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import Header, NinjaAPI, Query, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from content.items import services as items
from content.items.models import ServiceItem
from content.notices import services as notices
from portal.base import limits
from portal.base.accounts import services as accounts
from portal.base.accounts.models import ApiToken
from portal.base.calendars import services as calendars
from portal.base.errors import DomainError
from portal.base.idempotency.services import hash_of, once
from portal.base.places.models import Counter, Place
from portal.base.places.services import centre_for
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.api.schemas import (
    BookingIn,
    BookingOut,
    CaseOut,
    CentreOut,
    EventIn,
    IssuedOut,
    ItemOut,
    MoveIn,
    PointOut,
    Problem,
    SlotOut,
    TicketIn,
    TicketOut,
)
from servicedesk.booking import capacity
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking
from servicedesk.cases import progress
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case
from servicedesk.devices import services as devices
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.remote import services as remote

CALLS_A_MINUTE = 600
BAD_TOKENS_A_MINUTE = 30
DESK_ROLES = (Role.CLERK, Role.DUTY_SUPERVISOR)
ISSUE_ROLES = (*DESK_ROLES, Role.CENTRE_MANAGER)
SEE_QUEUE_ROLES = (*ISSUE_ROLES, Role.DISTRICT_SUPERVISOR)
SEE_CASE_ROLES = (*ISSUE_ROLES, Role.AUDITOR)
log = logging.getLogger("linban.api")

Verb = Literal["start", "finish", "hold", "resume", "recall", "transfer", "no-show", "cancel"]
Code = Annotated[str, Query(max_length=30)]
OptionalItem = Annotated[str | None, Query(max_length=80)]
Key = Header(None, alias="Idempotency-Key", max_length=120)


class TooMany(Exception):
    """The caller asked too often."""


class TokenBearer(HttpBearer):
    """A service account's bearer token."""

    openapi_bearerFormat = "lb_…"

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        address = limits.caller_address(request)
        found = accounts.account_for_token(token)
        if found is None:
            # Guessing is slowed down by address, calling by token.
            if not limits.allow(f"api-bad:{address}", BAD_TOKENS_A_MINUTE, 60):
                raise TooMany
            return None
        if not limits.allow(f"api:{found.pk}", CALLS_A_MINUTE, 60):
            raise TooMany
        return found


class ProblemApi(NinjaAPI):
    """Whose description says that refusals are problem+json, and whose every refusal is."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        for methods in schema["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["content"] = {PROBLEM_TYPE: response["content"].pop("application/json")}
        return schema


PROBLEM_TYPE = "application/problem+json"
api = ProblemApi(
    title="Linban",
    version="1",
    description="Queue, tickets, bookings and cases. Errors are problem+json with a code and a sentence.",
    auth=TokenBearer(),
    docs_url=None,
    urls_namespace="api-v1",
)
PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem, 429: Problem}
PUBLIC_PROBLEMS = {401: Problem, 429: Problem}


# --- refusals -----------------------------------------------------------------------------------------------------


def problem(status: int, code: str, sentence: str) -> JsonResponse:
    """An answer of RFC 9457 with our stable code; the sentence says what to do next."""
    body = {"type": "about:blank", "title": sentence, "status": status, "code": code, "detail": sentence}
    return JsonResponse(body, status=status, content_type=PROBLEM_TYPE)


@api.exception_handler(DomainError)
def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    return problem(error.status, error.code, str(error))


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, "forbidden", str(error) or _("This token may not do this here. Ask for one with that role."))


@api.exception_handler(AuthenticationError)
def unknown_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    sentence = _("Send a valid token: Authorization: Bearer …. The system administrator can issue one.")
    response = problem(401, "unauthenticated", sentence)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(TooMany)
def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    return limits.too_many(request, 60)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "not_found", _("There is no such thing here. Look at the list that it should be in."))


@api.exception_handler(HttpError)
def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "malformed", _("The request cannot be read. Send a JSON object."))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != "body")
    sentence = _("%(field)s is not right: %(problem)s. openapi.json says what is allowed.")
    return problem(422, "invalid", sentence % {"field": where or "body", "problem": first["msg"]})


@api.exception_handler(UnicodeEncodeError)
def unwritable(request: HttpRequest, error: UnicodeEncodeError) -> HttpResponse:
    return problem(422, "invalid", _("The request holds characters that no text can hold. Send plain Unicode."))


# --- who may, and once --------------------------------------------------------------------------------------------


def require(request: HttpRequest, roles: tuple[str, ...], place: Place) -> None:
    """Refuse unless the token itself holds one of the roles at the place or above it, and its account still does.

    Raises:
        PermissionDenied: it does not.
    """
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    is_within = token.role in roles and place.path.startswith(token.place.path)
    if not is_within or not rights.reaches(token.user, (token.role,), place):
        raise PermissionDenied(_("This token does not reach this place. Ask for one that was issued for it."))


def actor_of(request: HttpRequest) -> str:
    return f"api:{request.auth.pk}"  # type: ignore[attr-defined]


def done_once(request: HttpRequest, key: str | None, effect: Callable[[], tuple[int, Any]]) -> Status:
    """Do the effect; with an Idempotency-Key only once, and the same answer again for a repetition."""
    if not key:
        return Status(*effect())
    request_hash = hash_of(request.method, request.path, request.body.decode("utf-8", "replace"))
    return Status(*once(actor_of(request), key, request_hash, effect))


# --- reading ------------------------------------------------------------------------------------------------------


@api.get("/centres", response={200: list[CentreOut], **PUBLIC_PROBLEMS}, summary="The centres that the token reaches")
def centres(request: HttpRequest) -> list[dict[str, Any]]:
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    reached = Place.objects.filter(level=Place.Level.CENTRE, path__startswith=token.place.path)
    if token.place.level == Place.Level.POINT and (served_by := centre_for(token.place)):
        reached = Place.objects.filter(pk=served_by.pk)
    return [
        {"code": centre.code, "name": centre.name, "counters": [_counter(row) for row in centre.counters.all()]}
        for centre in reached.prefetch_related("counters").order_by("code")
    ]


def _counter(counter: Counter) -> dict[str, Any]:
    return {"id": counter.pk, "number": counter.number, "name": queueing.counter_name(counter)}


@api.get("/centres/{code}/queue", response={200: dict[str, Any], **PROBLEMS}, summary="The queue with its number `seq`")
def queue(request: HttpRequest, code: str) -> dict[str, Any]:
    centre = get_object_or_404(Place, code=code, level=Place.Level.CENTRE)
    require(request, SEE_QUEUE_ROLES, centre)
    return queueing.queue_snapshot(centre)


@api.get("/items", response={200: list[ItemOut], **PUBLIC_PROBLEMS}, summary="What can be done, most frequent first")
def item_list(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"key": item.key, "name": item.name_zh or item.key, "name_en": item.name_en, "line": item.line.code}
        for item in items.items_for_place(None)
    ]


@api.get("/points", response={200: list[PointOut], **PUBLIC_PROBLEMS}, summary="The service points")
def points(request: HttpRequest) -> list[dict[str, Any]]:
    found = list(
        Place.objects.filter(level=Place.Level.POINT)
        .prefetch_related("opening_intervals", "opening_exceptions")
        .order_by("code")
    )
    is_open = calendars.open_now(found, timezone.now())
    all_centres = Place.objects.filter(level=Place.Level.CENTRE)
    # A point and the centre that serves it have the same subdistrict, which is their common parent or above the point.
    centre_by_parent = {centre.path[: -Place.steplen]: centre.code for centre in all_centres}
    return [
        {
            "code": point.code,
            "name": point.name,
            "kind": point.kind,
            "centre": _nearest(centre_by_parent, point.path),
            "address": point.address,
            "status": point.status,
            "status_reason": point.status_reason,
            "open_now": is_open[point.pk],
            "has_remote_window": point.has_remote_window,
            "latitude": point.latitude,
            "longitude": point.longitude,
        }
        for point in found
    ]


def _nearest(centre_by_parent: dict[str, str], path: str) -> str | None:
    above = (path[:end] for end in range(len(path) - Place.steplen, 0, -Place.steplen))
    return next((centre_by_parent[step] for step in above if step in centre_by_parent), None)


# --- tickets ------------------------------------------------------------------------------------------------------


@api.post("/tickets", response={201: IssuedOut, **PROBLEMS}, summary="Draw a number")
def issue(request: HttpRequest, body: TicketIn, idempotency_key: str | None = Key) -> Status:
    centre = get_object_or_404(Place, code=body.centre, level=Place.Level.CENTRE)
    require(request, ISSUE_ROLES, centre)
    item = get_object_or_404(ServiceItem, key=body.item) if body.item else None
    point = _point_of(body, centre)

    def effect() -> tuple[int, Any]:
        ticket, is_new = queueing.issue_ticket(
            centre=centre,
            channel=body.channel,
            actor=actor_of(request),
            item=item,
            classes=tuple(body.classes),
            point=point,
            device=devices.only_device_at(point) if point else None,
        )
        told = queueing.estimate_for(ticket)
        late = {"is_new": is_new, "past_closing": told.past_closing, "message": queueing.closing_text(told)}
        return 201, queueing.ticket_view(ticket) | late

    return done_once(request, idempotency_key, effect)


def _point_of(body: TicketIn, centre: Place) -> Place | None:
    """Where a remote person waits; a calling system that does not say means the centre itself."""
    if body.channel != "remote":
        return None
    if body.point is None:
        return centre
    point = get_object_or_404(Place, code=body.point, level=Place.Level.POINT)
    if centre_for(point) != centre:
        raise queueing.OtherCentre(_("This service point belongs to another centre. Send that centre's code."))
    return point


@api.get("/tickets/{ticket_id}", response={200: TicketOut, **PROBLEMS}, summary="A ticket with its wait now")
def ticket(request: HttpRequest, ticket_id: UUID) -> dict[str, Any]:
    found = _ticket(request, ticket_id)
    return queueing.ticket_view(found)


def _ticket(request: HttpRequest, ticket_id: UUID) -> Ticket:
    found = get_object_or_404(
        Ticket.objects.select_related("centre", "point", "item__line", "counter", "device"), pk=ticket_id
    )
    require(request, DESK_ROLES, found.centre)
    return found


@api.post(
    "/counters/{counter_id}/next", response={200: TicketOut, 204: None, **PROBLEMS}, summary="Call the next number"
)
def next_ticket(request: HttpRequest, counter_id: int, idempotency_key: str | None = Key) -> Status:
    counter = get_object_or_404(Counter.objects.select_related("centre", "clerk"), pk=counter_id)
    require(request, DESK_ROLES, counter.centre)
    account = request.auth.user  # type: ignore[attr-defined]

    def effect() -> tuple[int, Any]:
        called = remote.call_next(counter, clerk=counter.clerk or account, actor=actor_of(request))
        return (204, None) if called is None else (200, queueing.ticket_view(called))

    return done_once(request, idempotency_key, effect)


@api.post("/tickets/{ticket_id}/{verb}", response={200: TicketOut, **PROBLEMS}, summary="Move a ticket on")
def move(
    request: HttpRequest, ticket_id: UUID, verb: Verb, body: MoveIn | None = None, idempotency_key: str | None = Key
) -> Status:
    found = _ticket(request, ticket_id)
    asked = body or MoveIn.model_validate({})
    to_counter = get_object_or_404(Counter, pk=asked.to_counter) if asked.to_counter is not None else None

    def effect() -> tuple[int, Any]:
        moved = queueing.move_ticket(
            found,
            verb.replace("-", "_"),
            actor=actor_of(request),
            expected=asked.expected,
            outcome=asked.outcome,
            reason=asked.reason,
            to_counter=to_counter,
        )
        return 200, queueing.ticket_view(moved)

    return done_once(request, idempotency_key, effect)


# --- bookings -----------------------------------------------------------------------------------------------------


def _bookable(request: HttpRequest, code: str) -> Place:
    place = get_object_or_404(Place, code=code, level__in=(Place.Level.CENTRE, Place.Level.POINT))
    require(request, ISSUE_ROLES, centre_for(place) or place)
    return place


@api.get("/slots", response={200: list[SlotOut], **PROBLEMS}, summary="The times that a place gives")
def slots(
    request: HttpRequest, place: Code, item: OptionalItem = None, day: date | None = None
) -> list[dict[str, Any]]:
    where = _bookable(request, place)
    wanted = get_object_or_404(ServiceItem, key=item) if item else None
    shown = capacity.get_place(where.code)
    found = capacity.openings([shown], item=wanted, first=day, last=day).get(shown.pk, {}) if shown else {}
    return [
        {"starts_at": row.starts_at, "ends_at": row.ends_at, "capacity": row.capacity, "free": row.free}
        for on in sorted(found)
        for row in found[on]
    ]


@api.post("/bookings", response={201: BookingOut, **PROBLEMS}, summary="Book a time")
def book(request: HttpRequest, body: BookingIn, idempotency_key: str | None = Key) -> Status:
    where = _bookable(request, body.place)
    item = get_object_or_404(ServiceItem, key=body.item) if body.item else None
    notice = notices.notice_by_code(body.notice) if body.notice else None

    def effect() -> tuple[int, Any]:
        made = booking.book_at_once(
            where,
            body.starts_at,
            item=item,
            notice=notice,
            phone=body.phone,
            number=body.card_number,
            actor=actor_of(request),
        )
        return 201, _booking_view(made)

    return done_once(request, idempotency_key, effect)


def _booking_view(made: Booking) -> dict[str, Any]:
    slot, item = made.slot, made.item
    return {
        "id": str(made.pk),
        "code": made.code,
        "url": booking.address_of(made),
        "state": made.state,
        "place": {"code": slot.place.code, "name": slot.place.name},
        "item": {"key": item.key, "name": item.name} if item else None,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "check_in_from": (slot.starts_at - booking.EARLY).isoformat(),
        "check_in_until": (slot.ends_at + booking.LATE).isoformat(),
    }


# --- cases --------------------------------------------------------------------------------------------------------


@api.get("/cases/{number}", response={200: CaseOut, **PROBLEMS}, summary="How far a case is, without names")
def case(request: HttpRequest, number: str) -> dict[str, Any]:
    found = _case(number)
    require(request, SEE_CASE_ROLES, found.centre)
    return _case_view(found)


def _case(number: str) -> Case:
    found = Case.objects.select_related("centre", "item")
    own = found.filter(number=number).first()
    return own or get_object_or_404(found, external_number=number)


def _case_view(found: Case) -> dict[str, Any]:
    return {
        "number": found.number,
        "state": found.state,
        "item": {"key": found.item.key, "name": found.item.name},
        "progress": progress.progress(found),
    }


@api.post("/cases/{number}/events", response={200: CaseOut, **PROBLEMS}, summary="What the acceptance system says")
def case_event(request: HttpRequest, number: str, body: EventIn, idempotency_key: str | None = Key) -> Status:
    found = _case(number)
    require(request, DESK_ROLES, found.centre)

    def effect() -> tuple[int, Any]:
        if body.external_number:
            cases.set_external_number(found, number=body.external_number, actor=actor_of(request))
        moved = cases.move_case(found, body.action, actor=actor_of(request), reason=body.reason)
        return 200, _case_view(moved)

    return done_once(request, idempotency_key, effect)


# --- addresses ----------------------------------------------------------------------------------------------------


def _has_nul(request: HttpRequest) -> bool:
    """Whether a NUL character stands somewhere; JSON can spell it, and PostgreSQL's texts cannot hold it."""
    return (
        "\0" in request.path_info
        or any("\0" in value for value in request.GET.values())
        or "\0" in request.headers.get("idempotency-key", "")
        or b"\\u0000" in request.body
        or b"\0" in request.body
    )


def _guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, whose "method not allowed" is a problem like every other refusal, and which never sees a NUL."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _has_nul(request):
            return unwritable(request, UnicodeEncodeError("utf-8", "", 0, 1, "NUL"))
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response["Allow"]
        sentence = _("%(method)s is not possible here. Possible: %(allowed)s.")
        refusal = problem(405, "method_not_allowed", sentence % {"method": request.method, "allowed": allowed})
        refusal["Allow"] = allowed
        return refusal

    return answer


@csrf_exempt
def no_such_address(request: HttpRequest, rest: str) -> HttpResponse:
    """What stands below /api/v1/ and is no address of the API."""
    return problem(404, "not_found", _("There is no such address. /api/v1/openapi.json lists them all."))


def _addresses() -> list[URLPattern | URLResolver]:
    patterns, _app, _namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = _guarded(pattern.callback)
    return [*patterns, path("<path:rest>", no_such_address, name="no-such-address")]


urls = (_addresses(), "ninja", "api-v1")
