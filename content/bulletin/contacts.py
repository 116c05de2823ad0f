"""What a contact that somebody left is: a number that takes messages, another telephone, or an address of mail."""

import re
import unicodedata
from typing import Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

SMS, PHONE, MAIL, NONE = "sms", "phone", "mail", ""
type Way = Literal["sms", "phone", "mail", ""]
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}\d{7,8}|\d{7,8}|1\d{4}")


def tidy(contact: str) -> str:
    """The contact without what people put between digits; full-width characters become plain ones."""
    plain = unicodedata.normalize("NFKC", contact).strip()
    digits = re.sub(r"[\s\-–—()]", "", plain)
    digits = re.sub(r"^(\+|00)86", "", digits)
    return digits if digits.isdecimal() else plain


def way_of(contact: str) -> Way:
    """How a reply can reach it; empty for none, and for what cannot be told."""
    plain = tidy(contact)
    if MOBILE.fullmatch(plain):
        return SMS
    if LANDLINE.fullmatch(plain):
        return PHONE
    try:
        validate_email(plain)
    except ValidationError:
        return NONE
    return MAIL
