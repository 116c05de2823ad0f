"""At the kiosk a booking is found by the card, by six digits and by its QR; what cannot be now is said with a way on."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from portal.base.streams import consumers
from servicedesk.booking import services as booking
from servicedesk.booking.models import SlotPlan
from servicedesk.printouts import services as printouts
from servicedesk.printouts.models import PrintJob
from servicedesk.queueing.models import Ticket
from tests.cast import RESIDENT, SECOND_RESIDENT, make_cast
from tests.equipment.escpos_decoder import decode_escpos
from tests.servicedesk.booking.conftest import starts_in, tomorrow
from tests.servicedesk.cases.at_desk import a_kiosk, an_item
from tests.servicedesk.kiosk.screens import Kiosk, device_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def calm(monkeypatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_EVERY_S", 3600)


async def opened(starts_in_min: int = 5, **left: str):
    """A kiosk, and a booking at its point."""

    def make():
        cast = make_cast()
        SlotPlan.objects.create(place=cast.point, capacity=1)
        row = booking.book_at_once(cast.point, tomorrow(), item=an_item(), actor="resident", **left)
        return Kiosk(*a_kiosk(cast.point)), starts_in(row, timedelta(minutes=starts_in_min))

    kiosk, row = await sync_to_async(make)()
    await kiosk.open()
    return kiosk, row


async def test_the_card_alone_is_enough_when_its_number_was_left():
    kiosk, row = await opened(number=RESIDENT.number)
    await kiosk.swipe(SECOND_RESIDENT)
    assert kiosk.name == "items", "another card knows nothing of it"
    await kiosk.do("leave")
    await kiosk.swipe(RESIDENT)
    ticket = await Ticket.objects.select_related("person", "item").aget()
    assert kiosk.name == "ticket" and f"{ticket.sequence:03d}" in kiosk.html
    assert (ticket.channel, ticket.assurance, ticket.item_id) == ("remote", "card", row.item_id)
    assert ticket.window_from == row.slot.starts_at and ticket.person is not None
    assert await PrintJob.objects.acount() == 1
    await kiosk.do("leave")
    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "ticket" and await Ticket.objects.acount() == 1
    await kiosk.close()


@pytest.mark.parametrize("form", ["code", "link"])
async def test_digits_and_the_qr_draw_its_number(form):
    kiosk, row = await opened()
    await kiosk.do("open", screen="booking")
    assert kiosk.name == "booking"
    await kiosk.do("check_in", code="123")
    assert kiosk.name == "booking" and "booking-code_error" in kiosk.html and 'value="123"' in kiosk.html
    typed = row.code if form == "code" else await sync_to_async(booking.address_of)(row)
    await kiosk.do("check_in", code=typed)
    ticket = await Ticket.objects.aget()
    assert kiosk.name == "ticket" and (ticket.assurance, ticket.person_id) == ("code", None)
    await kiosk.close()


async def test_too_early_says_when_and_a_number_can_be_drawn_all_the_same():
    kiosk, row = await opened(starts_in_min=120, number=RESIDENT.number)
    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "not_now" and await Ticket.objects.acount() == 0
    await kiosk.do("open", screen="items")
    await kiosk.do("choose", item="marriage-archive")
    assert kiosk.name == "ticket"
    await row.arefresh_from_db()
    assert row.state == "booked"
    await kiosk.close()


async def test_guessing_digits_is_slowed_down():
    kiosk, _row = await opened()
    for _number in range(31):
        await kiosk.do("check_in", code="000000")
    assert "booking-code_error" in kiosk.html
    assert await Ticket.objects.acount() == 0
    await kiosk.close()


async def test_the_front_screen_and_a_refusal_lead_to_booking():
    kiosk, _row = await opened()
    assert "/book/?kiosk=1" in kiosk.html and 'data-field-screen="booking"' in kiosk.html
    await sync_to_async(an_item)("停办的事", "not-remote", is_remote=False)
    await kiosk.swipe(RESIDENT)
    await kiosk.do("choose", item="not-remote")
    assert kiosk.name == "refused" and "item=not-remote" in kiosk.html
    await kiosk.close()


def test_a_slip_of_the_booking_comes_from_this_kiosks_printer(planned, item, client):
    row = booking.book_at_once(planned.point, tomorrow(), item=item, number=RESIDENT.number, actor="resident")
    device, _private = a_kiosk(planned.point)
    page, printing = f"/book/{row.token}/?kiosk", f"/kiosk/booking/{row.token}/print/"
    assert client.post(printing).status_code == 403 and not PrintJob.objects.exists(), "no kiosk, no printer"
    kiosk = device_client(device)
    assert printing in kiosk.get(page).content.decode()
    assert printing not in client.get(f"/book/{row.token}/").content.decode()
    for _press in range(2):
        assert kiosk.post(printing).headers["location"] == page
    job = PrintJob.objects.get()
    assert (job.kind, job.printer, job.device_id, job.ticket_id) == ("booking", "receipt", device.pk, None)
    drawn = decode_escpos(printouts.document_of(job))[0]
    assert drawn.qr_codes == [booking.address_of(row)] and drawn.was_cut and drawn.ink > 0.02
    PrintJob.objects.update(state="failed", code="paper_out")
    kiosk.post(printing)
    again = PrintJob.objects.latest("requested_at")
    assert again.reprint_of_id == job.pk
    PrintJob.objects.update(state="failed", code="paper_out")
    assert printouts.reprint(again, actor="user:1").reprint_of_id == again.pk
    booking.cancel(row, actor="resident")
    assert "没有可打的" in kiosk.post(printing, follow=True).content.decode()
