"""The only writer of ratings: one a visit, with a level or skipped; the clerk and the helper never see it.

(none) -> rated | skipped; nothing follows, a second one is refused
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items import services as items
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.outbox import services as outbox
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import TicketState
from servicedesk.ratings.errors import AlreadyRated, NotYet, UnknownOption
from servicedesk.ratings.models import Rating, RatingComment, RatingOption
from servicedesk.remote import services as remote

__all__ = ["Rating", "can_be_rated", "comment_of", "is_asked_for", "options_for", "rate", "version_in_force"]

MAX_COMMENT = 500
COMMENT_LEVEL = 3


def version_in_force() -> int:
    """The newest version of the table of reasons."""
    return (
        RatingOption.objects.filter(is_active=True).order_by("-version").values_list("version", flat=True).first() or 1
    )


def options_for(level: int, language: str = "zh-hans") -> list[dict[str, str]]:
    """The reasons that may be chosen with a level, as {"code", "text"} in the reader's language."""
    rows = RatingOption.objects.filter(version=version_in_force(), level=level, is_active=True)
    is_english = language.startswith("en")
    return [{"code": row.code, "text": (row.text_en if is_english else "") or row.text_zh} for row in rows]


def can_be_rated(ticket: Ticket) -> bool:
    """Whether the visit is over, somebody was served in it, and nothing has been said of it yet."""
    return _was_served(ticket) and not Rating.objects.filter(ticket_id=ticket.pk).exists()


def is_asked_for(ticket: Ticket) -> bool:
    """Whether the visit's rating is asked for; whoever wants to rate may do so by the slip's code all the same."""
    return can_be_rated(ticket) and not items.is_bereavement(ticket.item)


def _was_served(ticket: Ticket) -> bool:
    return ticket.state == TicketState.FINISHED and ticket.started_at is not None


def rate(*, ticket: Ticket, level: int | None, options: list[str], comment: str, channel: str, actor: str) -> Rating:
    """Keep what the resident said of the visit; `level` None is a skip, which is kept but reported to nobody.

    Raises:
        NotYet: the visit is not over, or nobody was served.
        AlreadyRated: it was rated or skipped before.
        UnknownOption: no such level, or a reason that does not belong to it.
    """
    version = version_in_force()
    chosen = _checked_options(level, options, version)
    comment = comment.strip()[:MAX_COMMENT] if level is not None else ""
    try:
        with transaction.atomic():
            rating = _write(ticket, level, chosen, version, comment, Rating.Channel(channel), actor)
    except IntegrityError as error:
        raise _already() from error
    _tell_sealed_dossier(rating)
    return rating


def _checked_options(level: int | None, options: list[str], version: int) -> list[str]:
    if level is None:
        return []
    if level not in Rating.Level.values:
        raise UnknownOption(_("Choose one of the five levels."))
    known = RatingOption.objects.filter(version=version, level=level, is_active=True).values_list("code", flat=True)
    chosen = list(dict.fromkeys(str(option) for option in options))
    if not set(chosen) <= set(known):
        raise UnknownOption(_("One of the reasons is not in the list any more. Load the page again and choose."))
    return chosen


def _already() -> AlreadyRated:
    return AlreadyRated(_("This visit was rated already. Thank you; nothing more is needed."))


def _write(
    ticket: Ticket, level: int | None, options: list[str], version: int, comment: str, channel: str, actor: str
) -> Rating:
    ticket = Ticket.objects.select_for_update(of=("self",)).select_related("centre").get(pk=ticket.pk)
    if Rating.objects.filter(ticket=ticket).exists():
        raise _already()
    if not _was_served(ticket):
        raise NotYet(_("This visit is not over yet. Rate it when you are done."))
    now = timezone.now()
    rating = Rating.objects.create(
        ticket=ticket, level=level, options=options, options_version=version, channel=channel, at=now
    )
    if comment:
        sealed = keyring.seal("field", comment.encode(), aad=_comment_aad(rating))
        RatingComment.objects.create(rating=rating, sealed=sealed, written_at=now)
    # The journal of a visit is read at the desk, so what was said stands in the rating's own chain only.
    journal.append(
        ("rating", rating.pk),
        action="skip" if level is None else "rate",
        actor=actor,
        place=ticket.centre,
        facts={"ticket": str(ticket.pk), "options_version": version, "channel": channel, "has_comment": bool(comment)},
    )
    if level is not None:
        outbox.put(
            "ratings", f"ticket:{ticket.pk}", _report(rating), personal={"comment": comment} if comment else None
        )
    return rating


def _report(rating: Rating) -> dict[str, Any]:
    """What the ratings platform is told; who was served and who served is left to its own look-up by the number."""
    ticket = rating.ticket
    case = ticket.cases.order_by("opened_at").first()
    return {
        "rating": str(rating.pk),
        "level": rating.level,
        "options": rating.options,
        "options_version": rating.options_version,
        "channel": rating.channel,
        "at": rating.at.isoformat(),
        "centre": ticket.centre.code,
        "item": ticket.item.key if ticket.item else None,
        "ticket": queueing.ticket_view(ticket)["number"],
        "case": case.number if case else None,
        "external_number": case.external_number if case else "",
    }


def _comment_aad(rating: Rating) -> bytes:
    return f"ratings.comment:{rating.pk}".encode()


def comment_of(rating: Rating) -> str:
    """The words that came with a rating; empty when there were none or their time is over."""
    comment = RatingComment.objects.filter(rating=rating).first()
    return keyring.open_sealed(comment.sealed, aad=_comment_aad(rating)).decode() if comment else ""


def _tell_sealed_dossier(rating: Rating) -> None:
    """A rating that comes after the sealing goes beside the manifest, as a signed addendum."""
    for session in rating.ticket.sessions.filter(dossier__isnull=False):
        remote.add_to_sealed_dossier(
            session, {"kind": "rating", "level": rating.level, "options": rating.options, "at": rating.at.isoformat()}
        )


def forget_comments(written_before: Any) -> int:
    """Delete what was written before that time; the ratings themselves stay as figures."""
    deleted, _rows = RatingComment.objects.filter(written_at__lt=written_before).delete()
    return deleted
