"""Words of the desk's templates."""

from django import template
from django.utils.translation import gettext as _

from servicedesk.cases.models import Handover

register = template.Library()


@register.filter
def receipt_sides(handover: Handover) -> list[tuple[str, str, bool]]:
    """Both sides of a receipt as role, words, and whether that side has signed."""
    signed = {signature.role for signature in handover.signatures.all() if signature.voided_at is None}
    return [
        ("resident", _("The resident signs"), "resident" in signed),
        ("clerk", _("The clerk signs"), "clerk" in signed),
    ]
