"""What others ask of the bulletin, and the only writer of questions and suggestions."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Locale, Page

from content.bulletin import replies
from content.bulletin.contacts import way_of
from content.bulletin.models import Announcement, PolicyQuestion, Suggestion
from content.bulletin.states import TABLE
from content.items.models import Line, ServiceItem, in_english
from content.items.services import content_changed
from portal.base import transitions
from portal.base.accounts.models import User
from portal.base.errors import DomainError
from portal.base.ids import new_id
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from portal.base.rights.models import RoleAssignment

DISTRICT_LEVELS = (Place.Level.CITY, Place.Level.DISTRICT)


class NotYourPlace(DomainError):
    """Staff without a role ask nothing in public."""

    code = "no_place"
    status = 403


# --- announcements ------------------------------------------------------------------------------------------------


def shown_at(at: datetime) -> Q:
    """A filter for the announcements whose time it is."""
    return Q(starts_at__lte=at, ends_at__gt=at)


def current_announcements(
    *, place: Place | None = None, item: ServiceItem | None = None, at: datetime | None = None
) -> list[Announcement]:
    """What is to be told now, warnings first: at a place and for it, or, without a place, what holds everywhere.

    With an item also what is about that item alone.
    """
    rows = Announcement.objects.filter(shown_at(at or timezone.now())).select_related("place")
    rows = rows.filter(Q(item__isnull=True) | Q(item=item)) if item else rows.filter(item__isnull=True)
    if place is None:
        rows = rows.filter(place__level__in=DISTRICT_LEVELS)
    else:
        steps = [place.path[:end] for end in range(Place.steplen, len(place.path) + 1, Place.steplen)]
        rows = rows.filter(place__path__in=steps)
    return sorted(rows, key=lambda row: (row.kind != Announcement.Kind.WARN, -row.starts_at.timestamp()))


def at_kiosk(place: Place) -> list[Announcement]:
    """What a kiosk at the place tells."""
    return [row for row in current_announcements(place=place) if row.is_on_kiosk]


def on_board(place: Place) -> list[Announcement]:
    """What the hall display of a centre tells."""
    return [row for row in current_announcements(place=place) if row.is_on_board]


def notice_beginnings_and_ends(*, now: datetime | None = None) -> int:
    """Note which announcements began or ended since the last look; their number. Caches learn of it."""
    now = now or timezone.now()
    began = Announcement.objects.filter(shown_at(now), is_shown=False).update(is_shown=True)
    ended = Announcement.objects.filter(is_shown=True).exclude(shown_at(now)).update(is_shown=False)
    if began or ended:
        content_changed()
    return began + ended


# --- pages --------------------------------------------------------------------------------------------------------


def menu_pages(request: HttpRequest | None = None) -> list[dict[str, str]]:
    """Title and address of the pages that editors put into the menu; translated where a translation is published."""
    first = Locale.get_default()
    pages = list(Page.objects.live().in_menu().filter(locale=first, depth=3).specific().order_by("path"))
    if not pages:
        return []
    titles = {}
    if in_english():
        keys = [page.translation_key for page in pages]
        translated = Page.objects.live().filter(translation_key__in=keys, locale__language_code="en")
        titles = dict(translated.values_list("translation_key", "title"))
    found = [(titles.get(page.translation_key, page.title), page.get_url(request)) for page in pages]
    return [{"title": title, "url": url} for title, url in found if url]


# --- policy questions ---------------------------------------------------------------------------------------------


def place_of_staff(user: User) -> Place | None:
    """The place of the account's first role, at which it asks; None for an account without one."""
    held = RoleAssignment.objects.filter(user_id=user.pk).select_related("place").order_by("pk").first()
    return held.place if held else None


@transaction.atomic
def ask(*, user: User, question: str, line: Line | None = None) -> PolicyQuestion:
    """Put a question to the editors.

    Raises:
        NotYourPlace: the account has no role.
    """
    place = place_of_staff(user)
    if place is None:
        raise NotYourPlace(_("Your account has no role yet. Ask the centre's manager for one."))
    return PolicyQuestion.objects.create(place=place, asked_by=user, question=question.strip(), line=line)


