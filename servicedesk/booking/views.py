"""The pages of booking: what, where and when, what one leaves, and the booking itself. No account, no telephone needed."""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from content.guides.services import url_of
from content.items import services as items
from content.notices import services as notices
from content.notices.telling import told
from content.notices.views import qr_svg
from content.points import services as points
from portal.base.errors import DomainError
from portal.base.idempotency.services import hash_of, once
from portal.base.limits import limited
from portal.base.places.models import Place
from servicedesk.booking import capacity, choosing, services
from servicedesk.booking.calendar_file import calendar_of
from servicedesk.booking.errors import BadNumber, BadPhone, HoldOver, UnknownBooking
from servicedesk.booking.forms import LeftForm
from servicedesk.booking.models import Booking
from servicedesk.booking.states import BookingState

STEPS = 4
LOOKS: dict[str, Any] = {"limit": 300, "window_s": 600, "methods": ("GET", "HEAD")}
HOLDS: dict[str, Any] = {"limit": 20, "window_s": 600}
ACTOR_AT_KIOSK = "kiosk"


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, at_kiosk: bool, status: int = 200
) -> HttpResponse:
    context |= {
        "layout": "base/kiosk.html" if at_kiosk else "base/page.html",
        "at_kiosk": at_kiosk,
        "idle_url": "/kiosk/" if at_kiosk else "",
        "nav_current": "book",
    }
    return render(request, template, context, status=status)


def _step(request: HttpRequest, name: str, number: int, asked: choosing.Asked, **more: Any) -> HttpResponse:
    status = more.pop("status", 200)
    context = {
        "asked": asked,
        "about": asked.item.name if asked.item else _("Advice") if asked.is_chosen else "",
        "number": number,
        "steps": STEPS,
        "meter": [n < number for n in range(STEPS)],
        "is_quiet": items.is_bereavement(asked.item),
        **more,
    }
    return _page(request, f"booking/{name}.html", context, at_kiosk=asked.at_kiosk, status=status)


# --- choosing -----------------------------------------------------------------------------------------------------


@never_cache
@limited("book.look", **LOOKS)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The next choice that is missing: what, where, when. `?item=`, `?place=`, `?notice=` and `?change=` bring some along."""
    asked = choosing.asked_of(request)
    if not asked.is_chosen:
        words = request.GET.get("words", "").strip()[:40]
        return _step(request, "item", 1, asked, **choosing.item_step(asked, words))
    if asked.place is None or "area" in request.GET:
        unknown = bool(request.GET.get("place")) and asked.place is None
        return _step(request, "place", 2, asked, unknown=unknown, **choosing.place_step(asked, request))
    return _time_step(request, asked, request.GET.get("day", ""))


def _time_step(request: HttpRequest, asked: choosing.Asked, day: str, problem: str = "") -> HttpResponse:
    context = choosing.time_step(asked, day) | {"once": secrets.token_urlsafe(12)}
    return _step(request, "time", 3, asked, problem=problem, status=409 if problem else 200, **context)


@never_cache
@limited("book.hold", **HOLDS)
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    """Hold the chosen time, or move a booking to it; at the kiosk, where nothing is typed, it is booked at once."""
    asked = choosing.asked_of(request)
    starts_at = _moment(request.POST.get("starts", ""))
    place = asked.place
    if not asked.is_chosen or place is None or starts_at is None:
        return redirect(asked.url())
    given: dict[str, Any] = {"item": asked.item, "notice": asked.notice}

    def take() -> tuple[int, Any]:
        if asked.at_kiosk:
            return 201, services.book_at_once(place, starts_at, actor=ACTOR_AT_KIOSK, **given).token
        return 201, services.hold(place, starts_at, actor=services.RESIDENT, **given).token

    try:
        if asked.changing is not None:
            booking = services.change(asked.changing, place, starts_at)
            messages.success(request, _("The new time is noted."))
            return _to_booking(booking, asked.at_kiosk)
        # A button that is pressed twice takes one seat.
        key = f"{request.POST.get('once', '')[:40]}:{starts_at.isoformat()}"
        _status, token = once("book", key, hash_of(place.code, starts_at, asked.at_kiosk), take)
    except DomainError as error:
        return _time_step(request, asked, str(capacity.day_of(starts_at) or ""), str(error))
    return _to_booking(services.by_token(token), asked.at_kiosk)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _to_booking(booking: Booking, at_kiosk: bool) -> HttpResponseRedirect:
    address = reverse("booking", args=[booking.token])
    return HttpResponseRedirect(f"{address}?kiosk" if at_kiosk else address)


# --- what one leaves ----------------------------------------------------------------------------------------------


@never_cache
@limited("book.details", limit=60, window_s=600)
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, token: str) -> HttpResponse:
    """A telephone and the card's number, if one likes; what was typed stays when it cannot be right."""
    try:
        booking = services.by_token(token)
    except UnknownBooking:
        return _unknown(request)
    if booking.state != BookingState.HELD:
        return _to_booking(booking, False)
    form = LeftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _to_booking(services.book(booking, **form.cleaned_data), False)
        except BadPhone as error:
            form.add_error("phone", str(error))
        except BadNumber as error:
            form.add_error("number", str(error))
        except HoldOver as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(_again(booking))
        except DomainError:
            # The button was pressed twice: the first one booked it.
            return _to_booking(booking, False)
    asked = choosing.Asked(
        is_chosen=True, item=booking.item, place=booking.slot.place, notice=notices.notice_by_id(booking.notice_id),
        changing=None, area="", at_kiosk=False,
    )  # fmt: skip
    return _step(
        request, "details", 4, asked, form=form, booking=booking, when=services.when_text(booking.slot),
        place_name=points.name_of(booking.slot.place), back_url=asked.url(),
        status=400 if form.errors else 200,
    )  # fmt: skip


