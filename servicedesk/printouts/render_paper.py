"""A4 papers as PDF (ReportLab): filled forms and receipts, with signatures drawn and the font embedded."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import segno
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from servicedesk.printouts.fonts import missing_glyphs, pdf_face

NOT_FIRST = "，。、！？：；）」』”’,.;:!?)"
# Stands for a character that the font cannot draw, as in Japanese and Chinese galleys.
GETA = "〓"
Strokes = list[list[list[int]]]


@dataclass(frozen=True)
class Row:
    """One line of the paper: label and value; with `choices` all of them are printed, the value's box ticked."""

    label: str
    value: str
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class SignatureBox:
    """A place for a signature: who signs, when it was signed, and the strokes (0 to 1000 both ways) if it was."""

    label: str
    signed_at: str = ""
    strokes: Strokes = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """What stands on the paper."""

    title: str
    rows: Sequence[Row]
    signatures: Sequence[SignatureBox]
    case_number: str
    sha256: str
    url: str
    printed: str
    place: str
    declaration: str = ""
    is_reprint: bool = False


class PaperPages:
    """Lays a Paper out over pages; sizes are millimetres from the top left."""

    margin_mm = 22.0
    label_mm = 42.0
    line_mm = 6.4
    row_padding_mm = 3.0
    box_side_mm = 3.4
    bottom_mm = 34.0
    box_mm = (78.0, 34.0)

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, pagesize=A4, pageCompression=1)
        self.canvas.setTitle(paper.title)
        self.canvas.setSubject(paper.case_number)
        self.face = pdf_face()
        self.width_mm, self.height_mm = A4[0] / mm, A4[1] / mm
        self.y_mm = self.margin_mm
        self.page = 1
        self.unknown = missing_glyphs("".join(row.value for row in paper.rows))
        self.drawable = str.maketrans({char: GETA for char in self.unknown})

    def pdf(self) -> bytes:
        """Drawn twice: the first time tells how many pages there are."""
        self._draw(total=0)
        total = self.page
        again = PaperPages(self.paper)
        again._draw(total=total)
        again.canvas.save()
        return again.out.getvalue()

    def _draw(self, *, total: int) -> None:
        self.total = total
        self._title()
        for row in self.paper.rows:
            self._row(row)
        if self.paper.declaration:
            self._gap(4)
            self._text_lines(self.paper.declaration, 10.5, self.width_mm - 2 * self.margin_mm, self.margin_mm)
        if self.unknown:
            self._gap(2)
            codes = " ".join(f"U+{ord(char):04X}" for char in self.unknown)
            note = _("〓: not in the printer's font, please write it by hand (%(codes)s)") % {"codes": codes}
            self._text_lines(note, 9, self.width_mm - 2 * self.margin_mm, self.margin_mm)
        self._signatures()
        self._footer()
        self.canvas.showPage()

    def _gap(self, height_mm: float) -> None:
        self.y_mm += height_mm

    def _put(self, x_mm: float, y_mm: float, text: str, size_pt: float) -> None:
        self.canvas.setFont(self.face, size_pt)
        self.canvas.drawString(x_mm * mm, (self.height_mm - y_mm) * mm, text)

    def _title(self) -> None:
        self.canvas.setFont(self.face, 20)
        self.canvas.drawCentredString(A4[0] / 2, (self.height_mm - self.y_mm - 6) * mm, self.paper.title)
        self._gap(12)
        if self.paper.is_reprint:
            self.canvas.setFont(self.face, 12)
            self.canvas.drawRightString(
                (self.width_mm - self.margin_mm) * mm, (self.height_mm - self.y_mm) * mm, _("reprint 补打")
            )
        self._gap(8)
        self._rule()

    def _rule(self) -> None:
        self.canvas.setLineWidth(0.5)
        y = (self.height_mm - self.y_mm) * mm
        self.canvas.line(self.margin_mm * mm, y, (self.width_mm - self.margin_mm) * mm, y)

    def _broken(self, text: str, size_pt: float, width_mm: float) -> list[str]:
        lines = []
        for paragraph in text.splitlines() or [""]:
            line = ""
            for char in paragraph:
                # A stop may stand a little beyond the edge; it never begins a line.
                if (
                    line
                    and char not in NOT_FIRST
                    and self.canvas.stringWidth(line + char, self.face, size_pt) > width_mm * mm
                ):
                    lines.append(line)
                    line = ""
                line += char
            lines.append(line)
        return lines

    def _text_lines(self, text: str, size_pt: float, width_mm: float, x_mm: float) -> None:
        for line in self._broken(text, size_pt, width_mm):
            self._gap(self.line_mm)
            self._put(x_mm, self.y_mm - 1.6, line, size_pt)

    def _row(self, row: Row) -> None:
        value_mm = self.width_mm - 2 * self.margin_mm - self.label_mm
        if row.value in row.choices:
            choices = self._laid_out(row.choices, value_mm)
            self._begin_row(row.label, len(choices))
            for place, line in enumerate(choices, start=1):
                self._choice_line(line, self.y_mm + self.line_mm * place, chosen=row.value)
            self._end_row(len(choices))
            return
        lines = self._broken(row.value.translate(self.drawable) or "—", 12, value_mm)
        self._begin_row(row.label, len(lines))
        for place, text in enumerate(lines, start=1):
            self._put(self.margin_mm + self.label_mm, self.y_mm + self.line_mm * place, text, 12)
        self._end_row(len(lines))

    def _begin_row(self, label: str, lines: int) -> None:
        if self.y_mm + self._row_mm(lines) > self.height_mm - self.bottom_mm:
            self._next_page()
        self._put(self.margin_mm, self.y_mm + self.line_mm, label, 11)

    def _end_row(self, lines: int) -> None:
        self._gap(self._row_mm(lines))
        self._rule()

    def _row_mm(self, lines: int) -> float:
        return lines * self.line_mm + self.row_padding_mm

    def _choice_line(self, line: list[tuple[float, str]], y_mm: float, *, chosen: str) -> None:
        for from_left_mm, choice in line:
            x_mm = self.margin_mm + self.label_mm + from_left_mm
            self._tick_box(x_mm, y_mm, is_ticked=choice == chosen)
            self._put(x_mm + self.box_side_mm + 1.4, y_mm, choice, 12)

    def _laid_out(self, choices: Sequence[str], width_mm: float) -> list[list[tuple[float, str]]]:
        """The choices in lines, each with where it begins."""
        lines: list[list[tuple[float, str]]] = [[]]
        x_mm = 0.0
        for choice in choices:
            needed_mm = self.canvas.stringWidth(choice, self.face, 12) / mm + self.box_side_mm + 1.4
            if lines[-1] and x_mm + needed_mm > width_mm:
                lines.append([])
                x_mm = 0.0
            lines[-1].append((x_mm, choice))
            x_mm += needed_mm + 5
        return lines

    def _tick_box(self, x_mm: float, y_mm: float, *, is_ticked: bool) -> None:
        """Drawn, since no font at hand has ☐ and ☑."""
        side = self.box_side_mm
        left, bottom = x_mm * mm, (self.height_mm - y_mm - 0.2) * mm
        self.canvas.setLineWidth(0.8)
        self.canvas.rect(left, bottom, side * mm, side * mm)
        if is_ticked:
            self.canvas.setLineWidth(1.5)
            tick = self.canvas.beginPath()
            tick.moveTo(left + 0.16 * side * mm, bottom + 0.5 * side * mm)
            tick.lineTo(left + 0.42 * side * mm, bottom + 0.2 * side * mm)
            tick.lineTo(left + 0.88 * side * mm, bottom + 0.84 * side * mm)
            self.canvas.drawPath(tick)

    def _next_page(self) -> None:
        self._footer()
        self.canvas.showPage()
        self.page += 1
        self.y_mm = self.margin_mm

    def _signatures(self) -> None:
        width_mm, height_mm = self.box_mm
        if self.y_mm + height_mm + 16 > self.height_mm - self.bottom_mm:
            self._next_page()
        self._gap(8)
        for place, box in enumerate(self.paper.signatures):
            x_mm = self.margin_mm + place * (width_mm + 8)
            self._put(x_mm, self.y_mm + 4, box.label, 11)
            left, bottom = x_mm * mm, (self.height_mm - self.y_mm - 7 - height_mm) * mm
            self.canvas.setLineWidth(0.7)
            self.canvas.rect(left, bottom, width_mm * mm, height_mm * mm)
            self._draw_strokes(box.strokes, left, bottom, width_mm * mm, height_mm * mm)
            self._put(x_mm, self.y_mm + 12 + height_mm, box.signed_at, 9)
        self._gap(height_mm + 16)

    def _draw_strokes(self, strokes: Strokes, left: float, bottom: float, width: float, height: float) -> None:
        self.canvas.setLineWidth(1.4)
        self.canvas.setLineCap(1)
        self.canvas.setLineJoin(1)
        for stroke in strokes:
            path = self.canvas.beginPath()
            for place, (x, y, _ms) in enumerate(stroke):
                at = (left + x / 1000 * width, bottom + (1 - y / 1000) * height)
                if place == 0:
                    path.moveTo(*at)
                else:
                    path.lineTo(*at)
            self.canvas.drawPath(path)

    def _footer(self) -> None:
        y_mm = self.height_mm - 26
        matrix = segno.make(self.paper.url, error="m").matrix
        side = 18 * mm / len(matrix)
        left, top = (self.width_mm - self.margin_mm - 18) * mm, (self.height_mm - y_mm) * mm
        for row, modules in enumerate(matrix):
            for column, is_dark in enumerate(modules):
                if is_dark:
                    self.canvas.rect(left + column * side, top - (row + 1) * side, side, side, stroke=0, fill=1)
        self._put(self.margin_mm, y_mm + 5, f"{_('Case')} {self.paper.case_number}    {self.paper.place}", 9)
        self._put(self.margin_mm, y_mm + 10, f"SHA-256 {self.paper.sha256[:32]}", 7.5)
        self._put(self.margin_mm, y_mm + 14, self.paper.sha256[32:], 7.5)
        pages = _("page %(page)d of %(total)d") % {"page": self.page, "total": self.total or self.page}
        self._put(self.margin_mm, y_mm + 19, f"{self.paper.printed}    {pages}", 9)


def render_paper(paper: Paper) -> bytes:
    """The paper's PDF."""
    return PaperPages(paper).pdf()


def stamp(pdf: bytes, mark: str, note: str) -> bytes:
    """The PDF with a mark such as 原件 or 副本 in the corner of every page."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf), strict=False))
    for page in writer.pages:
        box = page.mediabox
        over = io.BytesIO()
        canvas = Canvas(over, pagesize=(float(box.width), float(box.height)))
        canvas.setFont(pdf_face(), 13)
        canvas.drawRightString(float(box.width) - 14 * mm, float(box.height) - 10 * mm, mark)
        canvas.setFont(pdf_face(), 7)
        canvas.drawRightString(float(box.width) - 14 * mm, float(box.height) - 14 * mm, note)
        canvas.save()
        page.merge_page(PdfReader(io.BytesIO(over.getvalue())).pages[0])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
