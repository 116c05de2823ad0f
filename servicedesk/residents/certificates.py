"""Checking a typed certificate number by GB 11643-1999, without ever refusing a place of birth."""

import unicodedata
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
LENGTH = 18


@dataclass(frozen=True)
class NumberCheck:
    """A number as it is kept, whether it can be right, what is wrong, and what is only odd."""

    number: str
    is_valid: bool
    problem: str = ""
    warning: str = ""


def normalise(text: str) -> str:
    """Full-width digits become ASCII, x becomes X, spaces and hyphens go."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char.isalnum())


def check_digit(first_seventeen: str) -> str:
    """The eighteenth sign by ISO 7064 MOD 11-2, as GB 11643 prescribes."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True)) % 11]


def check_number(text: str) -> NumberCheck:
    """Check an identity number of 18 signs; an unknown or abolished region is a warning, never a refusal."""
    number = normalise(text)
    missing = LENGTH - len(number)
    if missing == LENGTH:
        return NumberCheck(number, False, _("Type the 18 signs of the number."))
    if missing > 0:
        return NumberCheck(
            number,
            False,
            _("%(count)d signs are missing. Look at the end of the number on the card again.") % {"count": missing},
        )
    if missing < 0:
        return NumberCheck(number, False, _("These are %(count)d signs too many.") % {"count": -missing})
    if not number[:17].isdigit() or not (number[17].isdigit() or number[17] == "X"):
        return NumberCheck(number, False, _("Only digits, and at the end a digit or X."))
    if _birth_date(number) is None:
        return NumberCheck(number, False, _("The birth date in the middle cannot be. Compare it with the card."))
    if check_digit(number[:17]) != number[17]:
        return NumberCheck(number, False, _("One sign is not right. Compare it with the card, sign by sign."))
    warning = (
        "" if _is_known_region(number) else _("The region code is unknown or abolished. The card counts all the same.")
    )
    return NumberCheck(number, True, warning=warning)


def _birth_date(number: str) -> date | None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if date(1880, 1, 1) <= born <= timezone.localdate() else None


def _is_known_region(number: str) -> bool:
    """The library's place table refuses real people, so it only ever warns."""
    try:
        ric.get_birth_place(number)
    except ValidationError:
        return False
    return True
