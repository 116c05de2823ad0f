"""Signs for a point as PDF (ReportLab): a poster for the wall (A4, A3) and a sheet of small ones for doors.

Colours come from the theme's own tokens, the mark is drawn as in components/mark.html, and the QR leads to the point's page.
"""

import functools
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import segno
from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A3, A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from content.points import services
from portal.base.fonts import font_path
from portal.base.places.models import Place

SIZES = ("a4", "a3", "doors")
FACE = "LinbanSigns"
TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})", re.IGNORECASE)
NOT_FIRST = "，。、！？：；）」”,.;:!?)"
DOORS_ACROSS, DOORS_DOWN = 2, 4
FACT_PTS = (30, 27, 24, 21, 19)


@dataclass(frozen=True)
class Sign:
    """What stands on a sign; `facts` are (label, lines)."""

    name: str
    kind: str
    url: str
    theme: str
    brand: str
    place: str
    call_to_scan: str
    facts: list[tuple[str, list[str]]] = field(default_factory=list)
    doing: str = ""
    notes: list[str] = field(default_factory=list)
    footer: str = ""


def sign_of(place: Place, *, url: str, theme: str, place_lines: list[str], offered: int) -> Sign:
    """What a place's sign says, in the reader's language; its state of today is no matter for a wall."""
    hours = [f"{days}　{times}" for days, times in services.hours_in_words(place)]
    facts = [(_("Hours"), hours or [_("Not known yet: call first.")])]
    if place.address:
        facts.append((_("Address"), [part for part in (place.address, place.directions) if part]))
    if place.phone:
        facts.append((_("Telephone"), [place.phone]))
    if not offered:
        doing = _("Look things up and print here, without staff")
    elif place.has_remote_window and place.level == Place.Level.POINT:
        doing = _("%(count)s items can be done here, by video with the window") % {"count": offered}
    else:
        doing = _("%(count)s items can be done here") % {"count": offered}
    return Sign(
        name=services.name_of(place),
        kind=services.kind_name(place),
        url=url,
        theme=theme,
        brand=_("Linban"),
        place=" ".join(place_lines),
        call_to_scan=_("Scan to see whether it is open now and what to bring"),
        facts=facts,
        doing=doing,
        notes=[_("Step-free")] if place.is_step_free else [],
        footer=_("made-up places of a demo") if place.is_demo else "",
    )


@functools.cache
def theme_colours(theme: str) -> dict[str, Color]:
    """The colours of a theme's tokens.css by name."""
    path = Path(settings.BASE_DIR) / f"themes/{theme}/static/linban-themes/{theme}/tokens.css"
    found: dict[str, Color] = {}
    for name, value in TOKEN.findall(path.read_text(encoding="utf-8")):
        digits = value[1:] if len(value) == 7 else "".join(sign * 2 for sign in value[1:])
        found.setdefault(name, HexColor(f"#{digits}"))
    return found


@functools.cache
def _face() -> str:
    pdfmetrics.registerFont(TTFont(FACE, str(font_path()), subfontIndex=0))
    return FACE


