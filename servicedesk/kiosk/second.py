"""The kiosk's second screen: the form as the clerk fills it, the receipt, and the place to sign."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from content.items import services as items
from portal.base.streams import services as streams
from servicedesk.cases import services as cases
from servicedesk.cases.models import FilledForm, Handover
from servicedesk.kiosk.consumers import DeviceConsumer
from servicedesk.printouts import services as printouts
from servicedesk.remote import services as remote
from servicedesk.remote.errors import NoSession
from servicedesk.remote.models import RemoteSession


class SecondScreenConsumer(DeviceConsumer):
    """Commands: sign {paper, id, strokes, sha256}, question {name}."""

    def snapshot(self) -> dict[str, Any]:
        session = remote.active_session_of(self.device)
        context: dict[str, Any] = {"device": self.device, "place": self.device.place, "session": session}
        name = "welcome"
        if session is not None:
            name = "in_call"
            paper = self._paper(session)
            if paper:
                name, context["paper"] = paper["template"], paper
            context["jobs"] = printouts.jobs_of(session.ticket)
        html = render_to_string(f"kiosk/second/{name}.html", context)
        is_quiet = session is not None and items.is_bereavement(session.ticket.item)
        return {"screen": name, "regions": {"screen": html}, "call": None, "waiting": [], "is_quiet": is_quiet}

    def _paper(self, session: RemoteSession) -> dict[str, Any] | None:
        """The paper in hand: a receipt that waits for the resident's signature, else the newest form."""
        handovers = Handover.objects.filter(case__ticket=session.ticket).order_by("-made_at")
        handover = handovers.exclude(signatures__role="resident", signatures__voided_at__isnull=True).first()
        if handover is not None:
            return {"template": "handover", "kind": "handover", "handover": handover, "sha256": handover.sha256}
        form = FilledForm.objects.filter(case__ticket=session.ticket).order_by("-updated_at").first()
        if form is None:
            return None
        view = cases.form_view(form, masked=True)
        return {"template": "form", "kind": "form", "form": view, "sha256": view["sha256"], "focus": session.focus}

    def command(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        if kind == "sign":
            return self._sign(message)
        if kind == "question":
            session = self.active_session()
            remote.resident_says(
                session, text=_("Is this line right? %(line)s") % {"line": str(message.get("label", ""))[:60]}
            )
            return {}
        raise LookupError(kind)

    def _sign(self, message: dict[str, Any]) -> dict[str, Any]:
        session = self.active_session()
        strokes, sha256 = message["strokes"], str(message["sha256"])
        if message.get("paper") == "handover":
            handover = Handover.objects.filter(pk=message["paper_id"], case__ticket=session.ticket).first()
            if handover is None:
                raise NoSession(_("This paper is not in hand any more."))
            cases.sign_handover(handover, strokes=strokes, sha256=sha256, role="resident", actor="resident")
        else:
            form = FilledForm.objects.filter(pk=message["paper_id"], case__ticket=session.ticket).first()
            if form is None:
                raise NoSession(_("This paper is not in hand any more."))
            cases.sign_form(form, strokes=strokes, sha256=sha256, role="resident", actor="resident")
        if session.instruction == "sign":
            remote.show(session, instruction="")
        streams.bump(*remote.stream_names_of(session))
        return {}
