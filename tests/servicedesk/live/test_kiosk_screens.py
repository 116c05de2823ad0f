"""Every state of the kiosk's two screens passes axe and fits, in normal, elder and high contrast."""

import pytest

from portal.base.places import services as places
from portal.base.places.models import Place
from servicedesk.cases import services as cases
from servicedesk.devices import services as devices
from servicedesk.printouts import services as printouts
from servicedesk.printouts.models import PrintJob
from servicedesk.remote import services as remote
from tests.cast import RESIDENT, SECOND_RESIDENT
from tests.servicedesk.cases import at_desk
from tests.servicedesk.live.browser import Line
from tests.servicedesk.live.places import KIOSK

KEYPAD_AND_FIRST = """[".keypad--letters", "[data-part=results] .kiosk-item"].map(
    (one) => document.querySelector(one).getBoundingClientRect()).map((box) => box.bottom)"""

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def test_from_the_start_to_the_ticket(portal, player, point):
    kiosk = point.open(player, portal)
    kiosk.see("[data-reader-says=ready]")
    kiosk.check("kiosk-home")
    point.bridge.tell(kiosk, "card.present")
    kiosk.see("[data-reader-says=reading]")
    for code in ("unreadable", "pulled_early", "not_authorised", "reader_absent"):
        point.bridge.tell(kiosk, "card.error", code=code)
        kiosk.see(f"[data-reader-says={code}]")
    kiosk.check("kiosk-home-reader-absent")
    point.bridge.tell(kiosk, "card.removed")
    # A number typed instead of a card, first a wrong one.
    kiosk.click("[data-field-screen=number]")
    kiosk.see("#id-number")
    kiosk.check("kiosk-number")
    kiosk.fill("#id-number", "11010519491231002")
    kiosk.click("form[data-command=number] .button--wide")
    kiosk.see(".field__error")
    kiosk.check("kiosk-number-wrong")
    kiosk.click("[data-field-screen=home]")
    kiosk.see("[data-card-panel]")
    kiosk.click("[data-field-screen=ask_card]")
    kiosk.see(".kiosk-foot")
    kiosk.check("kiosk-ask-card")
    kiosk.click("[data-field-screen=home]")
    kiosk.see("[data-card-panel]")
    point.bridge.lay(kiosk, RESIDENT)
    kiosk.see(".kiosk-item")
    kiosk.check("kiosk-items")
    kiosk.click("[data-field-screen=line]")
    kiosk.see(".kiosk-doors--one")
    kiosk.check("kiosk-line")
    kiosk.click("[data-field-screen=items]")
    kiosk.click("[data-field-screen=search]")
    kiosk.see(".keypad--letters")
    kiosk.check("kiosk-search")
    kiosk.fill("#kiosk-query", "zzzz")
    kiosk.see("[data-part=results] [data-command=ticket]")
    kiosk.check("kiosk-search-nothing")
    kiosk.click("[data-key=clear]")
    for letter in "hunyin":
        kiosk.click(f"[data-key={letter}]")
    kiosk.see("[data-part=results] .kiosk-item", point.item.name)
    kiosk.check("kiosk-search-found")
    top, bottom = kiosk.do(lambda page: page.evaluate(KEYPAD_AND_FIRST))
    assert top < bottom <= kiosk.do(lambda page: page.evaluate("innerHeight")), "keys and the first item stay in sight"
    kiosk.click("[data-field-screen=items]")
    kiosk.click(".kiosk-item")
    kiosk.see("[data-ticket-number]")
    kiosk.check("kiosk-ticket")
    job = PrintJob.objects.get()
    PrintJob.objects.filter(pk=job.pk).update(state="failed", code="paper_out")
    devices.record_health(point.device, {"receipt": {"state": "paper_out"}})
    kiosk.see("[data-command=print_again]")
    kiosk.check("kiosk-ticket-no-paper")
    kiosk.click("[data-command=give_up]")
    kiosk.see("[data-confirm-dialog][open]")
    kiosk.check("kiosk-give-up")
    kiosk.close()


