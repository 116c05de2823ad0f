"""A notice as ESC/POS bytes, in the order of its page; nothing of the person."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from content.notices.telling import Told
from servicedesk.printouts.render_ticket import MARGIN_PX, SlipPage, as_escpos

TALLEST_PX = 8000
BOX_PX = 26


@dataclass(frozen=True)
class NoticeSlip:
    """What stands on the slip."""

    told: Told
    url: str
    is_reprint: bool = False


def draw_notice(slip: NoticeSlip) -> SlipPage:
    """The slip from headline to code."""
    page, told = SlipPage(TALLEST_PX), slip.told
    kind = _("Notice: told once")
    page.centred(f"{kind}　{_('reprint 补打')}" if slip.is_reprint else kind, 30, gap_px=18)
    page.lines(told.headline, 44, bold_px=1)
    page.lines(told.item, 32, bold_px=1)
    if told.situation:
        page.lines(" · ".join(told.situation), 26)
    page.tear()
    if told.is_stop:
        page.lines(told.stop_sentence, 32)
        page.lines(_("Next step: %s") % told.next_step, 32, bold_px=1)
    for section in told.sections:
        if section.title:
            page.lines(section.title, 28, bold_px=1)
        for line in section.lines:
            if section.is_ticked:
                page.pen.rectangle((MARGIN_PX, page.y + 6, MARGIN_PX + BOX_PX, page.y + 6 + BOX_PX), outline=0, width=2)
            # Two wide spaces leave room for the box that is ticked by hand.
            page.lines(f"　 {line.name}" if section.is_ticked else line.name, 34, bold_px=1)
            for text in (" · ".join(line.tags), line.source, line.why):
                if text:
                    page.lines(text, 25)
            page.y += 8
    if told.cannot_come:
        page.labelled(_("If you cannot come"), told.cannot_come)
    page.tear()
    page.centred(told.code, 72, bold_px=2, gap_px=6)
    page.qr(slip.url)
    page.centred(_("Show this at the window, or say the six signs."), 25, gap_px=10)
    page.centred(_("By the rules of %s") % told.as_of, 25)
    return page


def render_notice(slip: NoticeSlip) -> bytes:
    """The slip's ESC/POS bytes."""
    return as_escpos(draw_notice(slip).finished())
