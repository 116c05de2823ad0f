"""The kiosk's main screen over its socket: the server holds which screen is shown, the page draws it.

The person at the kiosk lives in this connection alone and is forgotten with it, on `leave` and on the wipe.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.bulletin import services as bulletin
from content.items import services as items
from content.notices import services as notices
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from content.points import services as points
from content.search import services as search
from portal.base.errors import DomainError
from portal.base.limits import allow
from portal.base.places.models import Place
from portal.base.places.services import centre_for, status_at
from portal.base.streams.consumers import LiveConsumer
from servicedesk.booking import services as booking
from servicedesk.booking.errors import UnknownBooking
from servicedesk.booking.models import Booking
from servicedesk.cases import progress
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.kiosk.errors import NotIdentified
from servicedesk.printouts import services as printouts
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.states import JobState
from servicedesk.queueing import services as queueing
from servicedesk.queueing.errors import PlaceClosed
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import LIVE, TicketState
from servicedesk.ratings import services as ratings
from servicedesk.remote import services as remote
from servicedesk.remote import signalling
from servicedesk.remote.errors import NoSession
from servicedesk.remote.models import RemoteSession
from servicedesk.remote.states import SessionState
from servicedesk.residents import services as residents
from servicedesk.residents.models import Person

MOST_FREQUENT = 8
CHECK_INS_IN_TEN_MINUTES = 30
# More than are shown, because not every item is offered at every kiosk.
KIOSK_SEARCHED = 24
# What comes out of the printer for a case; slips of numbers and of what to bring came before it.
SHEETS = (PrintJob.Kind.FORM, PrintJob.Kind.RESULT, PrintJob.Kind.HANDOVER)


def _book_query(key: str) -> str:
    """The choices with which the kiosk's booking page begins; without an item it is for advice."""
    return urlencode({"kiosk": "1", "item": key or booking.ADVICE})


class DeviceConsumer(LiveConsumer):
    """What both screens of a kiosk share: the device and its one active session."""

    paired: Device | None = None

    def authorise(self) -> bool:
        self.paired = devices.device_of(self.scope.get("session") or {})
        return self.paired is not None

    @property
    def device(self) -> Device:
        """The kiosk's device, once `authorise` has let it in."""
        assert self.paired is not None
        return self.paired

    def stream_names(self) -> list[str]:
        centre = centre_for(self.device.place)
        return [f"device:{self.device.pk}", items.CONTENT_STREAM] + ([f"centre:{centre.code}"] if centre else [])

    @property
    def actor(self) -> str:
        return f"device:{self.device.code}"

    def active_session(self) -> RemoteSession:
        session = remote.active_session_of(self.paired) if self.paired else None
        if session is None:
            raise NoSession(_("The conversation is over. Take a new number if you need one."))
        return session


