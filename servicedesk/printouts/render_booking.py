"""A booking made at a kiosk as ESC/POS bytes: when, where, the six digits and the address; nothing of the person."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from servicedesk.printouts.render_ticket import SlipPage, as_escpos


@dataclass(frozen=True)
class BookingSlip:
    """What stands on the slip."""

    when: str
    code: str
    item: str
    place: str
    address: str
    early: str
    url: str
    is_reprint: bool = False


def render_booking(slip: BookingSlip) -> bytes:
    """The slip's ESC/POS bytes."""
    page = SlipPage()
    kind = _("Booking")
    page.centred(f"{kind}　{_('reprint 补打')}" if slip.is_reprint else kind, 34, gap_px=22)
    page.centred(slip.when, 44, bold_px=2, gap_px=14)
    page.lines(slip.early, 27)
    page.tear()
    page.labelled(_("What for"), slip.item)
    page.labelled(_("Where"), slip.place)
    if slip.address:
        page.lines(slip.address, 27)
    page.tear()
    page.centred(_("Your six digits"), 27, gap_px=10)
    page.centred(slip.code, 96, bold_px=3, gap_px=6)
    page.qr(slip.url)
    page.centred(_("Show this when you come; a telephone that scans it can change the time."), 25)
    return as_escpos(page.finished())
