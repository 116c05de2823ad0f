"""The notice on A4 as a tagged PDF (PDF/UA-1), set by Typst: the text stands in the order of the page.

ReportLab 5.1, which draws the other papers, writes no structure tree; Typst does, and embeds the same font.
"""

import functools
import io
import json
from pathlib import Path

import segno
import typst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from PIL import ImageFont

from content.notices.models import Notice
from content.notices.telling import Told, told
from portal.base.fonts import font_path

SOURCE = Path(__file__).parent / "papers/notice.typ"


@functools.cache
def _family() -> str:
    return str(ImageFont.truetype(str(font_path()), 12).getname()[0])


def pdf_of(notice: Notice, *, address: str, is_large: bool = False) -> bytes:
    """The notice in the reader's language; large print is 1.5 times as big.

    Raises:
        NoFont: no Chinese TrueType font is installed.
    """
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", border=0, scale=4)
    inputs = {
        "data": json.dumps(_data(told(notice), address)),
        "qr": drawn.getvalue().decode(),
        "font": _family(),
        "lang": "en" if (get_language() or "").startswith("en") else "zh",
        "size": "18" if is_large else "12",
    }
    return typst.compile(
        SOURCE,
        format="pdf",
        font_paths=[font_path().parent],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        pdf_standards=["ua-1"],
        timestamp=int(notice.issued_at.timestamp()),
    )


def _data(text: Told, address: str) -> dict[str, object]:
    """The words of the paper in the order of the page."""
    return {
        "kind": _("Notice: told once"),
        "headline": text.headline,
        "item": text.item,
        "situation": " · ".join(text.situation),
        "stop": text.stop_sentence,
        "next": _("Next step: %s") % text.next_step if text.is_stop else "",
        "sections": [
            {
                "title": section.title,
                "note": section.note,
                "ticked": section.is_ticked,
                "lines": [
                    {"name": line.name, "tags": " · ".join(line.tags), "source": line.source, "why": line.why}
                    for line in section.lines
                ],
            }
            for section in text.sections
        ],
        "promise": "" if text.is_stop else _("The window does not ask for anything that is not on this list."),
        "steps_title": _("What happens"),
        "steps": text.steps,
        "facts_title": _("Good to know"),
        "facts": [list(fact) for fact in text.facts],
        "cannot_title": _("If you cannot come"),
        "cannot": text.cannot_come,
        "code_label": _("Code of this notice"),
        "code": text.code,
        "qr_alt": _("QR with the address of this notice"),
        "address": address,
        "say": _("Show this at the window, or say the six signs."),
        "issued": _("Issued %s") % text.issued,
        "as_of": _("By the rules of %s") % text.as_of,
        "print": _("Fingerprint %s") % text.fingerprint,
    }
