"""The clerk's desk over its socket: next, the face, the case, the form with its errors in place, prints, the end."""

import pytest
from asgiref.sync import sync_to_async

from portal.base.places import services as places
from portal.base.places.models import Counter
from portal.base.rights.models import RoleAssignment
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, FilledForm, Handover
from servicedesk.printouts.models import PrintJob
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import TicketState
from servicedesk.remote import services as remote
from servicedesk.remote.states import SessionState
from tests.cast import RESIDENT, SECOND_RESIDENT, Cast, make_cast
from tests.servicedesk.cases.at_desk import STROKES, VALUES, a_kiosk, a_person, a_ticket, an_item
from tests.servicedesk.kiosk.screens import Screen, close_code_of, socket_of, staff_client
from tests.servicedesk.remote.calls import connected

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("calm")]


async def opened(*, has_ticket: bool = True) -> tuple[Screen, Cast]:
    def make():
        cast = make_cast()
        item = an_item()
        places.sit_down(cast.counter, clerk=cast.clerk)
        if has_ticket:
            device, _private = a_kiosk(cast.point)
            a_ticket(cast, person=a_person(RESIDENT), item=item, device=device)
        return cast, staff_client(cast.clerk)

    cast, client = await sync_to_async(make)()
    return await Screen(socket_of(client, "/ws/desk/")).open(), cast


async def in_call(desk: Screen, cast: Cast):
    assert (await desk.do("next"))["type"] == "done"
    return await in_call_of(desk, cast)


async def in_call_of(desk: Screen, cast: Cast):
    session = await sync_to_async(remote.session_at)(cast.counter)
    session = await sync_to_async(connected)(session)
    await desk.look()
    return session


def shows_person(desk: Screen) -> bool:
    return any(word in desk.html for word in (RESIDENT.name, RESIDENT.number, RESIDENT.birth_date))


async def test_a_case_from_the_call_to_the_printed_form():
    desk, cast = await opened()
    assert (desk.data["ticket"], desk.data["call"]) == (None, None) and 'data-command="next"' in desk.html
    assert await desk.refusal("open_case", item="marriage-archive") == "no_ticket"
    session = await in_call(desk, cast)
    assert desk.data["ticket"] == session.ticket.number
    assert (desk.data["call"]["session"], desk.data["call"]["state"]) == (str(session.pk), SessionState.LIVE)
    # Until the face is confirmed neither the person's data nor a case opens.
    assert not shows_person(desk) and 'data-command="confirm_face"' in desk.html
    assert await desk.refusal("open_case", item="marriage-archive") == "face_not_confirmed"
    assert await desk.refusal("open_identity") == "face_not_confirmed"

    await desk.do("confirm_face")
    assert RESIDENT.name in desk.html and RESIDENT.number in desk.html
    assert await desk.refusal("start_form", form="archive_use") == "no_case"
    await desk.do("open_case", item="marriage-archive", basis="self")
    case = await Case.objects.select_related("clerk", "item").aget()
    assert (case.clerk, case.item.key) == (cast.clerk, "marriage-archive") and case.number in desk.html
    await desk.do("external", number="SH-2026-77")
    assert 'value="SH-2026-77"' in desk.html

    await desk.do("start_form", form="archive_use")
    assert await desk.refusal("fill", values="no object") == "malformed"
    await desk.do("fill", values=VALUES | {"year": "75", "registered_at": ""}, focus="year")
    # What was typed stays, and the error stands at its field.
    assert 'value="75"' in desk.html and 'id="form-year-error"' in desk.html
    assert await desk.refusal("offer_form") == "not_ready"
    assert 'id="form-registered_at-error"' in desk.html and 'value="75"' in desk.html
    assert await desk.refusal("print_form") == "cannot_print"
    assert await PrintJob.objects.acount() == 0

    await desk.do("fill", values=VALUES)
    assert "-error" not in desk.data["regions"]["paper"]
    await desk.do("offer_form")
    assert (await sync_to_async(remote.get_session)(str(session.pk))).instruction == "sign"
    assert await desk.refusal("print_form") == "cannot_print"
    form = await FilledForm.objects.aget()
    await sync_to_async(cases.sign_form)(
        form, strokes=STROKES, sha256=form.sha256, role="resident", actor="resident"
    )  # fmt: skip
    assert (await desk.do("print_form"))["type"] == "done"
    job = await PrintJob.objects.aget()
    assert (job.printer, job.ticket_id) == (PrintJob.Printer.A4, session.ticket_id)
    assert await desk.refusal("reprint", job=str(case.pk)) == "malformed"
    assert await desk.refusal("settle", job="no id", printed="yes") == "malformed"

    await desk.do("finish", outcome="done")
    ticket = await Ticket.objects.aget(pk=session.ticket_id)
    assert (ticket.state, ticket.outcome) == (TicketState.FINISHED, "done")
    assert desk.data["ticket"] is None and not shows_person(desk)
    await desk.close()


