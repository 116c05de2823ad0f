"""A ticket as ESC/POS bytes: a raster of 576 pixels, so that every printer draws the same Chinese.

ESC/POS: ESC @ initialise, GS v 0 raster picture, GS V partial cut (Epson's command reference).
"""

from dataclasses import dataclass

import segno
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from servicedesk.printouts.fonts import raster_font

WIDTH_PX = 576
MARGIN_PX = 28
MODULE_PX = 7
ROOM_PX = WIDTH_PX - 2 * MARGIN_PX
# No line of a slip begins with these.
NOT_FIRST = "，。、！？：；）」』”’%,.!?)"


@dataclass(frozen=True)
class TicketSlip:
    """What stands on the slip; nothing of the person."""

    number: str
    kind: str
    item: str
    centre: str
    point: str
    ahead: str
    wait: str
    url: str
    issued: str
    is_reprint: bool = False


class SlipPage:
    """Writes down the slip from the top; every method moves `y` below what it drew."""

    def __init__(self, tallest_px: int = 2000) -> None:
        self.image = Image.new("L", (WIDTH_PX, tallest_px), 255)
        self.pen = ImageDraw.Draw(self.image)
        self.y = MARGIN_PX

    def centred(self, text: str, size_px: int, *, bold_px: int = 0, gap_px: int = 10) -> None:
        """One line in the middle, made smaller until it fits."""
        while size_px > 20 and self.pen.textlength(text, font=raster_font(size_px)) > ROOM_PX:
            size_px -= 2
        font = raster_font(size_px)
        left, top, right, bottom = self.pen.textbbox((0, 0), text, font=font, stroke_width=bold_px)
        place = ((WIDTH_PX - (right - left)) / 2 - left, self.y - top)
        self.pen.text(place, text, font=font, fill=0, stroke_width=bold_px, stroke_fill=0)
        self.y += round(bottom - top) + gap_px

    def lines(self, text: str, size_px: int, *, bold_px: int = 0) -> None:
        """A text from the left, broken where it must be."""
        font = raster_font(size_px)
        for line in self._broken(text, size_px):
            self.pen.text((MARGIN_PX, self.y), line, font=font, fill=0, stroke_width=bold_px, stroke_fill=0)
            self.y += round(size_px * 1.42)

    def _broken(self, text: str, size_px: int) -> list[str]:
        font, found, line = raster_font(size_px), [], ""
        for char in text:
            if line and char not in NOT_FIRST and self.pen.textlength(line + char, font=font) > ROOM_PX:
                found.append(line)
                line = ""
            line += char
        return [*found, line] if line else found

    def labelled(self, label: str, text: str) -> None:
        """A small label and the words below it."""
        if text:
            self.lines(label, 24)
            self.lines(text, 31, bold_px=1)
            self.y += 10

    def tear(self) -> None:
        """A dashed line, as on the screen's ticket."""
        self.y += 8
        for x in range(MARGIN_PX, WIDTH_PX - MARGIN_PX, 16):
            self.pen.line([(x, self.y), (x + 8, self.y)], fill=0, width=3)
        self.y += 22

    def qr(self, url: str) -> None:
        """The code in the middle; a module of seven dots is 0.9 mm, which old telephones read."""
        self.y += 14
        matrix = segno.make(url, error="m").matrix
        side = len(matrix) * MODULE_PX
        left = (WIDTH_PX - side) // 2
        for row, modules in enumerate(matrix):
            for column, is_dark in enumerate(modules):
                if is_dark:
                    x, y = left + column * MODULE_PX, self.y + row * MODULE_PX
                    self.pen.rectangle((x, y, x + MODULE_PX - 1, y + MODULE_PX - 1), fill=0)
        self.y += side + 20

    def finished(self) -> Image.Image:
        cropped = self.image.crop((0, 0, WIDTH_PX, self.y + MARGIN_PX))
        return cropped.point(lambda grey: 255 if grey > 140 else 0).convert("1", dither=Image.Dither.NONE)


def draw_slip(slip: TicketSlip) -> Image.Image:
    """The slip as a black and white picture."""
    page = SlipPage()
    page.centred(f"{slip.kind}　{_('reprint 补打')}" if slip.is_reprint else slip.kind, 34, gap_px=26)
    page.centred(f"{slip.number[:1]}{slip.number[1:]}", 176, bold_px=5, gap_px=22)
    page.tear()
    if slip.ahead:
        page.lines(slip.ahead, 36, bold_px=1)
        page.lines(slip.wait, 31)
        page.y += 12
    page.labelled(_("What for"), slip.item)
    page.labelled(_("Which window does it"), slip.centre)
    page.labelled(_("Where you wait"), slip.point)
    page.qr(slip.url)
    page.centred(_("Scan to see how far it is"), 27, gap_px=12)
    page.centred(slip.issued, 25)
    return page.finished()


def render_ticket(slip: TicketSlip) -> bytes:
    """The slip's ESC/POS bytes."""
    return as_escpos(draw_slip(slip))


def as_escpos(picture: Image.Image) -> bytes:
    """A black and white picture as the printer takes it, cut at its end."""
    # Here and not above: its drivers for every kind of line are slow to load, and a slip needs none of them.
    from escpos.printer import Dummy

    printer = Dummy()
    printer.profile.profile_data["media"]["width"]["pixels"] = WIDTH_PX
    printer.hw("INIT")
    printer.image(picture, impl="bitImageRaster", fragment_height=512)
    printer.cut(mode="PART")
    return bytes(printer.output)
