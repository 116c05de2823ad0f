"""A ticket as ESC/POS bytes: a raster of 576 pixels, so that every printer draws the same Chinese."""

from dataclasses import dataclass

import segno
from django.utils.translation import gettext as _
from escpos.printer import Dummy
from PIL import Image, ImageDraw

from servicedesk.printouts.fonts import raster_font

WIDTH_PX = 576
MARGIN_PX = 24


@dataclass(frozen=True)
class TicketSlip:
    """What stands on the slip; nothing of the person."""

    number: str
    kind: str
    item: str
    centre: str
    point: str
    wait: str
    url: str
    issued: str


def draw_slip(slip: TicketSlip) -> Image.Image:
    """The slip as a black and white picture."""
    image = Image.new("L", (WIDTH_PX, 1400), 255)
    pen = ImageDraw.Draw(image)
    y = MARGIN_PX
    for text, size in ((slip.kind, 34), (slip.number, 150), (slip.item, 36)):
        y = _centred(pen, text, size, y)
    pen.line([(MARGIN_PX, y + 8), (WIDTH_PX - MARGIN_PX, y + 8)], fill=0, width=2)
    y += 24
    for text in (slip.centre, slip.point, slip.wait):
        y = _wrapped(pen, text, 28, y)
    code = segno.make(slip.url, error="m").to_pil(scale=6, border=2).convert("L")
    image.paste(code, ((WIDTH_PX - code.width) // 2, y + 10))
    y += code.height + 20
    y = _centred(pen, _("Scan to see how far it is"), 26, y)
    y = _centred(pen, slip.issued, 24, y)
    return image.crop((0, 0, WIDTH_PX, y + MARGIN_PX)).point(lambda grey: 255 if grey > 128 else 0).convert("1")


def _centred(pen: ImageDraw.ImageDraw, text: str, size: int, y: int) -> int:
    font = raster_font(size)
    while size > 20 and pen.textlength(text, font=font) > WIDTH_PX - 2 * MARGIN_PX:
        size -= 2
        font = raster_font(size)
    pen.text((WIDTH_PX / 2, y), text, font=font, fill=0, anchor="ma")
    return y + round(size * 1.35)


def _wrapped(pen: ImageDraw.ImageDraw, text: str, size: int, y: int) -> int:
    """Text from the left margin, broken where the line is full; Chinese may break anywhere."""
    font, line = raster_font(size), ""
    for char in text:
        if pen.textlength(line + char, font=font) > WIDTH_PX - 2 * MARGIN_PX:
            pen.text((MARGIN_PX, y), line, font=font, fill=0)
            y, line = y + round(size * 1.4), ""
        line += char
    pen.text((MARGIN_PX, y), line, font=font, fill=0)
    return y + round(size * 1.5) if line else y


def render_ticket(slip: TicketSlip) -> bytes:
    """The slip's ESC/POS bytes: initialise, GS v 0 raster, feed, partial cut."""
    printer = Dummy()
    printer.profile.profile_data["media"]["width"]["pixels"] = WIDTH_PX
    printer.hw("INIT")
    printer.image(draw_slip(slip), impl="bitImageRaster", fragment_height=512)
    printer.cut(mode="PART")
    return bytes(printer.output)
