"""What every page of the portal may show: the announcements that hold everywhere, and the pages of the site's menu."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def bulletin(request: HttpRequest) -> dict[str, Any]:
    """`announcements` and `menu_pages`; asked for only where a template looks. A view that knows a place gives its own."""
    from content.bulletin.services import current_announcements, menu_pages

    return {
        "announcements": SimpleLazyObject(current_announcements),
        "menu_pages": SimpleLazyObject(lambda: menu_pages(request)),
    }
