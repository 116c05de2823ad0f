"""Words of the desk's templates, and how they look things up."""

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _

from servicedesk.cases.models import Handover

register = template.Library()


@register.filter
def mark_of(marks: Mapping[str, str], line_id: str) -> str:
    """How a line of a notice differs from the other side: added, removed, changed, or nothing."""
    return marks.get(line_id, "")


@register.filter
def receipt_sides(handover: Handover) -> list[tuple[str, str, bool]]:
    """Both sides of a receipt as role, words, and whether that side has signed."""
    signed = {signature.role for signature in handover.signatures.all() if signature.voided_at is None}
    return [
        ("resident", _("The resident signs"), "resident" in signed),
        ("clerk", _("The clerk signs"), "clerk" in signed),
    ]
