"""What every template knows of the look: the site's theme and the reader's display mode."""

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest

SIZES = ("normal", "elder")
CONTRASTS = ("normal", "high")


def messages(request: HttpRequest) -> dict[str, object]:
    """As Django's own, but who carries neither session nor message is not asked: the page is anybody's then."""
    storage = getattr(request, "_messages", None)
    is_carrying = settings.SESSION_COOKIE_NAME in request.COOKIES or "messages" in request.COOKIES
    if storage is None or not (is_carrying or storage.added_new):
        return {"messages": ()}
    return {"messages": get_messages(request)}


def look(request: HttpRequest) -> dict[str, object]:
    """The site's theme, and size and contrast from the reader's plain cookies."""
    from content.guides.models import PortalSettings

    site = PortalSettings.for_request(request) if hasattr(request, "META") else None
    size = request.COOKIES.get("size", "normal")
    contrast = request.COOKIES.get("contrast", "normal")
    return {
        "theme": site.theme if site else "jingan",
        "theme_place_lines": site.place_lines if site else [],
        "display_size": size if size in SIZES else "normal",
        "display_contrast": contrast if contrast in CONTRASTS else "normal",
    }