def note_answer(question: PolicyQuestion, *, user: User) -> None:
    """Note who answered and when, once there is an answer."""
    if question.answer and question.answered_at is None:
        question.answered_by, question.answered_at = user, timezone.now()
        question.save(update_fields=["answered_by", "answered_at"])


def public_questions(*, line: str = "", words: str = "") -> QuerySet[PolicyQuestion]:
    """Answered questions that everybody may read, newest answer first."""
    rows = PolicyQuestion.objects.filter(is_public=True).select_related("line").order_by("-answered_at", "-pk")
    if line:
        rows = rows.filter(line__code=line)
    for word in words.split()[:5]:
        rows = rows.filter(Q(question__icontains=word) | Q(answer__icontains=word))
    return rows


def questions_of(user: User) -> QuerySet[PolicyQuestion]:
    """What an account asked itself."""
    return PolicyQuestion.objects.filter(asked_by_id=user.pk)


# --- suggestions --------------------------------------------------------------------------------------------------


def _aad(suggestion_id: object) -> bytes:
    return f"bulletin.suggestion.sealed:{suggestion_id}".encode()


@transaction.atomic
def put_suggestion(*, place: Place, topic: str, text: str, contact: str = "") -> Suggestion:
    """Keep what somebody wrote; text, contact and code are sealed together under the key for fields."""
    suggestion_id, code = new_id(), replies.new_code()
    content = {"text": text.strip(), "contact": contact.strip(), "code": code}
    plain = json.dumps(content, ensure_ascii=False).encode()
    suggestion = Suggestion.objects.create(
        id=suggestion_id,
        place=place,
        topic=topic,
        sealed=keyring.seal("field", plain, aad=_aad(suggestion_id)),
        code_hash=replies.fingerprint(code),
        has_contact=bool(contact.strip()),
    )
    journal.append(("suggestion", suggestion.pk), action="receive", actor="visitor", place=place, new=suggestion.state)
    return suggestion


def opened(suggestion: Suggestion) -> dict[str, Any]:
    """`text`, `contact` and, since there are codes, `code` of a suggestion."""
    return json.loads(keyring.open_sealed(suggestion.sealed, aad=_aad(suggestion.pk)))


def code_of(suggestion: Suggestion) -> str:
    """The code by which the reply is looked up, as it is read; empty for a suggestion of before there were codes."""
    return replies.shown(opened(suggestion).get("code", ""))


def way_to_tell(suggestion: Suggestion) -> str:
    """How a reply is told: sms or mail by a message; phone by calling; empty: whoever wrote looks it up by the code."""
    return way_of(opened(suggestion)["contact"])


def text_of(suggestion: Suggestion) -> str:
    """What was written, without the contact."""
    return opened(suggestion)["text"]


@transaction.atomic
def show_contact(suggestion: Suggestion, *, user: User) -> str:
    """The contact that was left; showing it is journalled."""
    journal.append(
        ("suggestion", suggestion.pk), action="show_contact", actor=f"user:{user.pk}", place=suggestion.place
    )
    return opened(suggestion)["contact"]


@transaction.atomic
def move_suggestion(suggestion: Suggestion, action: str, *, user: User, reply: str = "") -> Suggestion:
    """Take, answer, close or reopen a suggestion; an answer sends one message to the number or address that was left.

    Raises:
        InvalidTransition: it is at another step.
        ValueError: an answer without words.
    """
    if action == "answer" and not reply.strip():
        raise ValueError(_("Write what was replied or done."))
    changes: dict[str, Any] = {"settled_at": timezone.now() if action in ("answer", "close") else None}
    if reply.strip():
        changes["reply"] = reply.strip()
    moved = transitions.move(
        suggestion,
        action,
        table=TABLE,
        subject="suggestion",
        actor=f"user:{user.pk}",
        place=suggestion.place,
        changes=changes,
    )
    if action == "answer":
        replies.tell(moved, opened(moved))
    return moved


def forget_suggestions(before: datetime) -> int:
    """Delete suggestions received before that time; their number."""
    deleted, _rows = Suggestion.objects.filter(received_at__lt=before).delete()
    return deleted


def forget_announcements(before: datetime) -> int:
    """Delete announcements that ended before that time; their number."""
    deleted, _rows = Announcement.objects.filter(ends_at__lt=before).delete()
    return deleted
