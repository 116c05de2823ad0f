"""The Chinese TrueType font that is embedded in what we print, and where its file is."""

from pathlib import Path

from django.conf import settings

SYSTEM_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")


class NoFont(RuntimeError):
    """No TrueType font with Chinese is installed; script/setup brings one."""


def font_path() -> Path:
    """The font's file: the system's WenQuanYi Zen Hei, else the one that script/fonts made.

    Raises:
        NoFont: there is neither.
    """
    if SYSTEM_FONT.exists():
        return SYSTEM_FONT
    for path in sorted((settings.BASE_DIR / "var/fonts").glob("*.ttf")):
        return path
    raise NoFont("No Chinese TrueType font: install the package fonts-wqy-zenhei, or run script/fonts.")