async def test_after_a_reload_the_data_are_closed_until_they_are_opened_again():
    desk, cast = await opened()
    await in_call(desk, cast)
    await desk.do("confirm_face")
    await desk.close()
    client = await sync_to_async(staff_client)(cast.clerk)
    desk = await Screen(socket_of(client, "/ws/desk/")).open()
    assert not shows_person(desk) and 'data-command="open_identity"' in desk.html
    await desk.do("open_identity")
    assert RESIDENT.number in desk.html
    await desk.close()


async def test_the_next_persons_screen_shows_nothing_of_the_one_before():
    desk, cast = await opened()
    session = await in_call(desk, cast)
    await desk.do("confirm_face")
    await desk.do("finish", outcome="consulted")
    await sync_to_async(lambda: a_ticket(cast, person=a_person(SECOND_RESIDENT), item=None, device=session.device))()
    await in_call(desk, cast)
    assert not shows_person(desk) and SECOND_RESIDENT.name not in desk.html
    await desk.do("confirm_face")
    assert SECOND_RESIDENT.number in desk.html and not shows_person(desk)
    await desk.close()


async def test_papers_left_are_receipted_and_signed_by_both():
    desk, cast = await opened()
    session = await in_call(desk, cast)
    await desk.do("confirm_face")
    await desk.do("open_case", item="marriage-archive")
    assert await desk.refusal("leave_papers", papers="  \n ") == "not_ready"
    await desk.do("leave_papers", papers="结婚证\n户口簿")
    handover = await Handover.objects.aget()
    assert (await sync_to_async(remote.get_session)(str(session.pk))).instruction == "sign"
    assert "等居民签名" in desk.html and "sign-pad--desk" in desk.html
    assert [paper["name"] for paper in handover.papers] == ["结婚证", "户口簿"]
    assert await desk.refusal("sign_handover", handover=str(handover.pk), strokes=[]) == "bad_signature"
    assert await desk.refusal("print_handover", handover=str(handover.pk)) == "cannot_print"
    await desk.do("sign_handover", handover=str(handover.pk), strokes=STROKES)
    assert "工作人员签名" in desk.html and "sign-pad--desk" not in desk.html
    await sync_to_async(cases.sign_handover)(
        handover, strokes=STROKES, sha256=handover.sha256, role="resident", actor="resident"
    )  # fmt: skip
    assert (await desk.do("print_handover", handover=str(handover.pk)))["type"] == "done"
    assert await desk.refusal("print_result", result=str(handover.pk)) == "malformed"
    await desk.close()


async def test_what_the_desk_refuses_when_nobody_is_there_or_it_is_paused():
    desk, cast = await opened(has_ticket=False)
    assert (await desk.do("next"))["data"] == {"called": None}
    for command in ("finish", "no_show", "recall", "print_form"):
        assert await desk.refusal(command) == "no_ticket"
    for command in ("confirm_face", "show", "capture"):
        assert await desk.refusal(command) == "no_session"
    assert (await desk.do("offer", sdp="v=0"))["code"] == "no_session"
    await desk.do("pause", reason="短时休息")
    assert await desk.refusal("next") == "not_seated"
    assert "短时休息" in desk.html
    await desk.do("pause", reason="")
    assert (await desk.do("next"))["type"] == "done"
    await desk.close()


