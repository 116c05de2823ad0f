"""What a receipt printer does with ESC/POS bytes: an interpreter that draws the paper.

Source: Epson's ESC/POS command reference. Drawn are raster pictures (GS v 0, GS ( L), column pictures (ESC *), native
text in GB18030, and native QR codes (GS ( k); other commands are stepped over by their right length.
"""

import io
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageDraw, ImageFont

logger = logging.getLogger(__name__)

WIDTH_PX: Final = 576
LINE_PX: Final = 32
_FONTS: Final = (
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)

#: The whole length of commands that only set something, by their first two or three bytes.
_LENGTHS: Final[dict[bytes, int]] = {
    b"\x1b\x20": 3,
    b"\x1b\x21": 3,
    b"\x1b\x24": 4,
    b"\x1b\x25": 3,
    b"\x1b\x2d": 3,
    b"\x1b\x32": 2,
    b"\x1b\x33": 3,
    b"\x1b\x3d": 3,
    b"\x1b\x45": 3,
    b"\x1b\x47": 3,
    b"\x1b\x4d": 3,
    b"\x1b\x52": 3,
    b"\x1b\x53": 2,
    b"\x1b\x54": 3,
    b"\x1b\x56": 3,
    b"\x1b\x5c": 4,
    b"\x1b\x63": 4,
    b"\x1b\x70": 5,
    b"\x1b\x72": 3,
    b"\x1b\x74": 3,
    b"\x1b\x7b": 3,
    b"\x1c\x21": 3,
    b"\x1c\x26": 2,
    b"\x1c\x2d": 3,
    b"\x1c\x2e": 2,
    b"\x1c\x43": 3,
    b"\x1c\x53": 4,
    b"\x1d\x21": 3,
    b"\x1d\x42": 3,
    b"\x1d\x48": 3,
    b"\x1d\x4c": 4,
    b"\x1d\x50": 4,
    b"\x1d\x57": 4,
    b"\x1d\x61": 3,
    b"\x1d\x62": 3,
    b"\x1d\x66": 3,
    b"\x1d\x68": 3,
    b"\x1d\x77": 3,
    b"\x10\x14": 5,
}


@dataclass
class Slip:
    """One piece of paper up to its cut: the bytes that made it, its picture and its native text."""

    raw: bytes
    image: Image.Image
    text: str
    was_cut: bool

    def png(self) -> bytes:
        """Return the picture as PNG."""
        encoded = io.BytesIO()
        self.image.save(encoded, "PNG")
        return encoded.getvalue()


