"""An editor chooses conditions by rows in a real browser: added, joined, removed, wrong, tried, taken back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from content.items.models import ItemEdition, Situation, SituationChoice
from content.items.services import current_edition, get_item
from tests.content.conftest import chinese, site
from tests.e2e.test_editors_hour import browser, press_publish, publish, tab

__all__ = ["browser", "chinese", "site", "tab"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
KEY = "hun-yin-deng-ji-dang-an-cha-xun"


@pytest.fixture
def edition(site) -> ItemEdition:
    who = Situation(key="who-comes", name="谁去窗口", question="谁去窗口办？", kind="choice")
    who.choices = [SituationChoice(key="self", text="本人去"), SituationChoice(key="family", text="家里人代办")]
    who.save()
    Situation.objects.create(key="age", name="年龄", question="您多大年纪？", kind="number", least=0, most=120)
    return current_edition(get_item(KEY))


def open_form(tab: Page, edition: ItemEdition) -> Locator:
    """The edition's form; the condition of its first material.

    Wagtail saves a draft by itself; who publishes in that very moment is asked whether the newer draft may be overwritten.
    """
    asked = tab.get_by_role("dialog").filter(has=tab.get_by_role("button", name="发布"))
    tab.add_locator_handler(asked, lambda dialog: dialog.get_by_role("button", name="发布").click())
    tab.goto(f"/cms/snippets/items/itemedition/edit/{edition.pk}/")
    rule = tab.locator("linban-rule:has([name='materials-0-rule'])")
    if not rule.is_visible():
        panel = rule.locator("xpath=ancestor::section[@role='tabpanel']").get_attribute("id")
        tab.locator(f"[role=tab][href='#{panel}']").click()
    expect(rule.get_by_role("button", name="加一个条件")).to_be_visible()
    return rule


def kept(edition: ItemEdition) -> dict:
    edition.refresh_from_db()
    return edition.get_latest_revision_as_object().materials.all()[0].rule


def focused(tab: Page) -> str:
    return tab.evaluate("document.activeElement.dataset.spot ?? document.activeElement.localName")


def test_conditions_by_choosing(tab, edition):
    rule = open_form(tab, edition)
    expect(rule.locator("textarea")).to_be_hidden()
    expect(rule).to_contain_text("总是。")

    # Two rows by keyboard alone: what was chosen keeps the focus though the rows are drawn anew.
    rule.get_by_role("button", name="加一个条件").focus()
    tab.keyboard.press("Enter")
    assert focused(tab) == "question-0"
    rule.locator("[data-spot=question-0]").select_option("age")
    assert focused(tab) == "question-0"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert focused(tab) == "answer-0"
    tab.keyboard.type("60")
    rule.get_by_role("button", name="加一个条件").press("Enter")
    assert focused(tab) == "question-1"
    rule.locator("[data-spot=question-1]").select_option("who-comes")
    rule.locator("[data-spot=answer-1]").select_option("family")
    rule.locator("[data-spot=how]").focus()
    tab.keyboard.press("ArrowDown")
    assert focused(tab) == "how"
    publish(tab)
    assert kept(edition) == {
        "any": [{"question": "age", "at_least": 60}, {"question": "who-comes", "is": "family"}]
    }  # fmt: skip

    # They come back as they were; one of several answers is chosen in a list of its own.
    rule = open_form(tab, edition)
    expect(rule.locator("[data-spot=how]")).to_have_value("any")
    expect(rule.locator("[data-spot=answer-0]")).to_have_value("60")
    rule.locator("[data-spot=comparison-1]").select_option("in")
    rule.locator("[data-spot=answer-1]").select_option(["self", "family"])
    found = Axe().run(tab, context="linban-rule").response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []

    # Removing gives the focus on, and the last row leaves no word of how they join.
    rule.locator("[data-spot=remove-1]").press("Enter")
    assert focused(tab) == "add"
    expect(rule.locator("[data-spot=how]")).to_have_count(0)
    publish(tab)
    assert kept(edition) == {"question": "age", "at_least": 60}

    # Back to how it was before.
    tab.get_by_role("link", name="恢复上一版").first.click()
    expect(tab.locator("linban-rule:has([name='materials-0-rule']) [data-spot=how]")).to_have_value("any")
    publish(tab)
    assert kept(edition)["any"][1] == {"question": "who-comes", "is": "family"}


def test_what_is_wrong_is_said_where_it_is(tab, edition):
    rule = open_form(tab, edition)
    rule.get_by_role("button", name="加一个条件").click()
    rule.locator("[data-spot=question-0]").select_option("age")
    wrapper = tab.locator("[data-contentpath=rule]", has=rule)
    press_publish(tab)
    expect(wrapper.locator(".w-field__errors")).to_contain_text("“年龄”的答案还没填")
    # What was chosen so far is still there, and the fault is mended in its place.
    rule.locator("[data-spot=answer-0]").fill("200")
    press_publish(tab)
    expect(wrapper.locator(".w-field__errors")).to_contain_text("“200”")
    assert current_edition(get_item(KEY)).materials.all()[0].rule == {}
    rule.locator("[data-spot=answer-0]").fill("60")
    publish(tab)
    assert current_edition(get_item(KEY)).materials.all()[0].rule == {"question": "age", "at_least": 60}


@pytest.mark.parametrize("width", [1280, 390])
def test_who_gets_what_and_a_try(tab, edition, width):
    first = edition.materials.all()[0]
    first.rule = {"all": [{"question": "age", "at_least": 60}, {"question": "who-comes", "is": "family"}]}
    first.is_required = False
    first.save()
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"/cms/rules/{edition.pk}/")
    row = tab.locator("tbody tr", has_text="居民身份证").first
    expect(row).to_contain_text("年龄")
    expect(row).to_contain_text("家里人代办")
    pane = tab.locator("aside", has_text="试一试")
    pane.locator("[name=age-answer]").fill("59")
    pane.get_by_role("button").click()
    for answer in ("who-comes-answer][value=family", "somebody-else-comes-answer][value=no"):
        pane.locator(f"[name={answer}]").check()
        pane.get_by_role("button").click()
    expect(pane.get_by_role("status")).to_contain_text("利用档案申请表")
    expect(pane.get_by_role("status")).not_to_contain_text("居民身份证")
    found = Axe().run(tab, context="main").response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"][:2]]) for one in found] == []
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