def sign_pdf(sign: Sign, size: str) -> bytes:
    """The sign as a PDF of one page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A3 if size == "a3" else A4, pageCompression=1, lang="zh-CN")
    canvas.setTitle(sign.name)
    if size == "doors":
        _doors(canvas, sign)
    else:
        if size == "a3":
            # The poster is drawn for A4; A3 is the same, larger by the root of two.
            canvas.scale(A3[0] / A4[0], A3[0] / A4[0])
        _poster(canvas, sign)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _poster(canvas: Canvas, sign: Sign) -> None:
    colours, (width, height) = theme_colours(sign.theme), A4
    margin, head = 18 * mm, 92 * mm
    canvas.setFillColor(colours["paper"])
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.setFillColor(colours["brand-deep"])
    canvas.rect(0, height - head, width, head, stroke=0, fill=1)
    _mark(canvas, margin, height - 32 * mm, 16 * mm, colours, on_dusk=True)
    canvas.setFillColor(colours["on-dusk"])
    canvas.setFont(_face(), 22)
    canvas.drawString(margin + 19 * mm, height - 24 * mm, sign.brand)
    canvas.setFont(_face(), 12)
    canvas.setFillColor(colours["on-dusk-2"])
    canvas.drawString(margin + 19 * mm, height - 31 * mm, sign.place)
    canvas.drawRightString(width - margin, height - 24 * mm, sign.kind)
    canvas.setFillColor(colours["on-dusk"])
    lines, size_pt = _fitting(canvas, sign.name, width - 2 * margin, largest=40, lines=2)
    y = height - 52 * mm
    for line in lines:
        canvas.setFont(_face(), size_pt)
        canvas.drawString(margin, y, line)
        y -= size_pt * 1.3
    canvas.setFillColor(colours["on-dusk"])
    y = height - head + 10 * mm
    canvas.setFont(_face(), 15)
    canvas.drawString(margin, y, sign.doing)
    qr_side = 74 * mm
    y = height - head - 18 * mm
    left = width - 2 * margin - qr_side - 10 * mm
    room = y - 30 * mm
    # As large as the wall allows: few facts are read from across the street.
    size_pt = next((size for size in FACT_PTS if _facts_height(canvas, sign, size, left) <= room), FACT_PTS[-1])
    for line, line_pt, colour, step in _facts(canvas, sign, size_pt, left):
        canvas.setFillColor(colours[colour])
        canvas.setFont(_face(), line_pt)
        canvas.drawString(margin, y, line)
        y -= step
    x, top = width - margin - qr_side, height - head - 12 * mm
    _qr(canvas, sign.url, x, top - qr_side, qr_side)
    canvas.setFillColor(colours["ink"])
    canvas.setFont(_face(), 15)
    for offset, line in enumerate(_broken(canvas, sign.call_to_scan, 15, qr_side)):
        canvas.drawCentredString(x + qr_side / 2, top - qr_side - (9 + 7.5 * offset) * mm, line)
    canvas.setStrokeColor(colours["line"])
    canvas.line(margin, 22 * mm, width - margin, 22 * mm)
    canvas.setFillColor(colours["ink-2"])
    canvas.setFont(_face(), 10)
    canvas.drawString(margin, 15 * mm, sign.url)
    canvas.drawRightString(width - margin, 15 * mm, sign.footer)


def _facts(canvas: Canvas, sign: Sign, size_pt: float, left: float) -> list[tuple[str, float, str, float]]:
    """The lines beside the code: (text, size in points, colour, step down to the next in points)."""
    lines = []
    for label, rows in sign.facts:
        lines.append((label, size_pt * 0.62, "ink-2", size_pt * 1.25))
        broken = [line for row in rows for line in _broken(canvas, row, size_pt, left)]
        lines += [(line, size_pt, "ink", size_pt * 1.35) for line in broken[:-1]]
        lines += [(line, size_pt, "ink", size_pt * 2.1) for line in broken[-1:]]
    for note in sign.notes:
        lines += [(line, size_pt * 0.75, "brand", size_pt) for line in _broken(canvas, note, size_pt * 0.75, left)]
    return lines


def _facts_height(canvas: Canvas, sign: Sign, size_pt: float, left: float) -> float:
    return sum(step for _line, _pt, _colour, step in _facts(canvas, sign, size_pt, left))


def _doors(canvas: Canvas, sign: Sign) -> None:
    colours, (width, height) = theme_colours(sign.theme), A4
    box_w, box_h = width / DOORS_ACROSS, height / DOORS_DOWN
    canvas.setDash(2, 3)
    canvas.setStrokeColor(colours["edge"])
    for column in range(1, DOORS_ACROSS):
        canvas.line(column * box_w, 0, column * box_w, height)
    for row in range(1, DOORS_DOWN):
        canvas.line(0, row * box_h, width, row * box_h)
    canvas.setDash()
    qr_side, pad = 32 * mm, 9 * mm
    for place in range(DOORS_ACROSS * DOORS_DOWN):
        x, y = (place % DOORS_ACROSS) * box_w, (place // DOORS_ACROSS) * box_h
        _mark(canvas, x + pad, y + box_h - pad - 11 * mm, 9 * mm, colours)
        canvas.setFillColor(colours["brand"])
        canvas.setFont(_face(), 14)
        canvas.drawString(x + pad + 12 * mm, y + box_h - pad - 8 * mm, sign.brand)
        room = box_w - 2 * pad - qr_side - 5 * mm
        lines, size_pt = _fitting(canvas, sign.name, room, largest=17, lines=3)
        line_y = y + box_h - pad - 24 * mm
        canvas.setFillColor(colours["ink"])
        for line in lines:
            canvas.setFont(_face(), size_pt)
            canvas.drawString(x + pad, line_y, line)
            line_y -= size_pt * 1.35
        _qr(canvas, sign.url, x + box_w - pad - qr_side, y + pad + 6 * mm, qr_side)


def _mark(
    canvas: Canvas, x: float, y: float, width: float, colours: dict[str, Color], *, on_dusk: bool = False
) -> None:
    """Two neighbouring panes under one arch, one of them lit; the drawing's own box is 36 by 40."""
    scale = width / 36
    dark, bar = (colours["on-dusk"], colours["brand-deep"]) if on_dusk else (colours["brand"], colours["surface"])
    for is_lit in (False, True):
        path = canvas.beginPath()
        inner, outer = (19, 36) if is_lit else (17, 0)
        path.moveTo(x + inner * scale, y)
        path.lineTo(x + inner * scale, y + 40 * scale)
        # A quarter of the arch, as one curve.
        path.curveTo(
            x + (inner + (outer - inner) * 0.55) * scale, y + 39.5 * scale,
            x + outer * scale, y + 32 * scale,
            x + outer * scale, y + 22 * scale,
        )  # fmt: skip
        path.lineTo(x + outer * scale, y)
        path.close()
        canvas.setFillColor(colours["lamp"] if is_lit else dark)
        canvas.drawPath(path, stroke=0, fill=1)
    canvas.setStrokeColor(bar)
    canvas.setLineWidth(1.6 * scale)
    canvas.line(x, y + 18 * scale, x + 36 * scale, y + 18 * scale)
    canvas.setLineWidth(1)


