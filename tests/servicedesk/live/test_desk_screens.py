"""Every state of the desk, its cases, the dossiers and the board passes axe and fits, in all display modes."""

import pytest

from portal.base.ids import new_id
from portal.base.places import services as places
from servicedesk.cases import services as cases
from servicedesk.printouts import services as printouts
from servicedesk.printouts.models import PrintJob
from servicedesk.queueing.models import Ticket
from servicedesk.remote import services as remote
from servicedesk.remote.dossier import seal_session
from tests.cast import SECOND_RESIDENT
from tests.servicedesk.cases import at_desk
from tests.servicedesk.live.browser import Line
from tests.servicedesk.live.places import SMALL_DESK, as_staff
from tests.servicedesk.remote.calls import connected, ended, recorded

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def test_sitting_down_and_the_queue(portal, player, point):
    cast = point.cast
    places.sit_down(cast.second_counter, clerk=cast.second_clerk)
    places.leave_counter(cast.counter, clerk=cast.clerk)
    desk = as_staff(player, f"{portal}/desk/", cast.clerk)
    desk.see(".counter-list")
    desk.check("desk-choose")
    desk.click("form[action$='/sit/'] button")
    desk.see("[data-command=next]")
    desk.check("desk-nobody")
    for holder in (SECOND_RESIDENT, cast.resident):
        device = point.device if holder == cast.resident else None
        at_desk.a_ticket(cast, person=at_desk.a_person(holder), item=point.item, device=device)
    desk.see(".queue__row")
    desk.check("desk-queue")
    desk.click("[data-command=pause]")
    desk.see(".queue__top .banner")
    desk.check("desk-paused")
    # The same clerk sits down elsewhere in another window: this page is stale, says so, and asks no more.
    places.leave_counter(cast.second_counter, clerk=cast.second_clerk)
    ticket = Ticket.objects.filter(state="waiting").count()
    places.sit_down(cast.second_counter, clerk=cast.clerk)
    desk.see("[data-stale] a")
    desk.check("desk-stale")
    assert Ticket.objects.filter(state="waiting").count() == ticket
    desk.close()
    stranger = as_staff(player, f"{portal}/desk/cases/", cast.clerk)
    stranger.see("h1")
    stranger.check("cases-none")
    stranger.close()


def test_a_call_and_its_papers(portal, player, point):
    cast = point.cast
    line = Line("**/ws/desk/")
    desk = as_staff(player, f"{portal}/desk/", cast.clerk, line=line)
    session = point.called()
    desk.see(".banner--info")
    desk.check("desk-called")
    session = connected(session)
    remote.resident_says(session, text="请等我一下。")
    desk.see("[data-region=stage] .banner", "请等我一下。")
    desk.see("[data-command=confirm_face]")
    desk.check("desk-before-the-face")
    desk.click("[data-command=confirm_face]")
    desk.see("form[data-command=open_case]")
    desk.check("desk-face-confirmed")
    desk.click("form[data-command=open_case] .button")
    desk.see("#external-number")
    desk.check("desk-case")
    desk.click("[data-field-form=archive_use]")
    desk.see("form[data-paper-form]")
    desk.fill("[name=year]", "75")
    desk.click("form[data-paper-form] .work__foot .button")
    desk.see("form[data-paper-form] .field__error")
    desk.check("desk-form-with-errors")
    case = session.ticket.cases.get()
    cases.capture_page(case, jpeg=at_desk.a_jpeg(), material="结婚证", actor="user:1")
    form = case.forms.get()
    cases.fill_form(form, values=at_desk.VALUES, actor="user:1")
    form = cases.offer_form(form, actor="user:1")
    cases.sign_form(form, strokes=at_desk.STROKES, sha256=form.sha256, role="resident", actor="resident")
    desk.see("[data-command=print_form]")
    desk.see(".page-strip img")
    desk.check("desk-signed")
    for state, code in (("printed", ""), ("failed", "paper_out"), ("uncertain", "silent")):
        job = printouts.print_form(form, actor="user:1") if state == "printed" else PrintJob.objects.latest("pk")
        if state != "printed":
            job.pk = new_id()
            job.save(force_insert=True)
        PrintJob.objects.filter(pk=job.pk).update(state=state, code=code)
    handover = at_desk.papers_left(case)
    cases.attach_result(case, pdf=at_desk.a_pdf(), title="档案证明", clerk=cast.clerk, actor="user:1")
    desk.see("[data-command=settle]")
    desk.see("[data-command=print_result]")
    desk.check("desk-papers", is_tall=True)
    desk.click("[data-sign-handover]")
    desk.see("[data-refusal]:visible")
    desk.check("desk-not-signed")
    cases.sign_handover(handover, strokes=at_desk.STROKES, sha256=handover.sha256, role="clerk", actor="user:1")
    desk.click(".call-bar [data-command=finish]")
    desk.see("[data-confirm-dialog][open]")
    desk.check("desk-hang-up")
    desk.click("[data-confirm-dialog] [data-no]")
    line.cut(desk)
    desk.see("[data-offline]")
    desk.check("desk-offline")
    line.mend()
    remote.leg_changed(session, side="kiosk", is_connected=False)
    desk.see(".banner--warn[role=alert]:not([hidden])")
    desk.close()

    small = as_staff(player, f"{portal}/desk/", cast.clerk, size=SMALL_DESK, has_camera=False)
    small.see("[data-command=open_identity]")
    small.see("[data-camera-refused]")
    small.check("desk-small-reloaded")
    remote.end_session(session, actor="user:1", reason="finished", outcome="done")
    small.see("[data-no-call]")
    small.check("desk-small-after")
    small.goto(f"{portal}/desk/cases/")
    small.see("table")
    small.check("cases")
    small.goto(f"{portal}/desk/cases/{case.pk}/")
    small.see("h1")
    small.check("case", is_tall=True)
    small.close()


def test_dossiers(portal, player, point):
    session = point.live()
    case = at_desk.a_case(point.cast, session.ticket, point.item)
    at_desk.a_signed_form(case)
    recorded(session)
    seal_session(ended(session))
    auditor = as_staff(player, f"{portal}/desk/dossiers/", point.cast.auditor)
    auditor.see("td a")
    auditor.check("dossiers")
    auditor.click("td a")
    auditor.see("#id_reference")
    auditor.check("dossier-closed", is_tall=True)
    auditor.fill("#id_reference", "12345-0001")
    auditor.click("form.panel button")
    auditor.see("video[data-leads]")
    auditor.check("dossier-open", is_tall=True)
    auditor.close()


def test_the_board(portal, player, point):
    board = player.open(f"{portal}/board/{point.cast.centre.code}/", size=(1920, 1080))
    board.see("[data-rule]")
    board.check("board-empty")
    for holder in (SECOND_RESIDENT, point.cast.resident):
        at_desk.a_ticket(point.cast, person=at_desk.a_person(holder), item=point.item, device=point.device)
    point.called()
    board.see("[data-call-where]", "视频接通")
    board.see("[data-call-number]")
    board.check("board-called")
    board.close()