def test_what_cannot_be_done_here(portal, player, point):
    kiosk = point.open(player, portal)
    kiosk.see("[data-reader-says=ready]")
    point.bridge.lay(kiosk, SECOND_RESIDENT)
    kiosk.see(".kiosk-item")
    places.change_status(point.cast.centre, Place.Status.CLOSED, reason="停电检修", by="test")
    kiosk.click(".kiosk-item")
    kiosk.see(".kiosk-refused")
    kiosk.check("kiosk-refused")
    kiosk.close()


def test_progress_by_card(portal, player, point):
    first = at_desk.a_ticket(point.cast, person=at_desk.a_person(RESIDENT), item=point.item, device=point.device)
    at_desk.served(first, point.cast.counter)
    case = at_desk.a_case(point.cast, first, point.item)
    for action in ("accept", "work"):
        cases.move_case(case, action, actor="user:1")
    at_desk.finished(first)
    kiosk = point.open(player, portal)
    for holder, name in ((RESIDENT, "kiosk-progress"), (SECOND_RESIDENT, "kiosk-progress-none")):
        kiosk.see("[data-reader-says=ready]")
        kiosk.click("[data-field-screen=ask_card]")
        kiosk.see(".kiosk-foot")
        point.bridge.lay(kiosk, holder)
        kiosk.see(".kiosk__place", "您好")
        kiosk.check(name)
        kiosk.click("[data-command=leave]")
        kiosk.see("[data-card-panel]")
    kiosk.close()


def test_the_call_on_both_screens(portal, player, point):
    line = Line("**/ws/kiosk/")
    kiosk = point.open(player, portal, line=line)
    second = point.open(player, portal, "/kiosk/second/")
    second.see("h1")
    second.check("second-welcome")
    session = point.called()
    kiosk.see("[data-command=agree]")
    kiosk.check("kiosk-notice")
    remote.answer_notice(session, agreed=True, actor="resident")
    kiosk.see(".call-bar")
    kiosk.see(".call-window__caption")
    kiosk.check("kiosk-call-connecting")
    for side in ("kiosk", "clerk"):
        remote.leg_changed(session, side=side, is_connected=True)
    session = remote.get_session(str(session.pk))
    remote.show(session, instruction="card_on_reader", caption="请把身份证放到读卡器上。")
    kiosk.see(".ask-panel")
    kiosk.check("kiosk-call")
    kiosk.click("[data-type]")
    kiosk.see("[data-say-form]")
    kiosk.check("kiosk-call-typing")
    second.see("h1")
    second.check("second-in-call")

    case = at_desk.a_case(point.cast, session.ticket, point.item)
    form = at_desk.a_form(case)
    remote.show(session, instruction="read_form", focus="year", caption="")
    second.see("[data-paper=form]")
    second.check("second-form")
    form = cases.offer_form(form, actor="user:1")
    second.see("[data-sign]")
    second.check("second-sign")
    second.click("[data-sign]")
    second.see("[data-refusal]")
    second.check("second-sign-empty")
    cases.sign_form(form, strokes=at_desk.STROKES, sha256=form.sha256, role="resident", actor="resident")
    printouts.print_form(form, actor="user:1")
    remote.show(session, instruction="take_print")
    second.see("[data-state=signed]")
    second.check("second-signed")
    kiosk.check("kiosk-call-take-print")
    at_desk.papers_left(case)
    second.see("[data-paper=handover]")
    second.check("second-receipt")

    line.cut(kiosk)
    kiosk.see("[data-offline]")
    kiosk.check("kiosk-offline")
    line.mend()
    kiosk.do(lambda page: page.locator("[data-offline]").wait_for(state="hidden", timeout=20_000))
    remote.leg_changed(session, side="clerk", is_connected=False)
    kiosk.see(".call-window__caption")
    kiosk.check("kiosk-call-dropped")
    kiosk.click("[data-command=leave_call]")
    kiosk.see("[data-confirm-dialog][open]")
    kiosk.check("kiosk-call-leave")
    kiosk.click("[data-confirm-dialog] [data-no]")
    remote.leg_changed(session, side="clerk", is_connected=True)
    remote.end_session(session, actor="user:1", reason="finished", outcome="done")
    kiosk.see(".rate__level")
    kiosk.check("kiosk-rate")
    kiosk.click("[data-command=rate][data-field-level='1']")
    kiosk.see("form.rate")
    kiosk.check("kiosk-rate-reasons")
    kiosk.click("form.rate .button--wide")
    kiosk.see("[data-command=leave]")
    kiosk.check("kiosk-done")
    second.close()
    kiosk.close()


