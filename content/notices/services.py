"""The only writer of notices: issuing one, finding it by its link or its spoken code, and what would be told today."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items.models import ItemEdition
from content.items.rules import Answer, read_answer
from content.items.rules_edition import Rules, rules_of
from content.items.rules_flow import step
from content.items.services import current_edition, get_item
from content.notices import snapshot
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from portal.base.clock.services import days_kept

RETENTION_KIND = "notice"
KEPT_DAYS = 180
# Without signs that are mistaken for each other when read or heard: 32 of them, 5 bits each.
TOKEN_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
CODE_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
TOKEN_LENGTH, CODE_LENGTH = 20, 6
ATTEMPTS = 5


def issue_notice(
    edition: ItemEdition, given: Mapping[str, Answer], *, rules: Rules | None = None, at: datetime | None = None
) -> Notice:
    """Write down what is told for these answers under this edition, for good.

    Raises:
        ValueError: a question is not answered yet.
    """
    at = timezone.localtime(at)
    rules = rules or rules_of(edition)
    now = step(rules.flow, given, today=at.date())
    content = snapshot.as_bytes(snapshot.build(edition, rules, now, issued_at=at, as_of=at.date()))
    row = {
        "item_key": edition.item.key,
        "content": content,
        "sha256": snapshot.digest(content),
        "issued_at": at,
        "expires_at": at + timedelta(days=days_kept(RETENTION_KIND)),
    }
    for attempt in range(ATTEMPTS):
        token = "".join(secrets.choice(TOKEN_SIGNS) for _number in range(TOKEN_LENGTH))
        code = "".join(secrets.choice(CODE_SIGNS) for _number in range(CODE_LENGTH))
        try:
            with transaction.atomic():
                return Notice.objects.create(token=token, code=code, **row)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def notice_by_token(token: str) -> Notice:
    """The notice of a link.

    Raises:
        UnknownNotice: there is none, or its time is over.
    """
    notice = Notice.objects.filter(token=token, expires_at__gt=timezone.now()).first()
    if notice is None:
        raise UnknownNotice(_("There is no such notice, or its time is over. Answer the questions again."))
    return notice


def notice_by_code(code: str) -> Notice:
    """The notice of a code that somebody says at the desk; for signed-in staff only, which the caller has made sure of.

    Raises:
        UnknownNotice: there is none, or its time is over.
    """
    tidy = "".join(sign for sign in code.upper() if sign.isalnum())
    notice = Notice.objects.filter(code=tidy, expires_at__gt=timezone.now()).first() if tidy else None
    if notice is None:
        raise UnknownNotice(_("There is no notice with this code. Ask for it again, or answer the questions together."))
    return notice


def notice_by_id(notice_id: Any) -> Notice | None:
    """The notice that another room keeps by its id; None when its time is over."""
    return Notice.objects.filter(pk=notice_id, expires_at__gt=timezone.now()).first() if notice_id else None


def content_of(notice: Notice) -> dict[str, Any]:
    """What the notice says, read from its bytes."""
    return json.loads(bytes(notice.content))


def spoken_code(notice: Notice) -> str:
    """The code in two groups, as it is read and said: K7M 2Q9."""
    return f"{notice.code[:3]} {notice.code[3:]}"


def fingerprint(notice: Notice) -> str:
    """The first signs of the bytes' digest, as the page shows them."""
    return f"{notice.sha256[:4]} {notice.sha256[4:8]}".upper()


def answers_again(notice: Notice, rules: Rules) -> dict[str, Answer]:
    """The notice's answers as far as today's questions still take them."""
    given: dict[str, Answer] = {}
    plain = snapshot.answers_of(content_of(notice))
    for question, _rule in rules.flow.questions:
        if question.key in plain:
            try:
                given[question.key] = read_answer(question, plain[question.key])
            except ValueError:
                continue
    return given


@dataclass(frozen=True)
class Compared:
    """A notice beside what the same answers would be told today; `today` is None when that cannot be said."""

    issued: dict[str, Any]
    today: dict[str, Any] | None
    added: list[str]
    removed: list[str]
    changed: list[str]
    why_not: str = ""

    @property
    def is_same(self) -> bool:
        return self.today is not None and not (self.added or self.removed or self.changed)


def compare_with_today(notice: Notice, *, on: date | None = None) -> Compared:
    """What was issued against today's rules, for the same answers; differences by the materials' keys."""
    issued = content_of(notice)
    on = on or timezone.localdate()
    item = get_item(notice.item_key)
    edition = current_edition(item, on) if item and item.is_active else None
    if edition is None:
        return Compared(issued, None, [], [], [], _("This item is not handled any more."))
    rules = rules_of(edition)
    now = step(rules.flow, answers_again(notice, rules), today=on)
    if now.question is not None:
        words = rules.words[now.question].text
        return Compared(issued, None, [], [], [], _("Today one more question is asked: %s") % words)
    today = snapshot.build(edition, rules, now, issued_at=timezone.localtime(), as_of=on)
    before = {row["key"]: row for row in issued["materials"]}
    after = {row["key"]: row for row in today["materials"]}
    changed = [
        key
        for key in before.keys() & after.keys()
        if any(before[key][part] != after[key][part] for part in ("form", "count", "group", "comes"))
    ]
    if issued["outcome"] != today["outcome"] or issued["stop"] != today["stop"]:
        changed.append("outcome")
    return Compared(
        issued, today, sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys()), sorted(changed)
    )


def forget_notices(before: datetime) -> int:
    """Delete the notices issued before a time; returns how many."""
    return Notice.objects.filter(issued_at__lt=before).delete()[0]