class KioskConsumer(DeviceConsumer):
    """Commands: card, number, check_in, open, search, choose, ticket, give_up, agree, refuse, offer, leave_call, rate, leave."""

    async def connect(self) -> None:
        self._forget_person()
        await super().connect()

    def _forget_person(self) -> None:
        self.view: dict[str, Any] = {"name": "home"}
        self.person_id: UUID | None = None
        self.ticket_id: UUID | None = None
        self.assurance = "none"
        self.warning = ""
        self.chosen: str | None = None
        self.notice: Notice | None = None
        self.rated_or_left: set[str] = set()

    # --- what is shown ----------------------------------------------------------------------------------------------
    def snapshot(self) -> dict[str, Any]:
        session = remote.active_session_of(self.device)
        if session is not None:
            return self._call_snapshot(session)
        rated = remote.unrated_session_of(self.device)
        if rated is not None and str(rated.pk) not in self.rated_or_left:
            if not ratings.is_asked_for(rated.ticket):
                return self._page("done", {"view": {"rated": False}}, is_quiet=True)
            name = "rate_options" if self.view["name"] == "rate_options" else "rate"
            return self._page(name, {"session": rated, "levels": ratings.Rating.Level, "view": self.view})
        if self.view["name"] == "rate_options":
            self.view = {"name": "home"}
        context = self._context()
        ticket, chosen = context.get("ticket"), self.view.get("chosen")
        is_quiet = items.is_bereavement(ticket.item if ticket else chosen)
        return self._page(self.view["name"], context, is_quiet=is_quiet)

    def _page(self, name: str, context: dict[str, Any], **more: Any) -> dict[str, Any]:
        context |= {"device": self.device, "place": self.device.place}
        html = render_to_string(f"kiosk/screens/{name}.html", context)
        page = {"screen": name, "regions": {"screen": html}, "call": None, "waiting": self._waiting_here()}
        return page | {"is_quiet": False} | more

    def _context(self) -> dict[str, Any]:
        name, place = self.view["name"], self.device.place
        centre = centre_for(place)
        context: dict[str, Any] = {"view": self.view, "centre": centre, "warning": self.warning}
        context["person_greeting"] = residents.greeting(self._person()) if self.person_id else ""
        if name == "home":
            context["announcements"] = bulletin.at_kiosk(place)
            context |= self._not_open_here()
        if name in ("home", "number", "done"):
            context["estimate"] = queueing.estimate(centre, channel="remote") if centre else None
            context["item_count"] = len(items.items_for_place(place, "remote"))
            context["peripherals"] = devices.peripherals(self.device)
        if name == "items":
            context["frequent"] = items.most_frequent(place, MOST_FREQUENT, "remote")
            context["lines"] = items.lines_with_items(place, "remote")
        if name == "line":
            lines = items.lines_with_items(place, "remote")
            context["line"], found = next(
                ((line, found) for line, found in lines if line.code == self.view["line"]), (None, [])
            )
            # Nobody has to swipe at the kiosk: a long line comes in pages.
            context["items"] = page = Paginator(found, MOST_FREQUENT).get_page(self.view["page"])
            context["left"] = len(found) - page.end_index()
        if name == "search":
            context["results"] = self._search(self.view["query"])
        if name == "ticket":
            ticket = self._own_ticket()
            context |= {"ticket": ticket, "facts": queueing.ticket_view(ticket), "closing": ""}
            if ticket.state == TicketState.WAITING:
                context["closing"] = queueing.closing_text(queueing.estimate_for(ticket))
                context["book_query"] = _book_query(ticket.item.key if ticket.item else "")
            context["jobs"] = jobs = printouts.jobs_of(ticket)
            slips = [job for job in jobs if job["kind"] == "ticket"]
            if slips and slips[-1]["state"] in ("failed", "uncertain"):
                context["code"] = mark_safe(printouts.ticket_code(ticket))
        if name == "refused":
            context["book_query"] = _book_query(self.view.get("item") or "")
        if name == "progress":
            context["cases"] = progress.cases_of(self._person())
        return context

    def _not_open_here(self) -> dict[str, Any]:
        """The point's state as it is now where somebody has set it to anything but open; a change draws anew."""
        assert self.device is not None
        # The device's own place was read when the kiosk connected.
        place, now = Place.objects.select_related("moved_to").get(pk=self.device.place_id), timezone.now()
        if status_at(place, now) == Place.Status.OPEN:
            return {}
        return {"status": points.status_now(place, now), "as_of": now}

    def _search(self, query: str) -> list[Any]:
        if not query.strip():
            return []
        offered = {item.key: item for item in items.items_for_place(self.device.place, channel="remote")}
        found = search.search(query, kinds=("item",), limit=KIOSK_SEARCHED)
        results = []
        # Without a hit the nearest guesses are better than an empty screen: at the kiosk there are only letters to type.
        for hit in found.hits or found.guesses:
            if hit.key in offered:
                item = offered[hit.key]
                results.append({"key": item.key, "name": item.name, "marked": hit.marked})
        return results[:MOST_FREQUENT]

    def _waiting_here(self) -> list[str]:
        """The numbers that wait at this kiosk or are called to it; others may use it meanwhile."""
        tickets = Ticket.objects.filter(device=self.device, state__in=[TicketState.WAITING, TicketState.CALLED])
        return [ticket.number for ticket in tickets.order_by("arrival")]

    def _call_snapshot(self, session: RemoteSession) -> dict[str, Any]:
        self.view = {"name": "home"}
        is_quiet = items.is_bereavement(session.ticket.item)
        context = {"session": session, "device": self.device, "place": self.device.place, "ticket": session.ticket}
        if session.state in (SessionState.PLACED, SessionState.NOTICED):
            context["notice"] = residents.current_notice()
            context["is_english"] = translation.get_language() == "en"
            return self._page("notice", context, call_number=session.ticket.number, is_quiet=is_quiet)
        # Nothing else is asked for, and a sheet has come out: that is what there is to do.
        is_printed = any(
            job["kind"] in SHEETS and job["state"] == JobState.PRINTED for job in printouts.jobs_of(session.ticket)
        )
        context["instruction"] = session.instruction or ("take_print" if is_printed else "")
        regions = {
            name: render_to_string(f"kiosk/call/{name}.html", context)
            for name in ("call_head", "call_caption", "call_now")
        }
        call = {
            "session": str(session.pk),
            "state": session.state,
            "ice_servers": signalling.ice_servers(),
            "live_at": session.live_at.isoformat() if session.live_at else None,
        }
        return {
            "screen": "call",
            "regions": regions,
            "call": call,
            "waiting": self._waiting_here(),
            "is_quiet": is_quiet,
        }

    # --- what is done -----------------------------------------------------------------------------------------------
    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "offer":
            await signalling.answer_offer(self, content, side="kiosk")
            return
        await super().receive_json(content, **kwargs)
        if self.paired is None:
            # The device was revoked meanwhile: the command was refused, and nothing more is shown.
            await self.close(code=4403)
            return
        if isinstance(content, dict) and content.get("type") not in ("reload", "nonce"):
            await self.send_snapshot()

    def command(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        handler = getattr(self, f"do_{kind}", None)
        if handler is None:
            raise LookupError(kind)
        return handler(message) or {}

    def _person(self) -> Person:
        if self.person_id is None:
            raise NotIdentified(_("Put the identity card on the reader first, or type its number."))
        return Person.objects.get(pk=self.person_id)

    def _own_ticket(self) -> Ticket:
        """The ticket that was drawn or swiped in this visit."""
        if self.ticket_id is None:
            raise Ticket.DoesNotExist("no number was drawn in this visit")
        return Ticket.objects.select_related("item", "centre", "point").get(pk=self.ticket_id)

    def do_nonce(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"nonce": devices.new_nonce()}

    def do_card(self, message: dict[str, Any]) -> None:
        """A card was read: greet, go back to the live ticket of the same card, or offer the items."""
        fields = devices.verify_card(
            self.device, nonce=message["nonce"], payload=message["payload"], signature=message["signature"]
        )
        person = residents.remember(card=residents.card_from(fields))
        session = remote.active_session_of(self.device)
        if session is not None:
            if session.ticket.person_id is None:
                remote.identify(session, person=person, actor=self.actor)
            return
        wants_progress = self.view["name"] == "ask_card"
        self.person_id, self.assurance = person.pk, "card"
        live = Ticket.objects.filter(person=person, state__in=LIVE, centre=centre_for(self.device.place)).first()
        if wants_progress:
            self.view = {"name": "progress"}
        elif live is not None:
            self.ticket_id, self.view = live.pk, {"name": "ticket", "again": True}
        elif (booked := booking.of_person_today(person, at=self.device.place)) is not None:
            self._arrive(booked)
        elif self.chosen:
            self._issue(self.chosen)
        else:
            self.view = {"name": "items"}

    def do_check_in(self, message: dict[str, Any]) -> None:
        """Six typed digits, or a scanned QR, of a booking."""
        typed = str(message.get("code", ""))[:400]
        assert self.device is not None
        if not allow(f"check-in:{self.device.pk}", CHECK_INS_IN_TEN_MINUTES, 600):
            self.view = {"name": "booking", "problem": _("That was often in a short time. Ask the helper, please.")}
            return
        try:
            self._arrive(booking.find(typed, at=self.device.place))
        except UnknownBooking as error:
            self.view = {"name": "booking", "typed": typed[:12], "problem": str(error)}

    def _arrive(self, booked: Booking) -> None:
        """Issue the booking's ticket, or say why not yet; a number can be drawn all the same."""
        try:
            ticket, is_new = booking.check_in(
                booked, at=self.device.place, actor=self.actor, device=self.device,
                person=self._person() if self.person_id else None,
                assurance="card" if self.assurance == "card" else "code",
            )  # fmt: skip
        except DomainError as error:
            self.view = {"name": "not_now", "message": str(error)}
            return
        self._show(ticket, is_new)

    def do_number(self, message: dict[str, Any]) -> None:
        """A typed number draws a ticket and shows nothing of the person."""
        check = residents.check_number(str(message.get("number", ""))[:40])
        if not check.is_valid:
            self.view = {"name": "number", "typed": str(message.get("number", ""))[:40], "problem": check.problem}
            return
        self.assurance, self.warning = "typed", check.warning
        if self.chosen:
            self._issue(self.chosen)
        else:
            self.view = {"name": "items"}

    def do_open(self, message: dict[str, Any]) -> None:
        """Go to a screen: home, items, line, number, booking, ask_card; `rate` goes back from the reasons to the five levels."""
        name = message.get("screen")
        if name not in ("home", "items", "line", "number", "booking", "ask_card", "search", "ticket", "rate"):
            raise LookupError(f"screen {name}")
        if name == "rate" or (name == "ticket" and self.ticket_id is None):
            # The five levels show by themselves as long as the visit is not rated.
            name = "home"
        if name == "line":
            page = str(message.get("page", ""))[:4]
            self.view = {"name": "line", "line": str(message.get("line", "")), "page": page}
        elif name == "search":
            self.view = {"name": "search", "query": ""}
        else:
            self.view = {"name": name}

    def do_search(self, message: dict[str, Any]) -> None:
        self.view = {"name": "search", "query": str(message.get("query", ""))[:60]}

    def do_choose(self, message: dict[str, Any]) -> None:
        """An item was chosen; without a card or number yet, ask for one and remember the item."""
        key = str(message.get("item", ""))
        item = items.get_item(key)
        if item is None:
            raise LookupError(f"item {key[:40]}")
        if self.assurance == "none":
            self.chosen, self.view = key, {"name": "home", "chosen": item}
            return
        self._issue(key)

    def do_notice(self, message: dict[str, Any]) -> None:
        """The questions were answered at this kiosk: the number drawn next carries the notice."""
        try:
            self.notice = notices.notice_by_token(str(message.get("token", ""))[:40])
        except UnknownNotice as error:
            self.view = {"name": "refused", "message": str(error), "code": error.code}
            return
        self.do_choose({"item": self.notice.item_key})

    def do_ticket(self, message: dict[str, Any]) -> None:
        """I'm not sure: a consultation ticket at once."""
        self._issue(None)

    def _issue(self, key: str | None) -> None:
        item = items.get_item(key) if key else None
        centre = centre_for(self.device.place)
        try:
            if centre is None:
                raise PlaceClosed(_("No service centre stands behind this kiosk yet. Tell whoever looks after it."))
            ticket, is_new = queueing.issue_ticket(
                centre=centre, channel="remote", actor=self.actor, item=item,
                point=self.device.place, device=self.device, assurance=self.assurance,
                person=self._person() if self.person_id else None,
                notice=self.notice if self.notice and self.notice.item_key == key else None,
            )  # fmt: skip
        except DomainError as error:
            self.view = {"name": "refused", "message": str(error), "code": error.code, "item": key}
            return
        self._show(ticket, is_new)

    def _show(self, ticket: Ticket, is_new: bool) -> None:
        if is_new:
            printouts.print_ticket(ticket, actor=self.actor)
            printouts.print_notice(ticket, actor=self.actor)
        self.chosen, self.notice, self.ticket_id = None, None, ticket.pk
        self.view = {"name": "ticket", "again": not is_new}

    def do_give_up(self, message: dict[str, Any]) -> None:
        """The person does not want to wait any longer; only whoever drew or swiped the ticket sees this button."""
        ticket = self._own_ticket()
        queueing.move_ticket(ticket, "cancel", actor=self.actor, reason="gave_up")
        self._forget_person()

    def do_print_again(self, message: dict[str, Any]) -> None:
        ticket = self._own_ticket()
        printouts.print_ticket(ticket, actor=self.actor)

    def do_agree(self, message: dict[str, Any]) -> None:
        remote.answer_notice(self.active_session(), agreed=True, actor="resident")

    def do_refuse(self, message: dict[str, Any]) -> None:
        session = self.active_session()
        remote.answer_notice(session, agreed=False, actor="resident")
        self.view = {"name": "recording_refused", "centre": session.centre}

    def do_not_here(self, message: dict[str, Any]) -> None:
        """Nobody came when the number was called here: the clerk is told by the ticket's state."""
        session = self.active_session()
        remote.end_session(session, actor=self.actor, reason="nobody_came", verb="no_show")

    def do_leave_call(self, message: dict[str, Any]) -> None:
        remote.end_session(self.active_session(), actor="resident", reason="resident_left", verb="cancel")
        self._forget_person()

    def do_wave(self, message: dict[str, Any]) -> None:
        """The resident asks to wait a moment; the clerk's screen says so."""
        self._tell_clerk(gettext_lazy("The resident asks you to wait a moment."))

    def do_trouble(self, message: dict[str, Any]) -> None:
        """The page could not use a camera; the clerk, who waits for its picture, is told."""
        words = {
            "camera": gettext_lazy("The kiosk's camera or microphone cannot be used. Type, or send for the helper."),
            "document": gettext_lazy("The document camera gave no picture. Ask to hold the paper up, or try again."),
        }
        self._tell_clerk(words[str(message.get("what"))])

    def _tell_clerk(self, sentence: Any) -> None:
        # Whatever language the resident reads, the clerk's screen is in the place's own.
        with translation.override(settings.LANGUAGE_CODE):
            remote.resident_says(self.active_session(), text=str(sentence))

    def do_say(self, message: dict[str, Any]) -> None:
        remote.resident_says(self.active_session(), text=str(message.get("text", ""))[:200])

    def do_rate(self, message: dict[str, Any]) -> None:
        """One of five levels, or a skip; the second step (reasons) is optional and comes with the level."""
        session = remote.unrated_session_of(self.device)
        if session is None:
            self._forget_person()
            return
        level = int(message["level"]) if message.get("level") else None
        if level is not None and level <= 2 and not message.get("final") and "options" not in message:
            self.view = {"name": "rate_options", "level": level, "options": ratings.options_for(level, self.language)}
            return
        chosen = message.get("options") or []
        ratings.rate(
            ticket=session.ticket, level=level, options=chosen if isinstance(chosen, list) else [chosen],
            comment=str(message.get("comment", ""))[:500], channel="kiosk", actor="resident",
        )  # fmt: skip
        self._forget_person()
        self.view = {"name": "done", "rated": level is not None}

    def do_leave(self, message: dict[str, Any]) -> dict[str, Any]:
        """Everything personal is forgotten here; the page wipes its own storage, camera and reader."""
        unrated = remote.unrated_session_of(self.device)
        self._forget_person()
        if unrated is not None:
            self.rated_or_left.add(str(unrated.pk))
        return {"wiped": True}
