"""What the models of items share: the rule for keys, the reader's language, texts with one entry a line."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

KEY_RULE = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", _("A key has small Latin letters, digits and single hyphens only.")
)
DAY_RULES = [MinValueValidator(1), MaxValueValidator(31)]


def in_english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "").startswith("en")


def said(row: Any, field: str) -> str:
    """A row's text in the reader's language; Chinese where the English is missing."""
    return (getattr(row, f"{field}_en") if in_english() else "") or getattr(row, field)


def in_readers_language(field: str) -> property:
    """A property of a model: what it says in `field`, or to English readers in the field's `_en`."""
    return property(lambda row: said(row, field))


def lines_of(text: str) -> list[str]:
    """A text field with one entry a line as a list."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def split_steps(procedure: str) -> str:
    """Steps joined by arrows as one a line."""
    return "\n".join(part.strip() for part in procedure.replace("\n", "→").split("→") if part.strip())


def basis_text(title: str, number: str, article: str = "") -> str:
    """A law or rule as it is quoted: 《title》（number）, or number（title） where the title is only a description."""
    if title.startswith("《"):
        quoted = f"{title}（{number}）" if number else title
    elif number:
        quoted = f"{number}（{title}）" if title else number
    else:
        quoted = title
    return f"{quoted}{article}"
