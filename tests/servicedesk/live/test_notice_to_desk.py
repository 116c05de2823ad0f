"""The questions answered at the kiosk: the number carries the notice, the printer gets it, and the desk shows it."""

import pytest
from django.utils import timezone

from content.items.models import (
    EditionMaterial,
    EditionQuestion,
    ItemEdition,
    Material,
    ServiceItem,
    Situation,
    SituationChoice,
)
from content.items.services import publish_edition
from content.notices.models import Notice
from content.notices.services import content_of, spoken_code
from portal.base.places import services as places
from servicedesk.printouts.models import PrintJob
from servicedesk.queueing.models import Ticket
from tests.cast import RESIDENT
from tests.servicedesk.live.places import as_staff

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def edition(point) -> ItemEdition:
    """The point's item asks who comes and how old the person is; a proxy needs one paper more."""
    who = Situation(key="who-comes", name="谁去窗口", question="谁去窗口办？", kind="choice")
    who.choices = [SituationChoice(key="self", text="本人去"), SituationChoice(key="family", text="家里人代办")]
    who.save()
    age = Situation.objects.create(
        key="age", name="年龄", question="多大年纪？", kind="number", unit="周岁", least=0, most=120
    )
    # Among the eight most frequent, which the kiosk offers first.
    ServiceItem.objects.filter(pk=point.item.pk).update(frequency=99)
    edition = ItemEdition.objects.get(item=point.item)
    edition.questions = [EditionQuestion(situation=who), EditionQuestion(situation=age)]
    proxy = Material.objects.create(name="代办人身份证", key="proxy-card")
    edition.materials = [
        EditionMaterial(material=proxy, form="原件", is_required=False, rule={"question": "who-comes", "is": "family"})
    ]
    edition.save()
    return publish_edition(edition)


def test_what_was_told_at_the_kiosk_goes_with_the_number_to_the_desk(portal, player, point, edition):
    kiosk = point.open(player, portal)
    kiosk.see("[data-reader-says=ready]")
    kiosk.click("[data-field-screen=items]")
    kiosk.see(".kiosk-item")
    kiosk.click(f"a[href*='/guides/{point.item.key}/notice/']")
    kiosk.see("h1", "谁去窗口办？")
    kiosk.check("kiosk-question")
    kiosk.click("input[value=family] + span")
    kiosk.click(".question__foot .button--wide")
    kiosk.see("h1", "多大年纪？")
    kiosk.do(lambda page: page.locator("select").select_option("76"))
    kiosk.check("kiosk-question-number")
    kiosk.click(".question__foot .button--wide")
    kiosk.see(".stub__code")
    kiosk.check("kiosk-notice-told", is_tall=True)
    notice = Notice.objects.get()
    answers = {row["question"]: row["value"] for row in content_of(notice)["answers"]}
    assert answers == {"who-comes": "family", "age": 76}

    # The card is asked for then; the number drawn with it carries the notice, and both are printed.
    kiosk.click(".notice__do .button--lamp")
    kiosk.see("[data-card-panel]")
    kiosk.see("h1", edition.name)
    kiosk.see("[data-reader-says=ready]")
    point.bridge.lay(kiosk, RESIDENT)
    kiosk.see("[data-ticket-number]")
    assert kiosk.do(lambda page: "notice=" not in page.url)
    ticket = Ticket.objects.get()
    assert (ticket.item, ticket.notice_id) == (point.item, notice.pk)
    assert set(PrintJob.objects.values_list("kind", flat=True)) == {"ticket", "notice"}

    # The clerk has it one step away from the number.
    desk = as_staff(player, f"{portal}/desk/notice/?ticket={ticket.pk}", point.cast.clerk)
    desk.see("main", spoken_code(notice))
    assert "代办人身份证" in desk.text() and "家里人代办" in desk.text()
    desk.check("desk-notice")
    desk.close()
    kiosk.close()


def test_a_point_that_changes_is_told_by_kiosk_and_portal(portal, player, point):
    """The kiosk's open page and the portal's list say so within a minute, each with the time that it holds for."""
    cast = point.cast
    visitor = player.open(f"{portal}/points/", size=(390, 844))
    visitor.see("[data-point-list]", cast.point.name)
    kiosk = point.open(player, portal)
    kiosk.see("[data-reader-says=ready]")
    places.change_status(cast.point, "suspended", reason="停电检修", by="test")
    visitor.goto(f"{portal}/points/")
    row = f"#row-{cast.point.code}"
    visitor.see(row, "停电检修")
    visitor.see(".points__source", f"数据截至 {timezone.localtime():%H:}")
    kiosk.see("[data-region=screen] .banner--warn", "停电检修")
    kiosk.see("[data-region=screen] .banner--warn", f"数据截至 {timezone.localtime():%H:}")
    kiosk.check("kiosk-home-suspended")
    places.change_status(cast.point, "open", reason="", by="test")
    kiosk.do(lambda page: page.locator(".banner--warn[role=status]").wait_for(state="detached"))
    visitor.close()
    kiosk.close()
