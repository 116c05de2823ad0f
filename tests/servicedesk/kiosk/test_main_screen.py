"""The kiosk's main screen: card and typed number, items, the number, the call with its notice, rating, forgetting."""

import pytest
from asgiref.sync import sync_to_async

from content.items.services import current_edition, get_item
from content.notices.services import issue_notice
from portal.base.ids import new_id
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from servicedesk.devices import services as devices
from servicedesk.printouts.models import PrintJob
from servicedesk.printouts.states import JobState
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import TicketState
from servicedesk.ratings.models import Rating
from servicedesk.remote import services as remote
from servicedesk.remote.states import SessionState
from tests.cast import RESIDENT, SECOND_RESIDENT, Cast, make_cast
from tests.servicedesk.cases.at_desk import a_kiosk, an_item
from tests.servicedesk.kiosk.screens import Kiosk, close_code_of, device_client, socket_of
from tests.servicedesk.remote.calls import connected

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("calm")]
GREETING = "邻**"


async def opened() -> tuple[Kiosk, Cast]:
    def make() -> tuple[Kiosk, Cast]:
        cast = make_cast()
        an_item()
        return Kiosk(*a_kiosk(cast.point)), cast

    kiosk, cast = await sync_to_async(make)()
    await kiosk.open()
    return kiosk, cast


async def called(kiosk: Kiosk, cast: Cast):
    """The next number called to the cast's counter."""
    ticket = await sync_to_async(remote.call_next)(cast.counter, clerk=cast.clerk, actor="user:1")
    assert ticket is not None
    await kiosk.look()
    return await sync_to_async(remote.active_session_of)(kiosk.device)


def shows_nothing_of(kiosk: Kiosk, holder) -> bool:
    return not any(word in kiosk.html for word in (holder.name, holder.number, holder.address, holder.birth_date))


async def test_a_card_greets_masked_and_draws_one_number_however_often_it_is_read():
    kiosk, _cast = await opened()
    assert kiosk.name == "home"
    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "items" and GREETING in kiosk.html and "marriage-archive" in kiosk.html
    assert shows_nothing_of(kiosk, RESIDENT)

    await kiosk.do("choose", item="marriage-archive")
    ticket = await Ticket.objects.select_related("person", "item", "point").aget()
    assert kiosk.name == "ticket" and kiosk.data["waiting"] == [ticket.number]
    assert (ticket.assurance, ticket.item.key, ticket.channel) == ("card", "marriage-archive", "remote")
    assert ticket.person is not None and ticket.device_id == kiosk.device.pk
    job = await PrintJob.objects.aget()
    assert (job.printer, job.ticket_id) == (PrintJob.Printer.RECEIPT, ticket.pk)

    # The next one steps up; the number goes on waiting here, and nothing of its owner is left on the screen.
    assert (await kiosk.do("leave"))["data"] == {"wiped": True}
    assert kiosk.name == "home" and GREETING not in kiosk.html and kiosk.data["waiting"] == [ticket.number]
    assert await kiosk.refusal("give_up") == "malformed"
    await ticket.arefresh_from_db()
    assert ticket.state == TicketState.WAITING

    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "ticket" and f"{ticket.sequence:03d}" in kiosk.html
    assert (await Ticket.objects.acount(), await PrintJob.objects.acount()) == (1, 1)
    await kiosk.do("give_up")
    await ticket.arefresh_from_db()
    assert (kiosk.name, ticket.state) == ("home", TicketState.CANCELLED)
    await kiosk.close()


async def test_a_kiosk_without_a_centre_says_so_and_draws_no_number():
    def make() -> Kiosk:
        return Kiosk(*a_kiosk(make_cast().subdistrict.get_parent()))

    kiosk = await sync_to_async(make)()
    await kiosk.open()
    await kiosk.do("ticket")
    assert kiosk.name == "refused" and "还没有连到受理中心" in kiosk.html
    assert await Ticket.objects.acount() == 0
    await kiosk.close()


async def test_a_card_that_this_reader_did_not_sign_is_nobodys():
    kiosk, _cast = await opened()
    answer = await kiosk.swipe(RESIDENT, private=keyring.new_signing_key()[0])
    assert (answer["type"], answer["code"]) == ("refused", "card_not_trusted")
    assert kiosk.name == "home"
    assert await kiosk.refusal("card", nonce="x") == "malformed"
    assert await kiosk.refusal("of_tomorrow") == "malformed"
    assert await kiosk.refusal("open", screen="person") == "malformed"
    await kiosk.close()


