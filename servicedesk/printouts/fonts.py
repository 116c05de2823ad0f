"""The Chinese TrueType font that is embedded in what we print; ReportLab cannot embed OpenType outlines."""

import functools
from pathlib import Path

from django.conf import settings
from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FACE = "Linban"
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


@functools.cache
def pdf_face() -> str:
    """The name by which ReportLab knows the font."""
    pdfmetrics.registerFont(TTFont(FACE, str(font_path()), subfontIndex=0))
    return FACE


@functools.cache
def raster_font(size_px: int) -> ImageFont.FreeTypeFont:
    """The font for pictures, at a size in pixels."""
    return ImageFont.truetype(str(font_path()), size_px)


def missing_glyphs(text: str) -> list[str]:
    """The characters of a text that the font cannot draw; they are printed as a box and told."""
    known = pdfmetrics.getFont(pdf_face()).face.charToGlyph
    return sorted({char for char in text if ord(char) not in known and not char.isspace()})
