"""The clerk's desk over its socket: queue, person, case, papers and the call, each a region drawn on the server."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from content.items import services as items
from portal.base.accounts.models import User
from portal.base.places import services as places
from portal.base.places.models import Counter
from portal.base.streams import services as streams
from portal.base.streams.consumers import LiveConsumer
from servicedesk.cases import paperforms
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, FilledForm, Handover, Result
from servicedesk.desk import access, timeline
from servicedesk.desk.errors import NoCase, NoTicket, NotSeated
from servicedesk.devices import services as devices
from servicedesk.kiosk import captures
from servicedesk.printouts import services as printouts
from servicedesk.printouts.models import PrintJob
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import AT_COUNTER
from servicedesk.remote import services as remote
from servicedesk.remote import signalling
from servicedesk.remote.errors import FaceNotConfirmed, NoSession
from servicedesk.remote.instructions import INSTRUCTIONS
from servicedesk.remote.models import RemoteSession
from servicedesk.residents import services as residents
from servicedesk.residents.services import Identity

REGIONS = ("bar", "queue", "stage", "idle", "materials", "person", "paper", "history")


class DeskConsumer(LiveConsumer):
    """One clerk at one counter; see the `do_` methods for the commands."""

    seat: Counter | None = None

    async def connect(self) -> None:
        self.identities: dict[str, Identity] = {}
        await super().connect()

    def authorise(self) -> bool:
        user, before = self.scope.get("user"), self.seat
        self.seat = access.counter_of(user) if isinstance(user, User) else None
        # A page of the counter where the clerk sat before must not act at the new one.
        if before is not None and self.seat != before:
            self.seat = None
        return self.seat is not None

    @property
    def counter(self) -> Counter:
        """Where the clerk sits, once `authorise` has let them in."""
        assert self.seat is not None
        return self.seat

    def stream_names(self) -> list[str]:
        return [f"centre:{self.counter.centre.code}"]

    @property
    def actor(self) -> str:
        return f"user:{self.scope['user'].pk}"

    # --- what is shown ----------------------------------------------------------------------------------------------
    def snapshot(self) -> dict[str, Any]:
        counter = self.counter
        ticket = self._ticket()
        session = remote.session_at(counter) if ticket else None
        case = self._case(ticket)
        context: dict[str, Any] = {
            "counter": counter,
            "queue": queueing.queue_snapshot(counter.centre),
            "ticket": ticket,
            "facts": queueing.ticket_view(ticket) if ticket else None,
            "session": session,
            "case": case,
            "instructions": INSTRUCTIONS,
        }
        if session is not None:
            context |= self._person_context(session)
            context["peripherals"] = devices.peripherals(session.device)
        if ticket is not None:
            context["jobs"] = printouts.jobs_of(ticket)
            context["entries"] = timeline.of(ticket, session, case)
            context["bases"] = Case.Basis.choices
            context["items"] = items.items_for_place(counter.centre, channel="remote") if case is None else []
        if case is not None:
            context |= self._case_context(case)
        regions = {name: render_to_string(f"desk/regions/{name}.html", context) for name in REGIONS}
        call = None
        if session is not None and session.state in ("agreed", "live", "dropped"):
            call = {
                "session": str(session.pk),
                "state": session.state,
                "ice_servers": signalling.ice_servers(),
                "live_at": session.live_at.isoformat() if session.live_at else None,
            }
        return {"regions": regions, "call": call, "ticket": ticket.number if ticket else None}

    def _ticket(self) -> Ticket | None:
        found = Ticket.objects.select_related("item", "point", "person", "device", "centre")
        return found.filter(counter=self.counter, state__in=AT_COUNTER).first()

    def _case(self, ticket: Ticket | None) -> Case | None:
        if ticket is None:
            return None
        return Case.objects.select_related("item", "applicant").filter(ticket=ticket).order_by("-opened_at").first()

    def _person_context(self, session: RemoteSession) -> dict[str, Any]:
        person = session.ticket.person
        if person is None:
            return {"identity": None, "masked": None}
        if session.verified_by_clerk_at is None:
            return {
                "identity": None,
                "masked": {"name": residents.masked_name(person), "number": residents.masked_number(person)},
            }
        identity = self.identities.get(str(session.pk))
        return {
            "identity": identity,
            "masked": {"name": residents.masked_name(person), "number": residents.masked_number(person)},
            "number_warning": residents.check_number(identity.number).warning if identity else "",
        }

    def _case_context(self, case: Case) -> dict[str, Any]:
        form = case.forms.order_by("-updated_at").first()
        return {
            "view": cases.case_view(case),
            "forms": paperforms.forms_for(case.item),
            "form": cases.form_view(form, masked=False) if form else None,
            "pages": list(case.pages.defer("image_sealed")),
            "handovers": list(
                case.handovers.select_related("returned_by").prefetch_related("signatures").order_by("-made_at")
            ),
            "results": list(case.results.defer("pdf_sealed")),
            "copy_fields": self._copy_fields(case),
        }

    def _copy_fields(self, case: Case) -> list[tuple[str, str]]:
        """What the clerk copies field by field into the outside acceptance system."""
        identity = next(iter(self.identities.values()), None)
        fields = [(_("Item"), case.item.name), (_("Our number"), case.number)]
        if identity is not None:
            fields += [
                (_("Full name"), identity.name),
                (_("Number"), identity.number),
                (_("Address"), identity.address),
            ]
        return fields

    # --- what is done -----------------------------------------------------------------------------------------------
    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "offer":
            await signalling.answer_offer(self, content, side="clerk")
            return
        await super().receive_json(content, **kwargs)
        if self.seat is None:
            # The role or the seat was taken away meanwhile: the command was refused, and nothing more is shown.
            await self.close(code=4403)
            return
        if isinstance(content, dict) and content.get("type") != "reload":
            await self.send_snapshot()

    def command(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        handler = getattr(self, f"do_{kind}", None)
        if handler is None:
            raise LookupError(kind)
        return handler(message) or {}

    def active_session(self) -> RemoteSession:
        session = remote.session_at(self.seat) if self.seat else None
        if session is None:
            raise NoSession(_("There is no conversation at this counter."))
        return session

    def _require_ticket(self) -> Ticket:
        ticket = self._ticket()
        if ticket is None:
            raise NoTicket(_("Nobody is at your counter. Call the next number."))
        return ticket

    def _require_case(self) -> Case:
        case = self._case(self._require_ticket())
        if case is None:
            raise NoCase(_("Open the case first."))
        return case

    def _require_form(self) -> FilledForm:
        form = self._require_case().forms.order_by("-updated_at").first()
        if form is None:
            raise NoCase(_("Choose a form first."))
        return form

    def _touch(self) -> None:
        """Everything that shows this ticket looks again."""
        session = remote.session_at(self.counter)
        names = remote.stream_names_of(session) if session else (f"centre:{self.counter.centre.code}",)
        streams.bump(*names)

    # the queue
    def do_next(self, message: dict[str, Any]) -> dict[str, Any]:
        if self.counter.paused_reason:
            raise NotSeated(_("Your counter is paused. Open it again first."))
        self.identities.clear()
        ticket = remote.call_next(self.counter, clerk=self.scope["user"], actor=self.actor)
        return {"called": ticket.number if ticket else None}

    def do_start(self, message: dict[str, Any]) -> None:
        queueing.move_ticket(self._require_ticket(), "start", actor=self.actor)

    def do_recall(self, message: dict[str, Any]) -> None:
        queueing.move_ticket(self._require_ticket(), "recall", actor=self.actor)

    def do_hold(self, message: dict[str, Any]) -> None:
        queueing.move_ticket(self._require_ticket(), "hold", actor=self.actor)

    def do_resume(self, message: dict[str, Any]) -> None:
        queueing.move_ticket(self._require_ticket(), "resume", actor=self.actor)

    def do_no_show(self, message: dict[str, Any]) -> None:
        self._end(reason="nobody_came", verb="no_show", outcome="")

    def do_transfer(self, message: dict[str, Any]) -> None:
        self._end(reason="transferred", verb="transfer", outcome="")

    def do_finish(self, message: dict[str, Any]) -> None:
        self._end(reason="finished", verb="finish", outcome=str(message.get("outcome") or "done"))

    def _end(self, *, reason: str, verb: str, outcome: str) -> None:
        ticket = self._require_ticket()
        session = remote.session_at(self.counter)
        self.identities.clear()
        if session is not None:
            remote.end_session(session, actor=self.actor, reason=reason, verb=verb, outcome=outcome)
            return
        if verb == "finish" and ticket.state == "called":
            queueing.move_ticket(ticket, "start", actor=self.actor)
        queueing.move_ticket(ticket, verb, actor=self.actor, outcome=outcome, reason=reason)

    def do_pause(self, message: dict[str, Any]) -> None:
        places.pause_counter(self.counter, reason=str(message.get("reason", ""))[:80])
        self._touch()

    # the person
    def do_confirm_face(self, message: dict[str, Any]) -> None:
        session = self.active_session()
        if session.ticket.person_id is None:
            raise FaceNotConfirmed(_("No card has been read. Ask the resident to put the card on the reader."))
        session = remote.confirm_face(session, actor=self.actor)
        session = remote.get_session(str(session.pk))
        self.identities = {str(session.pk): remote.open_identity(session, actor=self.actor)}

    def do_open_identity(self, message: dict[str, Any]) -> None:
        """After a reload of the page the card's data open again, journalled again."""
        session = self.active_session()
        self.identities = {str(session.pk): remote.open_identity(session, actor=self.actor)}

    def do_show(self, message: dict[str, Any]) -> None:
        instruction = message.get("instruction")
        if instruction and instruction not in INSTRUCTIONS:
            raise LookupError(str(instruction))
        remote.show(
            self.active_session(), instruction=instruction, caption=message.get("caption"), focus=message.get("focus")
        )

    # the case
    def do_open_case(self, message: dict[str, Any]) -> None:
        ticket = self._require_ticket()
        session = remote.session_at(self.counter)
        if session is not None and (session.verified_by_clerk_at is None or ticket.person is None):
            raise FaceNotConfirmed(_("Compare face and card first. The person's data open after that."))
        item = items.get_item(str(message.get("item") or "")) if message.get("item") else ticket.item
        if item is None:
            raise NoCase(_("Choose what the resident came for."))
        cases.open_case(
            ticket=ticket, item=item, clerk=self.scope["user"], applicant=ticket.person, present=ticket.person,
            basis=str(message.get("basis") or "self"), reason=str(message.get("reason", ""))[:200], actor=self.actor,
        )  # fmt: skip
        self._touch()

    def do_external(self, message: dict[str, Any]) -> None:
        cases.set_external_number(self._require_case(), number=str(message.get("number", "")), actor=self.actor)
        self._touch()

    def do_accept(self, message: dict[str, Any]) -> None:
        cases.move_case(
            self._require_case(), str(message["action"]), actor=self.actor, reason=str(message.get("reason", ""))
        )
        self._touch()

    def do_capture(self, message: dict[str, Any]) -> None:
        session = self.active_session()
        material = str(message.get("material", ""))[:120]
        captures.ask(case=self._require_case(), device=session.device, material=material, actor=self.actor)

    # forms
    def do_start_form(self, message: dict[str, Any]) -> None:
        cases.start_form(self._require_case(), form_key=str(message["form"]), actor=self.actor)
        self._touch()

    def do_fill(self, message: dict[str, Any]) -> None:
        form = self._require_form()
        values = message.get("values")
        if not isinstance(values, dict):
            raise ValueError("values")
        cases.fill_form(form, values={str(name): str(value) for name, value in values.items()}, actor=self.actor)
        session = remote.session_at(self.counter)
        if session is not None and message.get("focus"):
            remote.show(session, focus=str(message["focus"]))
        self._touch()

    def do_offer_form(self, message: dict[str, Any]) -> None:
        cases.offer_form(self._require_form(), actor=self.actor)
        self._ask_to_sign()

    def _ask_to_sign(self) -> None:
        session = remote.session_at(self.counter)
        if session is not None:
            remote.show(session, instruction="sign")
        self._touch()

    def do_print_form(self, message: dict[str, Any]) -> None:
        printouts.print_form(self._require_form(), actor=self.actor)
        self._touch()

    # papers
    def do_leave_papers(self, message: dict[str, Any]) -> None:
        names = [line.strip() for line in str(message.get("papers", "")).splitlines() if line.strip()]
        papers = [
            {"name": name[:80], "form": str(message.get("form") or "original"), "count": 1} for name in names[:20]
        ]
        cases.leave_papers(self._require_case(), papers=papers, actor=self.actor)
        self._ask_to_sign()

    def do_return_papers(self, message: dict[str, Any]) -> None:
        cases.return_papers(
            Handover.objects.get(pk=message["handover"], case=self._require_case()), actor=self.actor
        )  # fmt: skip
        self._ask_to_sign()

    def do_sign_handover(self, message: dict[str, Any]) -> None:
        handover = Handover.objects.get(pk=message["handover"], case=self._require_case())
        cases.sign_handover(
            handover, strokes=message["strokes"], sha256=handover.sha256, role="clerk", actor=self.actor
        )
        self._touch()

    def do_print_handover(self, message: dict[str, Any]) -> None:
        printouts.print_handover(
            Handover.objects.get(pk=message["handover"], case=self._require_case()), actor=self.actor
        )
        self._touch()

    def do_print_result(self, message: dict[str, Any]) -> None:
        result = Result.objects.get(pk=message["result"], case=self._require_case())
        printouts.print_result(result, as_copy=message.get("as") == "copy", actor=self.actor)
        self._touch()

    def do_reprint(self, message: dict[str, Any]) -> None:
        printouts.reprint(self._job(message), actor=self.actor)
        self._touch()

    def do_settle(self, message: dict[str, Any]) -> None:
        printouts.settle(self._job(message), printed=message.get("printed") == "yes", actor=self.actor)
        self._touch()

    def _job(self, message: dict[str, Any]) -> PrintJob:
        return PrintJob.objects.get(pk=message["job"], ticket=self._require_ticket())
