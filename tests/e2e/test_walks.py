"""Find, be told what to bring, find a point that is open: by keyboard alone, with and without scripts, in two browsers."""

import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import timezone

from content.guides.services import publish_guides
from content.items.models import ItemAtPlace, ItemEdition
from content.items.services import publish_edition
from content.notices.models import Notice
from content.notices.services import content_of, issue_notice
from portal.base.places.services import change_status
from tests.content.conftest import chinese, site
from tests.content.test_notices import edition
from tests.e2e.keyboards import BROWSERS, WHAT, Keyboard

__all__ = ["chinese", "edition", "site"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
WORDS = "老人瘫在床上"
# Whatever can be worked, but for radio buttons, of which a group is one stop.
WORKABLE = f"""{WHAT}
const found = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
return [...found].filter((one) => one.checkVisibility() && !one.disabled && one.type !== "radio").map(what);
"""
WAYS = [
    pytest.param(("chromium", True), id="chromium-with-scripts"),
    pytest.param(("chromium", False), id="chromium-without-scripts", marks=pytest.mark.slow),
    pytest.param(("firefox", True), id="firefox-with-scripts"),
    pytest.param(("firefox", False), id="firefox-without-scripts", marks=pytest.mark.slow),
]


@pytest.fixture
def keys(request, tmp_path) -> Iterator[Keyboard]:
    name, has_scripts = request.param
    with BROWSERS[name](tmp_path, has_scripts=has_scripts) as keyboard:
        yield keyboard


@pytest.fixture
def care(edition, cast) -> ItemEdition:
    """The item with a choice, a number and a day; one subdistrict does not take it, and one point is closed."""
    edition.aliases = f"{WORDS}了\n长护险"
    edition.save()
    publish_guides([publish_edition(edition).item])
    ItemAtPlace.objects.create(item=edition.item, place=cast.other_subdistrict, is_offered=False)
    change_status(cast.second_point, "suspended", reason="停电", by="test")
    return edition


def find_the_guide(keys: Keyboard, care: ItemEdition) -> None:
    keys.tab_to("想办什么事", tag="input")
    keys.type(WORDS)
    keys.follow()
    keys.skip_to_content()
    keys.tab_to(care.name, tag="a")
    keys.follow()
    assert keys.heading == care.name


def answer_all(keys: Keyboard) -> None:
    """A choice by arrows, a number by digits, a day in three lists; on the way one mistake and once back."""
    keys.skip_to_content()
    keys.tab_to("老人自己去", tag="input")
    keys.press("Space")
    keys.press("ArrowDown")
    assert keys.see("return document.querySelector('input:checked').value") == "family"
    keys.tab_to("下一题", tag="button")
    keys.follow()
    assert keys.heading == "老人多大年纪？"
    keys.tab_to("", tag="input")
    keys.type("130")
    # Enter goes on, not back, though the form has a button for either.
    keys.follow()
    assert "0 到 120 之间" in keys.see("return document.querySelector('[role=alert]').innerText")
    assert keys.tab_to("", tag="input")["value"] == "130"
    keys.type("70")
    keys.follow()
    assert keys.heading == "社保卡哪天办的？"
    keys.tab_to("上一题", tag="button")
    keys.follow()
    assert keys.tab_to("", tag="input")["value"] == "70"
    keys.follow()
    for typed, value in (("2010", "2010"), ("5", "5"), ("1", "1")):
        keys.tab_to("", tag="select")
        keys.type(typed)
        keys.wait("return document.activeElement.value === args", value, what=f"{value} in the list")
    keys.tab_to("下一题", tag="button")
    keys.follow()


def told_once(keys: Keyboard, live_server) -> None:
    """The notice that these answers lead to: its row, its page and its bytes."""
    notice = Notice.objects.get()
    answers = {row["question"]: row["value"] for row in content_of(notice)["answers"]}
    assert answers == {"who-comes": "family", "age": 70, "card-since": "2010-05-01"}
    assert keys.heading == "带齐这 3 样，就能办。"
    assert notice.code in keys.see("return document.querySelector('.stub').innerText").replace(" ", "")
    with urllib.request.urlopen(f"{live_server.url}/notices/{notice.token}.json") as served:
        assert served.read() == bytes(notice.content)


def tick_what_is_at_home(keys: Keyboard, *, has_scripts: bool) -> None:
    keys.skip_to_content()
    first = keys.tab_to("老人的居民身份证", tag="input")
    keys.press("Space")
    assert keys.see("return document.activeElement.checked") and not first["isTicked"]
    if not has_scripts:
        return
    left = "return document.querySelector('[data-ticks-left]').innerText"
    assert keys.see(left) == "还缺：代办人的身份证、旧社保卡"
    keys.open(keys.address.partition("#")[0])
    assert keys.see("return document.querySelector('[data-material]').checked"), "kept on the device"
    keys.skip_to_content()


def find_an_open_point(keys: Keyboard, care: ItemEdition, cast) -> None:
    keys.tab_to("看服务点", tag="a")
    keys.follow()
    shown = keys.see("return [...document.querySelectorAll('[data-code]')].map((row) => row.dataset.code)")
    assert set(shown) == {cast.point.code, cast.centre.code}
    assert f"能办：{care.name}" in keys.text
    keys.skip_to_content()
    keys.tab_to(cast.point.name, tag="a")
    keys.follow()
    assert keys.heading == cast.point.name
    assert keys.address.endswith(f"/points/{cast.point.code}/")
    assert timezone.localtime().strftime("数据截至 %H:") in keys.text


@pytest.mark.parametrize("keys", WAYS, indirect=True)
def test_from_own_words_to_a_point_that_is_open(keys, request, live_server, care, cast):
    today = timezone.localdate()
    has_scripts = request.node.callspec.params["keys"][1]
    keys.open(live_server.url)
    assert keys.see("return document.scripts.length > 0")
    find_the_guide(keys, care)
    keys.tab_to("我要带什么？", tag="a")
    keys.follow()
    answer_all(keys)
    told_once(keys, live_server)
    tick_what_is_at_home(keys, has_scripts=has_scripts)
    find_an_open_point(keys, care, cast)
    assert date.fromisoformat(content_of(Notice.objects.get())["as_of"]) >= today


@pytest.mark.slow
@pytest.mark.parametrize("keys", WAYS[:1], indirect=True)
def test_the_keyboard_reaches_everything_and_leaves_it_again(keys, live_server, care, cast):
    notice = issue_notice(care, {"who-comes": "family", "age": 70, "card-since": date(2010, 5, 1)})
    guide = f"/guides/{care.item.key}/"
    for address in (
        "/", "/search/?q=长护险", guide, f"{guide}notice/?new", f"/notices/{notice.token}/", f"/points/?item={care.item.key}",
        f"/points/{cast.point.code}/",
    ):  # fmt: skip
        keys.open(live_server.url + address)
        keys.wait("return document.readyState === 'complete'")
        forth = keys.all_stops()
        # Workable things may come with a script after the page, and be there only now.
        assert not (missed := Counter(keys.see(WORKABLE)) - forth), f"{address}: {missed}"
        back = keys.all_stops("Shift+Tab")
        odd = {one for one in (forth - back) + (back - forth) if not one.startswith("input|radio|")}
        assert not odd, f"{address}: one way only {odd}"
