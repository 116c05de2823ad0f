"""What follows when Wagtail publishes, whoever asked for it: the admin, a schedule, an import."""

from typing import Any

from content.items import services
from content.items.models import ItemEdition


def edition_changed(sender: type, instance: Any, **kwargs: Any) -> None:
    """A published edition gives its item the name in force and moves the content generation on."""
    if not isinstance(instance, ItemEdition):
        return
    services.refresh_names([instance.item_id])
    services.content_changed()


def page_changed(sender: type, **kwargs: Any) -> None:
    """A page that appears or goes moves the content generation on."""
    services.content_changed()