def test_recording_refused_and_no_camera(portal, player, point):
    kiosk = point.open(player, portal, has_camera=False)
    kiosk.see("[data-reader-says=ready]")
    point.called(has_card=False)
    kiosk.click("[data-command=refuse]")
    kiosk.see(".kiosk-refused")
    kiosk.check("kiosk-recording-refused")
    kiosk.click("[data-command=leave]")
    kiosk.see("[data-card-panel]")
    point.live(has_card=False)
    kiosk.see("[data-camera-refused]")
    kiosk.check("kiosk-no-camera")
    kiosk.close()


@pytest.mark.parametrize("path", ["/kiosk/", "/kiosk/second/"])
def test_a_machine_that_is_not_known(portal, player, path):
    kiosk = player.open(portal + path, size=KIOSK)
    kiosk.see("[data-step=no-bridge]")
    kiosk.check(f"connect{path.replace('/', '-').rstrip('-')}")
    kiosk.close()


def test_in_english(portal, player, point):
    kiosk = point.open(player, portal, language="en")
    kiosk.see("[data-reader-says=ready]")
    kiosk.check("english-kiosk-home")
    kiosk.click("[data-field-screen=number]")
    kiosk.fill("#id-number", "110105194912310021")
    kiosk.click("form[data-command=number] .button--wide")
    kiosk.see(".field__error")
    assert not any("一" <= char <= "鿿" for char in kiosk.text(".field__error"))
    kiosk.check("english-kiosk-number-wrong")
    kiosk.close()


def test_choosing_the_camera_that_looks_at_papers(portal, player, point):
    kiosk = point.open(player, portal, "/kiosk/setup/")
    kiosk.see("label.option:nth-of-type(4)")
    kiosk.check("kiosk-setup")
    kiosk.click("label.option:nth-of-type(4)")
    chosen = kiosk.do(lambda page: page.locator("input:checked").get_attribute("value"))
    kiosk.click(".kiosk-foot button")
    kiosk.see(".toast")
    kiosk.see("label.option:nth-of-type(4)")
    assert chosen and kiosk.do(lambda page: page.locator("input:checked").get_attribute("value")) == chosen
    point.device.refresh_from_db()
    assert point.device.document_camera == chosen
    kiosk.close()


def test_a_command_without_an_answer_is_told(portal, player, point):
    line = Line("**/ws/kiosk/")
    kiosk = point.open(player, portal, line=line)
    # The ten seconds that a command is waited for pass at once.
    kiosk.do(
        lambda page: page.add_init_script(
            "const wait = window.setTimeout; window.setTimeout = (run, ms) => wait(run, ms === 10000 ? 300 : ms);"
        )
    )
    kiosk.do(lambda page: page.reload())
    kiosk.see("[data-reader-says=ready]")
    line.is_mute = True
    kiosk.click("[data-field-screen=number]")
    kiosk.see("[data-refusal]", "还没有回音")
    kiosk.check("kiosk-no-answer")
    line.is_mute = False
    kiosk.click("[data-field-screen=number]")
    kiosk.see("#id-number")
    assert kiosk.do(lambda page: page.locator("[data-refusal]").is_hidden())
    kiosk.close()
