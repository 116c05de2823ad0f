"""The Chinese font as ReportLab and Pillow take it; ReportLab cannot embed OpenType outlines."""

import functools

from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from portal.base.fonts import font_path

FACE = "Linban"


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
