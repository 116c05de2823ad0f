"""Turns the Noto Sans SC of a Python package from PostScript outlines into a TrueType file that PDF can embed.

Usage: make_font.py TARGET.ttf
"""

import sys
from importlib.resources import files
from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

MAX_ERROR_UNITS = 1.0  # of 1000 units an em: a tenth of what a 600 dpi printer can show at body size.


def to_truetype(font: TTFont) -> None:
    """Replace the font's cubic outlines by quadratic ones, in place."""
    order = font.getGlyphOrder()
    glyph_set = font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(glyph_set)
        glyph_set[name].draw(Cu2QuPen(pen, MAX_ERROR_UNITS, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder = order
    glyf.glyphs = glyphs
    del font["CFF "]
    for table in ("VORG", "GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx"):
        # Neither ReportLab nor the receipt printer shapes text, so these would only make every PDF's face larger.
        if table in font:
            del font[table]
    glyf.compile(font)
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    maxp.maxZones = 1
    for field in (
        "maxTwilightPoints",
        "maxStorage",
        "maxFunctionDefs",
        "maxInstructionDefs",
        "maxStackElements",
        "maxSizeOfInstructions",
    ):
        setattr(maxp, field, 0)
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


def main(target: Path) -> None:
    source = files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"
    sys.stderr.write(f"Making {target} (about a minute, once)\n")
    font = TTFont(str(source), recalcTimestamp=False)
    to_truetype(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    font.save(unfinished)
    unfinished.rename(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