# --- the booking --------------------------------------------------------------------------------------------------


def _unknown(request: HttpRequest) -> HttpResponse:
    return _page(request, "booking/unknown.html", {}, at_kiosk="kiosk" in request.GET, status=404)


def _again(booking: Booking) -> str:
    """Where the same can be booked once more."""
    query = {"item": booking.item.key if booking.item else services.ADVICE, "place": booking.slot.place.code}
    return f"{reverse('book')}?{urlencode(query)}"


@never_cache
@limited("book.look", **LOOKS)
@require_safe
def booking_page(request: HttpRequest, token: str) -> HttpResponse:
    """The booking for whoever has its link: when, where, the code and its QR, what to bring, and the ways to change it."""
    try:
        booking = services.by_token(token)
    except UnknownBooking:
        return _unknown(request)
    if booking.state == BookingState.HELD:
        return redirect("booking_details", token=token)
    place, notice = booking.slot.place, notices.notice_by_id(booking.notice_id)
    address = services.address_of(booking)
    is_booked = booking.state == BookingState.BOOKED
    context = {
        "booking": booking,
        "about": booking.item.name if booking.item else _("Advice"),
        "when": services.when_text(booking.slot),
        "place": place,
        "place_name": points.name_of(place),
        "is_remote": place.level != Place.Level.CENTRE,
        "code": services.spoken_code(booking),
        "address": address,
        "qr": qr_svg(address),
        "is_booked": is_booked,
        "is_ahead": booking.slot.starts_at > timezone.now(),
        "trouble": services.trouble_of(booking),
        "notice": notice,
        "told": told(notice) if notice else None,
        "guide_url": url_of(booking.item) if booking.item else "",
        "change_url": f"{reverse('book')}?{urlencode({'change': booking.token, 'place': place.code})}",
        "again_url": _again(booking),
        "is_quiet": items.is_bereavement(booking.item),
        "early_min": int(services.EARLY.total_seconds() // 60),
    }
    return _page(request, "booking/booking.html", context, at_kiosk="kiosk" in request.GET)


def _act(request: HttpRequest, token: str, step: Any, done: str) -> HttpResponse:
    try:
        booking = services.by_token(token)
    except UnknownBooking:
        return _unknown(request)
    try:
        step(booking)
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, str(error))
    return _to_booking(booking, "kiosk" in request.POST)


@limited("book.act", **HOLDS)
@require_POST
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Give the booking up; the page then has the way back."""
    return _act(request, token, services.cancel, _("The booking is cancelled."))


@limited("book.act", **HOLDS)
@require_POST
def restore(request: HttpRequest, token: str) -> HttpResponse:
    """Take the cancelling back."""
    return _act(request, token, services.restore, _("The booking holds again."))


@never_cache
@limited("book.look", **LOOKS)
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The booking as a file that calendars take."""
    try:
        booking = services.by_token(token)
    except UnknownBooking:
        return _unknown(request)
    response = HttpResponse(calendar_of(booking), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="linban.ics"'
    return response
