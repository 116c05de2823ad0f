"""What has happened with a ticket so far, as sentences for the clerk."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.base.accounts.models import User
from portal.base.journal import services as journal
from portal.base.journal.models import JournalEntry
from servicedesk.cases.models import Case
from servicedesk.queueing.models import Ticket
from servicedesk.remote.models import RemoteSession

SENTENCES = {
    ("ticket", "issue"): _("Number drawn"),
    ("ticket", "call"): _("Called to the counter"),
    ("ticket", "recall"): _("Called again"),
    ("ticket", "start"): _("Service began"),
    ("ticket", "hold"): _("Put on hold"),
    ("ticket", "resume"): _("Taken up again"),
    ("ticket", "drop"): _("Connection lost; the number goes first"),
    ("ticket", "no_show"): _("Did not come"),
    ("ticket", "requeue"): _("Back in the queue"),
    ("ticket", "transfer"): _("Handed on to another counter"),
    ("ticket", "finish"): _("Service ended"),
    ("ticket", "cancel"): _("Number given up"),
    ("ticket", "expire"): _("Number run out"),
    ("ticket", "change_item"): _("Another item chosen"),
    ("ticket", "attach_notice"): _("Notice attached"),
    ("session", "place"): _("Video line set up"),
    ("session", "notice"): _("Shown what is recorded"),
    ("session", "agree"): _("Told of the recording, and agreed"),
    ("session", "refuse"): _("Did not agree to the recording"),
    ("session", "connect"): _("Both see and hear each other"),
    ("session", "drop"): _("The picture broke off"),
    ("session", "rejoin"): _("The picture is back"),
    ("session", "confirm_face"): _("Face confirmed against card"),
    ("session", "open_identity"): _("Card's data opened"),
    ("session", "node"): _("Another media node took over"),
    ("session", "lose"): _("The other side did not come back"),
    ("session", "end"): _("Conversation ended"),
    ("session", "recorded"): _("Recording closed"),
    ("session", "seal"): _("Dossier sealed"),
    ("session", "addendum"): _("Added after sealing"),
    ("session", "view_recording"): _("Recording opened"),
    ("session", "forget_recording"): _("Recording destroyed, its time being over"),
    ("case", "open"): _("Case opened"),
    ("case", "external_number"): _("Number of the acceptance system entered"),
    ("case", "capture"): _("Page captured"),
    ("case", "offer_form"): _("Form shown for signature"),
    ("case", "sign"): _("Form signed"),
    ("case", "accept"): _("Case accepted"),
    ("case", "finish"): _("Case finished"),
    ("case", "leave_papers"): _("Papers taken in"),
    ("case", "attach_result"): _("Result attached"),
    ("case", "return_papers"): _("Papers given back"),
    ("case", "view_page"): _("Page looked at"),
    ("case", "refuse"): _("Case not accepted"),
    ("case", "withdraw"): _("Case withdrawn"),
    ("case", "work"): _("It is being worked on"),
    ("case", "supplement"): _("Papers are missing"),
    ("case", "resume"): _("The papers are complete"),
    ("case", "deadline"): _("Promised end set"),
    ("case", "phone"): _("Telephone for messages changed"),
    ("case", "show_contact"): _("Telephone looked at"),
}


@dataclass(frozen=True)
class Line:
    """One line of the history; `at` is aware."""

    at: datetime
    text: str


ACTORS = {
    "resident": _("the resident"),
    "portal": _("the portal"),
    "node": _("the media node"),
    "clock": _("the portal, by the clock"),
    "command": _("an administrator's command"),
}


def actors_of(entries: list[JournalEntry]) -> dict[str, str]:
    """Who did it, in words, by what the journal says: a member of staff by name, a kiosk by its code."""
    named = {entry.actor for entry in entries}
    ids = [int(actor[5:]) for actor in named if actor.startswith("user:") and actor[5:].isdigit()]
    users = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=ids)}
    return {actor: users.get(actor) or _actor(actor) for actor in named}


def _actor(actor: str) -> str:
    if actor.startswith("device:"):
        return gettext("kiosk %(code)s") % {"code": actor[7:]}
    return str(ACTORS.get(actor, actor))


def text_of(entry: JournalEntry) -> str:
    """The entry's sentence, or its action where it has none."""
    return str(SENTENCES.get((entry.subject_type, entry.action), entry.action))


def of(ticket: Ticket, session: RemoteSession | None, case: Case | None) -> list[Line]:
    """The lines of ticket, session and case by time; entries without a sentence of their own are left out."""
    subjects = [("ticket", ticket.pk)]
    subjects += [("session", session.pk)] if session else []
    subjects += [("case", case.pk)] if case else []
    lines = []
    for subject in subjects:
        for entry in journal.entries_for(subject):
            sentence = SENTENCES.get((entry.subject_type, entry.action))
            if sentence:
                lines.append(Line(entry.at, str(sentence)))
    return sorted(lines, key=lambda line: line.at)