async def test_a_typed_number_shows_nothing_and_a_wrong_one_is_told_in_its_place():
    kiosk, _cast = await opened()
    await kiosk.do("open", screen="number")
    wrong = RESIDENT.number[:-1] + ("0" if RESIDENT.number[-1] != "0" else "1")
    for typed in (RESIDENT.number[:-1], wrong):
        await kiosk.do("number", number=typed)
        assert kiosk.name == "number" and f'value="{typed}"' in kiosk.html
        assert 'aria-invalid="true"' in kiosk.html and 'id="id-number_error"' in kiosk.html
    assert await Ticket.objects.acount() == 0

    # The person is known here, and still nobody learns it by typing.
    await kiosk.swipe(RESIDENT)
    await kiosk.do("leave")
    await kiosk.do("number", number=RESIDENT.number.lower())
    assert kiosk.name == "items" and GREETING not in kiosk.html and shows_nothing_of(kiosk, RESIDENT)
    await kiosk.do("ticket")
    ticket = await Ticket.objects.aget()
    assert kiosk.name == "ticket" and shows_nothing_of(kiosk, RESIDENT)
    assert (ticket.assurance, ticket.person_id, ticket.item_id) == ("typed", None, None)
    await kiosk.close()


async def test_a_typed_number_of_an_abolished_region_is_told_and_draws_all_the_same():
    kiosk, _cast = await opened()
    await kiosk.do("number", number="440524188001010014")
    assert kiosk.name == "items" and "地区码" in kiosk.html
    await kiosk.do("ticket")
    assert kiosk.name == "ticket" and "地区码" in kiosk.html
    await kiosk.do("leave")
    await kiosk.do("number", number="11010519491231002X")
    assert kiosk.name == "items" and "地区码" not in kiosk.html
    await kiosk.close()


async def test_an_item_chosen_first_waits_for_the_card_and_no_item_draws_at_once():
    kiosk, _cast = await opened()
    await kiosk.do("choose", item="marriage-archive")
    assert kiosk.name == "home" and await Ticket.objects.acount() == 0
    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "ticket"
    first = await Ticket.objects.select_related("item").aget()
    assert first.item.key == "marriage-archive"
    await kiosk.do("leave")
    assert await kiosk.refusal("choose", item="no-such-item") == "malformed"
    await kiosk.do("ticket")
    assert await Ticket.objects.filter(item=None, assurance="none").acount() == 1
    await kiosk.close()


async def test_items_can_be_looked_through_by_line_and_word():
    kiosk, _cast = await opened()
    await kiosk.do("open", screen="items")
    assert 'data-field-line="civil"' in kiosk.html
    await kiosk.do("open", screen="line", line="civil")
    assert "marriage-archive" in kiosk.html
    await kiosk.do("open", screen="line", line="unknown")
    assert kiosk.name == "line" and "marriage-archive" not in kiosk.html
    await kiosk.do("search", query="婚姻登记")
    assert kiosk.name == "search" and "marriage-archive" in kiosk.html
    await kiosk.do("search", query="<b>" + "x" * 100)
    assert kiosk.name == "search" and "<b>xx" not in kiosk.html
    await kiosk.do("open", screen="ask_card")
    await kiosk.swipe(RESIDENT)
    assert kiosk.name == "progress" and GREETING in kiosk.html
    await kiosk.close()


async def test_a_closed_point_draws_nothing_and_says_why():
    kiosk, cast = await opened()
    await Place.objects.filter(pk=cast.point.pk).aupdate(status=Place.Status.SUSPENDED, status_reason="停电")
    await kiosk.do("ticket")
    assert kiosk.name == "refused" and "停电" in kiosk.html
    assert await Ticket.objects.acount() == 0
    await kiosk.close()


async def test_a_call_begins_with_the_notice_and_the_resident_may_leave_it():
    kiosk, cast = await opened()
    await kiosk.swipe(RESIDENT)
    await kiosk.do("choose", item="marriage-archive")
    session = await called(kiosk, cast)
    assert kiosk.name == "notice" and kiosk.data["call_number"] == session.ticket.number
    assert kiosk.data["call"] is None
    await kiosk.do("agree")
    assert kiosk.name == "call" and kiosk.data["call"]["session"] == str(session.pk)
    assert await kiosk.refusal("agree") == "invalid_transition"
    # No media node is there: the offer is refused in words, and the call goes on waiting for one.
    assert await kiosk.refusal("offer", sdp="v=0") == "no_video_line"
    await kiosk.do("wave")
    await kiosk.do("say", text="声音太小")
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert session.resident_words == "声音太小"
    # A sheet that came out is what there is to do, unless the clerk asks for something else.
    assert "ask-panel" not in kiosk.html
    sheet = await PrintJob.objects.aget(ticket=session.ticket)
    for kind, is_told in ((PrintJob.Kind.NOTICE, False), (PrintJob.Kind.FORM, True)):
        sheet.pk, sheet.kind, sheet.state = new_id(), kind, JobState.PRINTED
        await sheet.asave(force_insert=True)
        assert ("从打印机取走纸" in (await kiosk.look()).html) is is_told, "a slip from before the call is no sheet"
    await sync_to_async(remote.show)(session, instruction="look_here")
    assert "看着摄像头" in (await kiosk.look()).html
    await kiosk.do("leave_call")
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert (session.state, session.end_reason) == (SessionState.ENDED, "resident_left")
    assert (kiosk.name, session.ticket.state) == ("home", TicketState.CANCELLED)
    assert await kiosk.refusal("say", text="喂") == "no_session"
    assert (await kiosk.do("offer", sdp="v=0"))["code"] == "no_session"
    await kiosk.close()


