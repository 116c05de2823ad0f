"""A booking as a calendar's event (RFC 5545), for the "add to calendar" of a telephone or computer."""

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.points import services as points
from servicedesk.booking import services
from servicedesk.booking.models import Booking
from servicedesk.booking.states import BookingState

LONGEST_OCTETS = 75
REMIND_BEFORE = "-PT1H"


def calendar_of(booking: Booking) -> bytes:
    """The file's bytes; where somebody has died the entry does not say what for."""
    place = booking.slot.place
    what = booking.item.name if booking.item and not items.is_bereavement(booking.item) else ""
    said = [what, _("Code %s") % services.spoken_code(booking), services.address_of(booking)]
    is_on = booking.state in (BookingState.BOOKED, BookingState.ARRIVED)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Linban//Booking//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{booking.pk}@linban",
        f"DTSTAMP:{_utc(timezone.now())}",
        f"SEQUENCE:{booking.changes}",
        f"STATUS:{'CONFIRMED' if is_on else 'CANCELLED'}",
        f"DTSTART:{_utc(booking.slot.starts_at)}",
        f"DTEND:{_utc(booking.slot.ends_at)}",
        f"SUMMARY:{_text(_('Appointment: %s') % points.name_of(place))}",
        f"LOCATION:{_text(place.address or points.name_of(place))}",
        f"DESCRIPTION:{_text(chr(10).join(part for part in said if part))}",
        f"URL:{services.address_of(booking)}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(points.name_of(place))}",
        f"TRIGGER:{REMIND_BEFORE}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines).encode()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """TEXT of §3.3.11: backslash, semicolon, comma and line breaks are escaped."""
    words = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never inside a character (§3.1)."""
    pieces: list[str] = []
    piece = ""
    for sign in line:
        # What continues a line begins with a space, which counts.
        if len((piece + sign).encode()) > LONGEST_OCTETS - (1 if pieces else 0):
            pieces.append(piece)
            piece = ""
        piece += sign
    return "\r\n ".join([*pieces, piece])
