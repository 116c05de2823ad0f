"""Every kind of public page as it is served: no axe violation, no sideways scrolling, no error in the console."""

from collections.abc import Iterator
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from content.items.models import LifeEvent, ServiceItem
from content.items.services import current_edition
from content.notices.services import issue_notice
from tests.content.conftest import chinese, site
from tests.e2e.test_editors_hour import browser

__all__ = ["browser", "chinese", "site"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
ITEM = "婚姻登记档案查询"
SIZES = {"phone": (390, 844), "desktop": (1280, 800), "kiosk": (1080, 1920)}
LOOKS = {"normal": {}, "large": {"size": "elder"}, "contrast": {"contrast": "high"}}
# Two of the nine in each run, all of them in the long tier.
ALWAYS = {("phone", "large"), ("desktop", "contrast")}
MODES = [
    pytest.param(*mode, marks=() if mode in ALWAYS else (pytest.mark.slow,), id="-".join(mode))
    for mode in product(SIZES, LOOKS)
]


def addresses(cast) -> Iterator[str]:
    """One address for every kind of page."""
    item = ServiceItem.objects.get(name_zh=ITEM)
    guide = f"/guides/{item.key}/"
    notice = issue_notice(current_edition(item), {"somebody-else-comes": False})
    for key, mourning in (("moving", False), ("farewell", True)):
        event = LifeEvent.objects.create(key=key, name=key, words="先办这几件。", is_bereavement=mourning)
        event.entries.create(item=item, note="先办")
    yield from ("/", "/guides/", guide, f"{guide}notice/", reverse("notice", args=[notice.token]), "/notices/unknown/")
    yield from ("/life/", "/life/moving/", "/life/farewell/")
    yield from ("/points/", "/points/items/", "/points/leaflet/", f"/points/{cast.point.code}/")
    yield "/points/?area=nowhere"
    yield from ("/search/?q=医保", "/search/?q=xyzzy", "/questions/", "/suggestions/", "/track/", "/en/", f"/en{guide}")


@pytest.mark.parametrize(("size", "look"), MODES)
def test_every_kind_of_page_passes(live_server, browser, site, cast, size, look):
    width, height = SIZES[size]
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in LOOKS[look].items()])
    tab = context.new_page()
    found: list[str] = []
    tab.on("pageerror", lambda error: found.append(f"{tab.url}: {error}"))
    for address in addresses(cast):
        tab.goto(address)
        if tab.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            found.append(f"{address}: wider than the screen")
        for violation in Axe().run(tab).response["violations"]:
            found.append(f"{address}: {violation['id']} {[node['target'] for node in violation['nodes'][:3]]}")
    context.close()
    assert found == []


@pytest.mark.parametrize(("size", "look"), MODES)
def test_the_open_list_of_suggestions_passes(live_server, browser, site, size, look):
    width, height = SIZES[size]
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in LOOKS[look].items()])
    tab = context.new_page()
    tab.goto("/search/")
    box = tab.get_by_role("combobox")
    box.press_sequentially("hunyin")
    tab.get_by_role("option").first.wait_for()
    box.press("ArrowDown")
    assert box.get_attribute("aria-expanded") == "true"
    assert tab.locator(f"#{box.get_attribute('aria-activedescendant')}").get_attribute("aria-selected") == "true"
    found = [(violation["id"], violation["nodes"][0]["target"]) for violation in Axe().run(tab).response["violations"]]
    box.press("Enter")
    tab.wait_for_url(f"**/guides/{ServiceItem.objects.get(name_zh=ITEM).key}/")
    context.close()
    assert found == []