@dataclass
class Interpreter:
    """Takes bytes as they arrive; finished slips and questions pile up in `slips` and `questions`.

    A question is the bytes of DLE EOT n or GS r n: the printer's program answers it.
    """

    slips: list[Slip] = field(default_factory=list)
    questions: list[bytes] = field(default_factory=list)
    _pending: bytearray = field(default_factory=bytearray)
    _raw: bytearray = field(default_factory=bytearray)
    _strips: list[Image.Image] = field(default_factory=list)
    _line: bytearray = field(default_factory=bytearray)
    _text: list[str] = field(default_factory=list)
    _align: int = 0
    _is_cutting: bool = False
    _graphics: Image.Image | None = None
    _qr_content: bytes = b""
    _qr_dot_px: int = 3

    def feed(self, content: bytes) -> None:
        """Work through all whole commands; the rest waits for more bytes."""
        self._pending += content
        while self._pending:
            used = self._step(self._pending)
            if used == 0:
                return
            command = bytes(self._pending[:used])
            del self._pending[:used]
            if not command.startswith((b"\x10\x04", b"\x1dr")):
                self._raw += command
            if self._is_cutting:
                self._is_cutting = False
                self._end_line()
                self._end_slip(was_cut=True)

    def finish(self) -> None:
        """End the slip without a cut, as when the sender hangs up; nothing happens when nothing was printed."""
        self._pending.clear()
        self._end_line()
        if self._strips:
            self._end_slip(was_cut=False)
        self._raw.clear()

    def _step(self, pending: bytearray) -> int:
        first = pending[0]
        if first in (0x10, 0x1B, 0x1C, 0x1D):
            if len(pending) < 2:
                return 0
            return self._step_command(pending)
        if first == 0x0A:
            self._end_line(feed_anyway=True)
        elif first >= 0x20:
            self._line.append(first)
        return 1

    def _step_command(self, pending: bytearray) -> int:
        head = bytes(pending[:2])
        if head in (b"\x10\x04", b"\x1dr"):
            if len(pending) < 3:
                return 0
            self.questions.append(bytes(pending[:3]))
            return 3
        if head == b"\x1b@":
            self._align = 0
            return 2
        if head in (b"\x1ba", b"\x1bd", b"\x1bJ"):
            return self._step_one_parameter(head, pending)
        if head == b"\x1b*":
            return self._step_columns(pending)
        if head == b"\x1dv":
            return self._step_raster(pending)
        if head == b"\x1d(" or head == b"\x1c(":
            return self._step_function(pending)
        if head == b"\x1dV":
            return self._step_cut(pending)
        if head == b"\x1dk":
            return self._step_barcode(pending)
        if head == b"\x1bD":
            end = pending.find(0, 2)
            return 0 if end < 0 else end + 1
        length = _LENGTHS.get(head)
        if length is None:
            logger.warning("escpos: the command %s is not known", head.hex(" "))
            return 2
        return length if len(pending) >= length else 0

    def _step_one_parameter(self, head: bytes, pending: bytearray) -> int:
        if len(pending) < 3:
            return 0
        value = pending[2]
        if head == b"\x1ba":
            self._align = value % 48
        else:
            self._end_line()
            self._feed_px(value * LINE_PX if head == b"\x1bd" else value)
        return 3

    def _step_raster(self, pending: bytearray) -> int:
        """GS v 0 m xL xH yL yH: rows of bytes, the highest bit left."""
        if len(pending) < 8:
            return 0
        width_bytes, height = int.from_bytes(pending[4:6], "little"), int.from_bytes(pending[6:8], "little")
        end = 8 + width_bytes * height
        if len(pending) < end:
            return 0
        mode = pending[3] % 48
        self._add_picture(_bits(bytes(pending[8:end]), width_bytes * 8, height), 1 + (mode & 1), 1 + (mode >> 1 & 1))
        return end

    def _step_columns(self, pending: bytearray) -> int:
        """ESC * m nL nH: columns of 8 or 24 dots, the highest bit on top."""
        if len(pending) < 5:
            return 0
        mode, columns = pending[2], int.from_bytes(pending[3:5], "little")
        column_bytes = 3 if mode in (32, 33) else 1
        end = 5 + columns * column_bytes
        if len(pending) < end:
            return 0
        # Columns are rows of a picture that lies on its side.
        turned = _bits(bytes(pending[5:end]), column_bytes * 8, columns).transpose(Image.Transpose.TRANSPOSE)
        self._add_picture(turned, 1 if mode in (1, 33) else 2, 1 if column_bytes == 3 else 3)
        # The line feed that follows a column picture moves the paper by its own height only.
        if len(pending) > end and pending[end] == 0x0A:
            end += 1
        return end

    def _step_function(self, pending: bytearray) -> int:
        """GS ( x pL pH …: pictures (L) and two-dimensional codes (k); the others only set something."""
        if len(pending) < 5:
            return 0
        end = 5 + int.from_bytes(pending[3:5], "little")
        if len(pending) < end:
            return 0
        body = bytes(pending[5:end])
        if pending[2:3] == b"L":
            self._graphics_function(body)
        elif pending[2:3] == b"k":
            self._code_function(body)
        return end

    def _graphics_function(self, body: bytes) -> None:
        function = body[1] if len(body) > 1 else 0
        if function == 112 and len(body) >= 10:
            width, height = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
            picture = _bits(body[10:], (width + 7) // 8 * 8, height).crop((0, 0, width, height))
            self._graphics = picture.resize((width * body[3], height * body[4]), Image.Resampling.NEAREST)
        elif function in (2, 50) and self._graphics is not None:
            self._add_picture(self._graphics, 1, 1)
            self._graphics = None

    def _code_function(self, body: bytes) -> None:
        if len(body) < 2 or body[0] != 49:
            return
        if body[1] == 67 and len(body) > 2:
            self._qr_dot_px = max(1, body[2])
        elif body[1] == 80:
            self._qr_content = body[3:]
        elif body[1] == 81 and self._qr_content:
            encoded = io.BytesIO()
            segno.make_qr(self._qr_content.decode("utf-8", "replace"), error="m").save(
                encoded, kind="png", scale=self._qr_dot_px, border=4
            )
            encoded.seek(0)
            self._add_picture(Image.open(encoded).convert("L"), 1, 1)

    def _step_cut(self, pending: bytearray) -> int:
        if len(pending) < 3:
            return 0
        length = 3 if pending[2] in (0, 1, 48, 49) else 4
        if len(pending) < length:
            return 0
        self._is_cutting = True
        return length

    def _step_barcode(self, pending: bytearray) -> int:
        """GS k: only stepped over, for nothing of ours prints bar codes."""
        if len(pending) < 4:
            return 0
        if pending[2] >= 65:
            end = 4 + pending[3]
            return end if len(pending) >= end else 0
        end = pending.find(0, 3)
        return 0 if end < 0 else end + 1

    def _add_picture(self, picture: Image.Image, times_x: int, times_y: int) -> None:
        self._end_line()
        if (times_x, times_y) != (1, 1):
            picture = picture.resize((picture.width * times_x, picture.height * times_y), Image.Resampling.NEAREST)
        strip = Image.new("L", (WIDTH_PX, picture.height), 255)
        room = max(0, WIDTH_PX - picture.width)
        strip.paste(picture, (room * self._align // 2, 0))
        self._strips.append(strip)

    def _end_line(self, *, feed_anyway: bool = False) -> None:
        if not self._line:
            if feed_anyway:
                self._feed_px(LINE_PX)
            return
        text = bytes(self._line).decode("gb18030", "replace")
        self._line.clear()
        self._text.append(text)
        font = _font()
        strip = Image.new("L", (WIDTH_PX, LINE_PX), 255)
        pen = ImageDraw.Draw(strip)
        room = max(0, WIDTH_PX - int(pen.textlength(text, font=font)))
        pen.text((room * self._align // 2, 2), text, font=font, fill=0)
        self._strips.append(strip)

    def _feed_px(self, height: int) -> None:
        if height:
            self._strips.append(Image.new("L", (WIDTH_PX, height), 255))

    def _end_slip(self, *, was_cut: bool) -> None:
        height = max(1, sum(strip.height for strip in self._strips))
        image = Image.new("L", (WIDTH_PX, height), 255)
        top = 0
        for strip in self._strips:
            image.paste(strip, (0, top))
            top += strip.height
        self.slips.append(Slip(raw=bytes(self._raw), image=image, text="\n".join(self._text), was_cut=was_cut))
        self._strips, self._text = [], []
        self._raw.clear()


def _bits(content: bytes, width: int, height: int) -> Image.Image:
    # A set bit is a black dot, while Pillow's set bit is white.
    picture = Image.frombytes("1", (width, height), bytes(byte ^ 0xFF for byte in content[: width // 8 * height]))
    return picture.convert("L")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in _FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, 24)
    return ImageFont.load_default(24)
