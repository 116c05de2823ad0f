"""The list of points by the distance from here, in a real browser: the position stays in it, and nobody needs to give one."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from portal.base.places.services import change_status
from servicedesk.devices import services as devices
from tests.content.conftest import chinese, site
from tests.e2e.test_editors_hour import browser

__all__ = ["browser", "chinese", "site"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
HERE = {"latitude": 31.27214, "longitude": 121.45037}
SLOW_MS = 40_000
# The places of the list; the names of the subdistricts are markers too, and nothing to press.
MARKS = ".leaflet-marker-icon.leaflet-interactive"


def opened(browser, live_server, **more) -> tuple[Page, list[str]]:
    """The page of points, and all that its browser sends."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800}, **more)
    tab = context.new_page()
    sent: list[str] = []
    tab.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''} {request.headers}"))
    tab.goto("/points/")
    tab.wait_for_selector(MARKS, timeout=SLOW_MS)
    return tab, sent


def first_codes(tab: Page) -> list[str]:
    return tab.locator("[data-point-list] > li").evaluate_all("rows => rows.map((row) => row.dataset.code)")


def test_with_leave_the_nearest_comes_first_and_the_position_stays_here(live_server, browser, site, cast):
    tab, sent = opened(browser, live_server, geolocation=HERE, permissions=["geolocation"])
    button = tab.locator("[data-near]")
    button.click()
    expect(tab.locator("h1")).to_have_text("离您近的服务点", timeout=SLOW_MS)
    assert set(first_codes(tab)[:2]) == {cast.second_point.code, cast.other_subdistrict.code + "-P02"}
    assert "步行约" in tab.locator("[data-point-list] > li").first.inner_text()
    expect(button).to_have_attribute("aria-pressed", "true")
    # The map's pins follow the new order.
    expect(tab.locator(f'{MARKS}[aria-label^="1 "]')).to_have_count(1)
    tab.reload()
    expect(tab.locator("h1")).to_have_text("离您近的服务点", timeout=SLOW_MS)
    assert not [line for line in sent if "31.27" in line or "121.45" in line]
    tab.locator("[data-near]").click()
    expect(tab.locator("h1")).to_have_text("服务点", timeout=SLOW_MS)
    assert tab.evaluate("sessionStorage.length") == 0
    tab.context.close()


def test_without_leave_a_subdistrict_is_chosen(live_server, browser, site, cast):
    tab, _sent = opened(browser, live_server)
    tab.locator("[data-near]").click()
    expect(tab.locator("[data-near-message]")).to_have_text("找不到您的位置。请选一个街镇。", timeout=SLOW_MS)
    expect(tab.locator("#area")).to_be_focused()
    tab.locator("#area").select_option(cast.subdistrict.code)
    tab.locator(".points__search button").press("Enter")
    expect(tab.locator("h1")).to_have_text(f"{cast.subdistrict.name}的服务点", timeout=SLOW_MS)
    tab.context.close()


def test_the_map_is_used_by_keyboard(live_server, browser, site, cast):
    tab, _sent = opened(browser, live_server)
    tab.locator(MARKS).nth(2).focus()
    name = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    tab.keyboard.press("Enter")
    expect(tab.locator("[data-map-pop] a")).to_be_focused()
    assert tab.locator("[data-map-pop] h2").inner_text() in name
    tab.keyboard.press("Enter")
    expect(tab.locator("h1")).not_to_have_text("服务点", timeout=SLOW_MS)
    tab.context.close()


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_the_staffs_page_of_points_passes_axe(live_server, browser, chinese, cast, client_for, size):
    change_status(cast.point, "suspended", reason="线路检修", by="test")
    devices.pair(code="JA-01", name="慧芝湖自助机", place=cast.point, public_key=b"k" * 32)
    session = client_for(cast.manager).cookies[settings.SESSION_COOKIE_NAME].value
    for look in ({}, {"contrast": "high"}, {"size": "elder"}):
        context = browser.new_context(base_url=live_server.url, viewport={"width": size[0], "height": size[1]})
        given = look | {settings.SESSION_COOKIE_NAME: session}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in given.items()])
        tab = context.new_page()
        tab.goto("/point/")
        assert cast.point.name in tab.locator(".point-board__list").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        found = Axe().run(tab).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"][:3]]) for rule in found] == []
        context.close()
