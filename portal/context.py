"""What every template knows of the look: the site's theme and the reader's display mode."""

from django.http import HttpRequest

SIZES = ("normal", "elder")
CONTRASTS = ("normal", "high")


def look(request: HttpRequest) -> dict[str, object]:
    """The site's theme, and size and contrast from the reader's plain cookies."""
    from content.guides.models import PortalSettings

    settings = PortalSettings.for_request(request) if hasattr(request, "META") else None
    size = request.COOKIES.get("size", "normal")
    contrast = request.COOKIES.get("contrast", "normal")
    return {
        "theme": settings.theme if settings else "jingan",
        "theme_place_lines": settings.place_lines if settings else [],
        "display_size": size if size in SIZES else "normal",
        "display_contrast": contrast if contrast in CONTRASTS else "normal",
    }
