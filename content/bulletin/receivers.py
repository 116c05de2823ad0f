"""What follows when the CMS saves an announcement or an answer: caches and screens learn that they are old."""

from typing import Any

from content.items.services import content_changed


def bulletin_changed(sender: type, **kwargs: Any) -> None:
    """Move the content generation on."""
    content_changed()
