"""Slips of the receipt printer: the ticket's own, and what to bring."""

import segno
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from content.notices import services as notices
from content.notices.models import Notice
from content.notices.telling import told
from content.points import services as points
from servicedesk.booking import services as booking_services
from servicedesk.booking.models import Booking
from servicedesk.booking.states import BookingState
from servicedesk.devices.models import Device
from servicedesk.printouts.errors import CannotPrint
from servicedesk.printouts.jobs import Order, known_jobs, queue_job
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.render_booking import BookingSlip, render_booking
from servicedesk.printouts.render_notice import NoticeSlip, render_notice
from servicedesk.printouts.render_ticket import TicketSlip, render_ticket
from servicedesk.printouts.states import OPEN
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket


def ticket_url(ticket: Ticket) -> str:
    return f"{settings.PORTAL_URL}/track/t/{ticket.track_code}/"


def ticket_code(ticket: Ticket) -> str:
    """The slip's code as an SVG element, for a screen whose printer did not print it."""
    return segno.make(ticket_url(ticket), error="m").svg_inline(border=2, dark="#000", light="#fff", omitsize=True)


def slip_of(ticket: Ticket, *, is_reprint: bool = False) -> TicketSlip:
    """What stands on the ticket's slip, in the language of whoever drew it."""
    facts = queueing.ticket_view(ticket)
    minutes = [max(1, -(-facts[name] // 60)) for name in ("wait_p50_s", "wait_p80_s")]
    if facts["ahead"]:
        ahead = _("%(ahead)d ahead of you.") % {"ahead": facts["ahead"]}
    else:
        ahead = _("You are next.")
    if minutes[0] == minutes[1]:
        wait = _("Most likely %(p50)d min.") % {"p50": minutes[0]}
    else:
        wait = _("Most likely %(p50)d min, rarely longer than %(p80)d min.") % {"p50": minutes[0], "p80": minutes[1]}
    return TicketSlip(
        number=ticket.number,
        kind=_("remote number") if ticket.channel == Ticket.Channel.REMOTE else _("number"),
        item=ticket.item.name if ticket.item else _("advice"),
        centre=ticket.centre.name,
        point=ticket.point.name if ticket.point else "",
        ahead=ahead if ticket.state == "waiting" else "",
        wait=wait if ticket.state == "waiting" else "",
        url=ticket_url(ticket),
        issued=timezone.localtime(ticket.issued_at).strftime("%Y-%m-%d %H:%M"),
        is_reprint=is_reprint,
    )


def print_ticket(ticket: Ticket, *, actor: str) -> PrintJob | None:
    """The slip of a ticket that was drawn at a kiosk; None when it was drawn elsewhere.

    A second press while the first slip is on its way gives the same job; later ones are marked 补打.
    """
    if ticket.device is None:
        return None
    earlier = known_jobs().filter(ticket=ticket, kind=PrintJob.Kind.TICKET).order_by("-requested_at").first()
    if earlier is not None and earlier.state in OPEN:
        return earlier
    document = render_ticket(slip_of(ticket, is_reprint=earlier is not None))
    order = Order(
        device=ticket.device, printer=PrintJob.Printer.RECEIPT, kind=PrintJob.Kind.TICKET, subject_id=ticket.pk,
        ticket=ticket, title=ticket.number, reprint_of=earlier,
    )  # fmt: skip
    return queue_job(order, document, actor=actor)


def notice_url(notice: Notice) -> str:
    return f"{settings.PORTAL_URL}/notices/{notice.token}/"


def print_notice(ticket: Ticket, *, actor: str) -> PrintJob | None:
    """The slip of the notice that a ticket carries; None without a notice or a kiosk."""
    notice = notices.notice_by_id(ticket.notice_id)
    if notice is None or ticket.device is None:
        return None
    earlier = known_jobs().filter(ticket=ticket, kind=PrintJob.Kind.NOTICE).order_by("-requested_at").first()
    if earlier is not None and earlier.state in OPEN:
        return earlier
    slip = NoticeSlip(told(notice), notice_url(notice), is_reprint=earlier is not None)
    order = Order(
        device=ticket.device, printer=PrintJob.Printer.RECEIPT, kind=PrintJob.Kind.NOTICE, subject_id=notice.pk,
        ticket=ticket, title=notice.code, reprint_of=earlier,
    )  # fmt: skip
    return queue_job(order, render_notice(slip), actor=actor)


def print_booking(booking: Booking, *, device: Device, actor: str) -> PrintJob:
    """The slip of a booking at the kiosk where it stands on the screen; a second press while it is on its way is the same.

    Raises:
        CannotPrint: it is cancelled, used or over.
    """
    if booking.state != BookingState.BOOKED:
        raise CannotPrint(_("This booking does not hold any more, so there is nothing to print."))
    jobs = known_jobs().filter(device=device, kind=PrintJob.Kind.BOOKING, subject_id=str(booking.pk))
    earlier = jobs.order_by("-requested_at").first()
    if earlier is not None and earlier.state in OPEN:
        return earlier
    place = booking.slot.place
    slip = BookingSlip(
        when=booking_services.when_text(booking.slot),
        code=booking_services.spoken_code(booking),
        item=booking.item.name if booking.item else _("Advice"),
        place=points.name_of(place),
        address=place.address,
        early=_("Come up to %(minutes)d minutes before the time")
        % {"minutes": booking_services.EARLY.total_seconds() // 60},
        url=booking_services.address_of(booking),
        is_reprint=earlier is not None,
    )
    order = Order(
        device=device, printer=PrintJob.Printer.RECEIPT, kind=PrintJob.Kind.BOOKING, subject_id=booking.pk,
        ticket=None, title=_("Booking"), reprint_of=earlier,
    )  # fmt: skip
    return queue_job(order, render_booking(slip), actor=actor)