async def test_a_number_given_back_keeps_its_place_and_nobody_came_ends_it():
    desk, cast = await opened()
    await in_call(desk, cast)
    assert await desk.refusal("no_show") == "invalid_transition"
    assert await desk.refusal("show", instruction="dance") == "malformed"
    await desk.do("show", caption="请把证件放好")
    await desk.do("transfer")
    ticket = await Ticket.objects.aget()
    assert ticket.state == TicketState.WAITING and desk.data["ticket"] is None
    await desk.do("next")
    await desk.do("no_show")
    await ticket.arefresh_from_db()
    assert ticket.state == TicketState.NO_SHOW
    await desk.close()


async def test_only_the_clerk_of_the_counter_opens_its_desk_and_only_as_long_as_the_role_holds():
    desk, cast = await opened(has_ticket=False)
    await RoleAssignment.objects.filter(user=cast.clerk).adelete()
    await desk.socket.send_json_to({"type": "next", "id": "x"})
    assert (await desk.next_message())["code"] == "forbidden"
    output = await desk.socket.receive_output(timeout=30)
    assert (output["type"], output["code"]) == ("websocket.close", 4403)

    # Whoever sits at a counter that the role does not reach is closed out, whatever the row says.
    await Counter.objects.filter(pk=cast.second_counter.pk).aupdate(clerk=cast.other_clerk)
    for user in (cast.other_clerk, cast.second_clerk, cast.stranger):
        client = await sync_to_async(staff_client)(user)
        assert await close_code_of(socket_of(client, "/ws/desk/")) == 4403
    assert await close_code_of(socket_of(None, "/ws/desk/")) == 4403


async def test_a_page_of_the_counter_where_the_clerk_sat_before_does_nothing_any_more():
    desk, cast = await opened()
    await sync_to_async(places.sit_down)(cast.second_counter, clerk=cast.clerk)
    await desk.socket.send_json_to({"type": "next", "id": "x"})
    assert (await desk.next_message())["code"] == "forbidden"
    output = await desk.socket.receive_output(timeout=30)
    assert (output["type"], output["code"]) == ("websocket.close", 4403)
    assert await Ticket.objects.filter(state=TicketState.WAITING).acount() == 1, "nobody was called"


async def test_an_unknown_region_of_the_card_is_told_and_hinders_nothing():
    desk, cast = await opened()
    await in_call(desk, cast)
    await desk.do("confirm_face")
    assert "地区码" in desk.data["regions"]["person"]
    await desk.do("open_case", item="marriage-archive")
    assert await Case.objects.acount() == 1
    await desk.close()


async def test_a_face_is_compared_only_when_it_is_seen():
    desk, cast = await opened()
    await desk.do("next")
    assert 'data-command="confirm_face"' not in desk.html
    assert await desk.refusal("confirm_face") == "face_not_confirmed"
    await in_call_of(desk, cast)
    assert 'data-command="confirm_face"' in desk.html
    await desk.close()


async def test_papers_are_given_back_in_the_same_visit():
    desk, cast = await opened()
    await in_call(desk, cast)
    await desk.do("confirm_face")
    await desk.do("open_case", item="marriage-archive")
    await desk.do("leave_papers", papers="结婚证")
    left = await Handover.objects.aget()
    assert 'data-command="return_papers"' in desk.html
    await desk.do("return_papers", handover=str(left.pk))
    assert await Handover.objects.filter(returns=left, direction="returned").acount() == 1
    assert 'data-command="return_papers"' not in desk.html
    assert await desk.refusal("return_papers", handover=str(left.pk)) == "invalid_transition"
    await desk.close()