def _qr(canvas: Canvas, url: str, x: float, y: float, side: float) -> None:
    """The address as squares, with its quiet zone of four modules on white."""
    code = segno.make(url, error="m", micro=False)
    rows = list(code.matrix_iter(border=4))
    module = side / len(rows)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.roundRect(x, y, side, side, 3 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    for number, row in enumerate(rows):
        for column, is_dark in enumerate(row):
            if is_dark:
                # A little larger than its module, so that no hair of white shows between neighbours.
                square = module * 1.02
                canvas.rect(x + column * module, y + side - (number + 1) * module, square, square, stroke=0, fill=1)


def _fitting(canvas: Canvas, text: str, width: float, *, largest: int, lines: int) -> tuple[list[str], int]:
    """The text in at most so many lines, in the largest size that fits."""
    for size_pt in range(largest, 9, -1):
        found = _broken(canvas, text, size_pt, width)
        if len(found) <= lines:
            return found, size_pt
    return _broken(canvas, text, 9, width)[:lines], 9


def _broken(canvas: Canvas, text: str, size_pt: float, width: float) -> list[str]:
    """Lines of at most a width; English words stay whole, a stop never begins a line."""
    lines, line = [], ""
    for token in re.findall(r"[A-Za-z0-9'’:–.-]+|\s|.", text):
        if line and token not in NOT_FIRST and canvas.stringWidth(line + token, _face(), size_pt) > width:
            lines.append(line.rstrip())
            line = "" if token.isspace() else token
        else:
            line += token
    return [*lines, line.rstrip()] if line.strip() else lines
