"""Turns printed ESC/POS bytes into pictures, and pictures into the QR codes in them."""

from dataclasses import dataclass

import zxingcpp
from PIL import Image

from kiosk_bridge.virtual.escpos import Interpreter


@dataclass(frozen=True)
class DecodedSlip:
    """One slip: its picture, its native text, the codes on it, and how much of it is black (0 to 1)."""

    image: Image.Image
    text: str
    qr_codes: list[str]
    ink: float
    was_cut: bool


def decode_escpos(content: bytes) -> list[DecodedSlip]:
    """Return the slips that a printer would make of these bytes, in order."""
    paper = Interpreter()
    paper.feed(content)
    paper.finish()
    return [
        DecodedSlip(
            image=slip.image,
            text=slip.text,
            qr_codes=find_qr_codes(slip.image),
            ink=_ink(slip.image),
            was_cut=slip.was_cut,
        )
        for slip in paper.slips
    ]


def find_qr_codes(image: Image.Image) -> list[str]:
    """Return the texts of the QR codes in a picture."""
    # Printed codes may touch the paper's edge, so a quiet zone is put around.
    framed = Image.new("L", (image.width + 80, image.height + 80), 255)
    framed.paste(image.convert("L"), (40, 40))
    return [code.text for code in zxingcpp.read_barcodes(framed) if "QR" in str(code.format).upper()]


def _ink(image: Image.Image) -> float:
    histogram = image.convert("L").histogram()
    return sum(histogram[:128]) / (image.width * image.height)