async def test_whoever_refuses_the_recording_is_led_to_a_counter():
    kiosk, cast = await opened()
    await kiosk.do("ticket")
    session = await called(kiosk, cast)
    await kiosk.do("refuse")
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert kiosk.name == "recording_refused" and cast.centre.name in kiosk.html
    assert (session.state, session.ticket.state) == (SessionState.REFUSED, TicketState.CANCELLED)
    await kiosk.close()


async def test_nobody_there_and_a_card_read_in_the_call_of_a_typed_number():
    kiosk, cast = await opened()
    await kiosk.do("ticket")
    await called(kiosk, cast)
    await kiosk.do("not_here")
    assert (await Ticket.objects.aget()).state == TicketState.NO_SHOW
    await kiosk.do("ticket")
    session = await called(kiosk, cast)
    await kiosk.swipe(SECOND_RESIDENT)
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert session.ticket.person is not None and session.ticket.assurance == "card"
    assert shows_nothing_of(kiosk, SECOND_RESIDENT)
    await kiosk.close()


async def test_after_the_call_one_of_five_levels_or_none_and_then_everything_is_forgotten():
    kiosk, cast = await opened()
    for level, first_answer in (("5", "done"), ("1", "rate_options"), ("", "done")):
        await kiosk.do("ticket")
        session = await called(kiosk, cast)
        await sync_to_async(connected)(session)
        await sync_to_async(remote.end_session)(session, actor="user:1", reason="finished", outcome="done")
        await kiosk.look()
        assert kiosk.name == "rate" and kiosk.html.count("data-field-level=") == 6
        assert "checked" not in kiosk.html and "aria-pressed" not in kiosk.html
        await kiosk.do("rate", level=level)
        assert kiosk.name in (first_answer, "rate"), kiosk.name
        if level == "1":
            assert 'name="options"' in kiosk.html
            await kiosk.do("rate", level=level, final="1")
        rating = await Rating.objects.aget(ticket=session.ticket)
        assert rating.level == (int(level) if level else None)
        await kiosk.do("leave")
        assert kiosk.name == "home"
    await kiosk.close()


async def test_leaving_without_a_word_does_not_ask_again():
    kiosk, cast = await opened()
    await kiosk.do("ticket")
    session = await called(kiosk, cast)
    await sync_to_async(connected)(session)
    await sync_to_async(remote.end_session)(session, actor="user:1", reason="finished", outcome="done")
    await kiosk.look()
    await kiosk.do("leave")
    assert kiosk.name == "home" and await Rating.objects.acount() == 0
    await kiosk.close()


async def test_only_a_paired_device_has_a_screen():
    device = (await sync_to_async(lambda: a_kiosk(make_cast().point))())[0]
    assert await close_code_of(socket_of(None, "/ws/kiosk/")) == 4403
    assert await close_code_of(socket_of(None, "/ws/kiosk/second/")) == 4403
    client = await sync_to_async(device_client)(device)
    await sync_to_async(devices.revoke)(device, actor="user:1", reason="stolen")
    assert await close_code_of(socket_of(client, "/ws/kiosk/")) == 4403


async def test_a_notice_from_the_questions_goes_with_the_number_and_is_printed():
    kiosk, _cast = await opened()
    issued = await sync_to_async(lambda: issue_notice(current_edition(get_item("marriage-archive")), {}))()
    assert await kiosk.do("notice", token="guessed") and kiosk.name == "refused"
    await kiosk.do("notice", token=issued.token)
    assert kiosk.name == "home"
    await kiosk.swipe(RESIDENT)
    ticket = await Ticket.objects.aget()
    assert ticket.notice_id == issued.pk
    kinds = [job.kind async for job in PrintJob.objects.filter(ticket=ticket).order_by("requested_at")]
    assert kinds == [PrintJob.Kind.TICKET, PrintJob.Kind.NOTICE]
    assert "要带什么的单子" in kiosk.html
    await kiosk.do("leave")
    await kiosk.do("ticket")
    assert await Ticket.objects.filter(item=None, notice_id=None).acount() == 1
    await kiosk.close()


async def test_the_clerk_is_told_of_a_camera_that_gives_no_picture():
    kiosk, cast = await opened()
    await kiosk.swipe(RESIDENT)
    await kiosk.do("ticket")
    assert await kiosk.refusal("trouble", what="camera") == "no_session"
    await sync_to_async(remote.call_next)(cast.counter, clerk=cast.clerk, actor="user:1")
    for what, words in (("camera", "摄像头"), ("document", "高拍仪")):
        await kiosk.do("trouble", what=what)
        session = await sync_to_async(remote.active_session_of)(kiosk.device)
        assert words in session.resident_words
    assert await kiosk.refusal("trouble", what="the weather") == "malformed"
    await kiosk.close()
