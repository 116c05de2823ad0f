"""Notices at the desk: the spoken code for staff alone, beside today's rules, and more only with a reason."""

from datetime import timedelta

import pytest

from content.items.models import EditionMaterial, Material
from content.items.services import current_edition, publish_edition
from content.notices.services import issue_notice
from portal.base.journal import services as journal
from portal.base.places import services as places
from servicedesk.cases import extras
from servicedesk.cases.models import ExtraAsk
from servicedesk.printouts.render_notice import NoticeSlip, draw_notice
from tests.servicedesk.cases.at_desk import a_case, a_person, a_ticket, an_item, served

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(db):
    item = an_item(source="made up", procedure="受理")
    edition = current_edition(item)
    edition.materials = [EditionMaterial(material=Material.objects.create(key="id", name="身份证"), form="原件")]
    publish_edition(edition)
    return item


@pytest.fixture
def notice(item):
    return issue_notice(current_edition(item), {})


def test_the_code_opens_it_for_the_desk_and_for_nobody_else(cast, client_for, notice):
    address = f"/desk/notice/?code={notice.code.lower()}"
    page = client_for(cast.clerk).get(address).content.decode()
    assert "身份证" in page
    assert "没有变化" in page
    assert client_for(cast.auditor).get(address).status_code == 403
    assert client_for(None).get(address).status_code == 302
    unknown = client_for(cast.clerk).get("/desk/notice/?code=ZZZZZZ")
    assert unknown.status_code == 404
    assert "没有这个号的告知单" in unknown.content.decode()
    assert 'value="ZZZZZZ"' in unknown.content.decode()


def test_guessing_codes_is_slowed_down(cast, client_for):
    clerk = client_for(cast.clerk)
    statuses = {clerk.get(f"/desk/notice/?code=AAA{number:03d}").status_code for number in range(61)}
    assert statuses == {404, 429}


def test_todays_rules_stand_beside_what_was_told(cast, client_for, item, notice):
    edition = current_edition(item)
    new = Material.objects.create(key="book", name="户口簿")
    edition.materials = [EditionMaterial(material=new, form="原件")]
    publish_edition(edition)
    page = client_for(cast.clerk).get(f"/desk/notice/?code={notice.code}").content.decode()
    assert "今天新要" in page and "今天不要" in page
    assert "告知过的算数" in page


def test_a_number_and_its_case_carry_the_notice(cast, client_for, item, notice):
    places.sit_down(cast.counter, clerk=cast.clerk)
    clerk = client_for(cast.clerk)
    attach = f"/desk/notice/{notice.pk}/attach/"
    clerk.post(attach)
    ticket = served(a_ticket(cast, person=a_person(cast.resident), item=item, device=None), cast.counter)
    assert ticket.notice_id is None
    clerk.post(attach)
    ticket.refresh_from_db()
    assert ticket.notice_id == notice.pk
    assert journal.entries_for(("ticket", ticket.pk))[-1].action == "attach_notice"
    assert a_case(cast, ticket, item).notice_id == notice.pk
    address = f"/desk/notice/?ticket={ticket.pk}"
    assert "身份证" in clerk.get(address).content.decode()
    assert client_for(cast.other_clerk).get(address).status_code == 403


def test_more_takes_a_reason_and_the_supervisor_sees_it(cast, client_for, notice):
    places.sit_down(cast.counter, clerk=cast.clerk)
    clerk, address = client_for(cast.clerk), f"/desk/notice/{notice.pk}/more/"
    refused = clerk.post(address, {"material": "户口簿", "reason": " "})
    assert refused.status_code == 422
    assert 'value="户口簿"' in refused.content.decode()
    assert not ExtraAsk.objects.exists()
    clerk.post(address, {"material": "户口簿", "reason": "姓名和身份证不同"})
    ask = ExtraAsk.objects.get()
    assert "姓名" not in str(bytes(ask.reason_sealed))
    assert journal.chain_faults(("extra_ask", ask.pk)) == []
    seen = client_for(cast.supervisor).get("/desk/duty/extras/").content.decode()
    assert "姓名和身份证不同" in seen and "户口簿" in seen
    assert client_for(cast.clerk).get("/desk/duty/extras/").status_code == 403
    other = client_for(cast.other_clerk).post(address, {"material": "甲", "reason": "乙"})
    assert other.status_code == 403


def test_what_was_asked_for_beyond_a_notice_goes_in_time(cast, notice):
    ask = extras.ask_for_more(notice, material="结婚证", reason="核对日期", clerk=cast.clerk, centre=cast.centre)
    assert extras.forget_extras(ask.asked_at) == 0
    assert extras.forget_extras(ask.asked_at + timedelta(seconds=1)) == 1
    assert not ExtraAsk.objects.exists()


def test_the_slip_is_drawn_whole(notice):
    from content.notices.telling import told

    page = draw_notice(NoticeSlip(told(notice), "https://example.org/notices/x/"))
    picture = page.finished()
    assert picture.width == 576
    assert 500 < picture.height < 2000
