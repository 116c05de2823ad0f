"""The virtual printer's paper shows what python-escpos was asked to print."""

import io

from escpos.printer import Dummy
from PIL import Image, ImageDraw

from kiosk_bridge.virtual.escpos import WIDTH_PX, Interpreter
from tests.equipment.escpos_decoder import decode_escpos
from tests.kiosk_bridge.papers import slip


def _picture() -> Image.Image:
    picture = Image.new("1", (512, 48), 1)
    ImageDraw.Draw(picture).rectangle((100, 10, 199, 29), fill=0)
    return picture


def test_it_draws_rasters_and_finds_the_qr_code() -> None:
    (decoded,) = decode_escpos(slip("https://portal.example/t/A017?k=周"))
    assert decoded.qr_codes == ["https://portal.example/t/A017?k=周"]
    assert decoded.image.width == WIDTH_PX
    assert decoded.image.getpixel((100, 60)) == 0
    assert decoded.image.getpixel((300, 60)) == 255
    assert decoded.was_cut


def test_every_way_to_send_a_picture_gives_the_same_dots() -> None:
    boxes = []
    for way in ("bitImageRaster", "graphics", "bitImageColumn"):
        printer = Dummy(profile="TM-T88V")
        printer.image(_picture(), impl=way)
        printer.cut(feed=False)
        (decoded,) = decode_escpos(printer.output)
        inverted = decoded.image.point(lambda level: 255 - level)
        boxes.append(inverted.getbbox())
    assert boxes[0] == (100, 10, 200, 30)
    assert boxes == [boxes[0]] * 3


def test_it_draws_native_text_and_native_qr_codes() -> None:
    printer = Dummy(profile="TM-T88V")
    printer._raw("请坐着等，轮到您会叫号。\n".encode("gb18030"))
    printer.qr("linban", native=True, size=6)
    printer.cut()
    (decoded,) = decode_escpos(printer.output)
    assert decoded.text == "请坐着等，轮到您会叫号。"
    assert decoded.qr_codes == ["linban"]
    assert decoded.ink > 0


def test_it_cuts_slips_apart_wherever_the_bytes_are_split() -> None:
    content = slip("one") + slip("two") + slip("three", cut=False)
    whole = decode_escpos(content)
    assert [piece.qr_codes for piece in whole] == [["one"], ["two"], ["three"]]
    assert [piece.was_cut for piece in whole] == [True, True, False]
    paper = Interpreter()
    for start in range(0, len(content), 97):
        paper.feed(content[start : start + 97])
    paper.finish()
    assert [piece.png() for piece in paper.slips] == [piece_png(piece) for piece in whole]


def piece_png(piece) -> bytes:
    written = io.BytesIO()
    piece.image.save(written, "PNG")
    return written.getvalue()


def test_nothing_printed_is_no_slip() -> None:
    assert decode_escpos(b"\x1b@\x10\x04\x04\x1dr\x01") == []
