"""How the desk's templates look things up."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def mark_of(marks: Mapping[str, str], line_id: str) -> str:
    """How a line of a notice differs from the other side: added, removed, changed, or nothing."""
    return marks.get(line_id, "")
