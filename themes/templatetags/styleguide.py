"""The tag by which the styleguide gets its sample values, whoever renders it."""

from django import template

from themes.styleguide import styleguide_context

register = template.Library()


@register.simple_tag
def sample_values() -> dict[str, object]:
    """Return the made-up values that the components are shown with."""
    return styleguide_context()
