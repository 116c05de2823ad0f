"""Small documents for the tests: a slip as python-escpos makes it, and a PDF."""

import io

from escpos.printer import Dummy
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas


def slip(qr: str = "https://portal.example/t/A017", *, cut: bool = True) -> bytes:
    """Return ESC/POS bytes with a raster picture, a QR code drawn as a picture, and a cut."""
    printer = Dummy(profile="TM-T88V")
    picture = Image.new("1", (512, 120), 1)
    ImageDraw.Draw(picture).rectangle((40, 20, 200, 100), fill=0)
    printer.image(picture, impl="bitImageRaster")
    printer.qr(qr, size=6, native=False)
    if cut:
        printer.cut()
    return printer.output


def pdf(text: str = "form", *, pages: int = 1) -> bytes:
    """Return a PDF with this text on every page."""
    written = io.BytesIO()
    canvas = Canvas(written, invariant=1)
    for _page in range(pages):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    return written.getvalue()
