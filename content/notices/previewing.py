"""A made-up notice of an edition that is still being written, so that editors see page, kiosk and slip before it is out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from content.items.models import ItemEdition
from content.items.rules import NotAsked
from content.items.rules_edition import Rules, rules_of
from content.items.rules_flow import Path, Walk, domains_of, materials_needed, step
from content.notices import snapshot
from content.notices.models import Notice
from content.notices.services import KEPT_DAYS
from content.notices.telling import told
from content.notices.views import qr_svg

NOTICE, KIOSK, SLIP = "notice", "kiosk", "slip"
TEMPLATES = {NOTICE: "notices/notice.html", KIOSK: "notices/notice.html", SLIP: "notices/slip.html"}
# Codes and links of real notices have neither 0 nor 1 in them.
NO_TOKEN, NO_CODE = "0" * 20, "000000"
MOST_PATHS = 500


def sample_notice(edition: ItemEdition) -> Notice:
    """What somebody would be told who needs the most papers; it is not stored."""
    rules = rules_of(edition)
    at = timezone.localtime()
    path = max(_paths(rules), key=lambda path: _weight(rules, path), default=None)
    given = {key: value for key, value in path.answers.items() if not isinstance(value, NotAsked)} if path else {}
    now = step(rules.flow, given, today=at.date())
    content = snapshot.as_bytes(snapshot.build(edition, rules, now, issued_at=at, as_of=at.date()))
    return Notice(
        token=NO_TOKEN,
        code=NO_CODE,
        item_key=edition.item.key,
        content=content,
        sha256=snapshot.digest(content),
        issued_at=at,
        expires_at=at + timedelta(days=KEPT_DAYS),
    )


def preview_context(edition: ItemEdition, mode: str, request: HttpRequest) -> dict[str, Any]:
    """What the templates of a notice take, drawn from the made-up one."""
    notice = sample_notice(edition)
    address = request.build_absolute_uri("/")
    text = told(notice)
    at_kiosk = mode == KIOSK
    return {
        "layout": "base/kiosk.html" if at_kiosk else "base/page.html",
        "at_kiosk": at_kiosk,
        "idle_url": "",
        "nav_current": "guides",
        "notice": notice,
        "told": text,
        "address": address,
        "qr": qr_svg(address),
        "sms": "",
        "message": text.headline,
        "change_url": "?",
        "breadcrumbs": [],
        "is_preview": True,
    }


def _paths(rules: Rules) -> Iterator[Path]:
    today = timezone.localdate()
    yield from Walk(rules.flow, domains_of(rules.flow, today=today), today, MOST_PATHS)


def _weight(rules: Rules, path: Path) -> tuple[bool, int]:
    """Ways that lead somewhere before ends, those with more papers before others."""
    if path.stop is not None:
        return (False, 0)
    return (True, len(materials_needed(rules.flow, path.answers, today=timezone.localdate())))
