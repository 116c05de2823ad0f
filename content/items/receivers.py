"""What follows when something is published or saved, whoever asked for it: the admin, a schedule, an import."""

from typing import Any

from content.items import services
from content.items.models import ItemEdition, Material


def published_or_not(sender: type, instance: Any, **kwargs: Any) -> None:
    """A published edition gives its item the name in force; it and a material move the content generation on."""
    if not isinstance(instance, ItemEdition | Material):
        return
    if isinstance(instance, ItemEdition) and not services.is_gathering():
        services.refresh_names([instance.item_id])
    services.content_changed()


def saved_or_deleted(sender: type, **kwargs: Any) -> None:
    """What is shown without being published, such as a line's name, moves the content generation on."""
    services.content_changed()


def page_changed(sender: type, **kwargs: Any) -> None:
    """A page that appears or goes moves the content generation on."""
    services.content_changed()
