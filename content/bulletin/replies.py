"""Replies to suggestions: the code by which everybody can look theirs up, and the one message to whoever left a contact."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from content.bulletin.contacts import MAIL, SMS, tidy, way_of
from content.bulletin.models import Suggestion
from portal.base.outbox import services as outbox

# Without signs that are mistaken for each other when read or heard; 12 of 31 are 59 random bits.
SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH, GROUP = 12, 4


def new_code() -> str:
    """A code as it is kept: twelve signs without spaces."""
    return "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))


def shown(code: str) -> str:
    """The code as it is read and typed: K7M2 Q9XP 4TRA; empty for a suggestion of before there were codes."""
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def fingerprint(code: str) -> str:
    """What the table keeps instead of the code: it finds the row, and whoever reads the table learns no code."""
    tidied = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(tidied.encode()).hexdigest()


def suggestion_of(code: str) -> Suggestion | None:
    """The suggestion of a code, however it was typed."""
    return Suggestion.objects.filter(code_hash=fingerprint(code)).first() if code.strip() else None


def tell(suggestion: Suggestion, content: dict[str, Any]) -> str:
    """Tell whoever left a mobile number or a mail address that there is a reply; by which way, or empty for none.

    The message has no word of the suggestion or the reply: whoever reads the phone along learns nothing.
    """
    way, contact, code = way_of(content["contact"]), tidy(content["contact"]), content.get("code", "")
    if way not in (SMS, MAIL) or not code:
        return ""
    address = f"{settings.PORTAL_URL.rstrip('/')}{reverse('suggestion_reply')}"
    # In the place's own language, whichever the editor works in.
    with translation.override(settings.LANGUAGE_CODE):
        words = {"code": shown(code), "address": address}
        text = _("Your suggestion was answered. Read the reply at %(address)s with the code %(code)s.") % words
        personal = {"phone": contact, "text": text}
        if way == MAIL:
            personal = {"to": contact, "subject": _("Your suggestion was answered"), "text": text}
    outbox.put(way, f"suggestion:{suggestion.pk}", {"suggestion": str(suggestion.pk)}, personal=personal)
    return way
