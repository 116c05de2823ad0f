"""An editor's hour in a real browser: a material, a scheduled edition, publishing, the way back, "I have checked it".

No camera and no kiosk are needed for it, so it runs on a small site of its own instead of the whole demo district.
"""

import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from content.items.models import ItemEdition, Material, ServiceItem
from portal.base.rights import services as rights
from tests.content.conftest import chinese, site
from tests.e2e.conftest import CHROMIUM

__all__ = ["chinese", "site"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ITEM = "门急诊就医记录册申领"


@pytest.fixture
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django's guard against that is for servers, not for a test's thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def tab(live_server, browser, client_for, site, cast) -> Page:
    """The CMS open as the district's editor, who also approves: the whole office in one person."""
    rights.grant(cast.editor, "district_supervisor", cast.district)
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport={"width": 1280, "height": 900})
    session = client_for(cast.editor).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    return context.new_page()


def press_publish(tab: Page) -> None:
    """Press "publish" in the menu at the foot of the form."""
    tab.locator("footer [data-w-dropdown-target='toggle']").click()
    tab.locator("button[name='action-publish']").click()


def publish(tab: Page) -> None:
    """Publish, and see that it was."""
    press_publish(tab)
    expect(tab.locator(".messages .success").first).to_be_visible()


def public_text(tab: Page, address: str) -> str:
    page = tab.context.browser.new_page(base_url=tab.url.split("/cms/")[0])
    page.goto(address)
    text = page.locator("main").inner_text()
    page.close()
    return text


def test_an_editors_hour(tab):
    item = ServiceItem.objects.get(name_zh=ITEM)
    edition = ItemEdition.objects.get(item=item)
    guide = f"/guides/{item.key}/"

    # What asks for me?
    tab.goto("/cms/")
    expect(tab.get_by_text("等您处理")).to_be_visible()

    # A material changes; every guide that asks for it says so at once.
    material = Material.objects.get(name="居民身份证")
    tab.goto(f"/cms/snippets/items/material/edit/{material.pk}/")
    tab.locator("[name='explanation']").fill("要在有效期内。")
    press_publish(tab)
    # Before it goes out, the page says which guides it touches.
    expect(tab.get_by_role("main").get_by_role("link", name=ITEM)).to_be_visible()
    tab.get_by_role("button", name=re.compile("指南里发布")).click()
    expect(tab.locator(".messages .success").first).to_be_visible()
    assert "要在有效期内。" in public_text(tab, guide)

    # An edition is changed with an official word in it: it is published, and the word is pointed at.
    tab.goto(f"/cms/snippets/items/itemedition/edit/{edition.pk}/")
    tab.locator("[name='summary']").fill("不予受理的情况写在这里。")
    publish(tab)
    expect(tab.get_by_text("大家说").first).to_be_visible()
    assert "不予受理的情况写在这里。" in public_text(tab, guide)

    # Back to how it was.
    tab.get_by_role("link", name="恢复上一版").first.click()
    expect(tab.locator("[name='summary']")).to_have_value("")
    publish(tab)
    assert "不予受理的情况写在这里。" not in public_text(tab, guide)

    # What holds from next month on is entered today: a copy with a later day.
    later = timezone.localdate() + timedelta(days=30)
    tab.goto(f"/cms/snippets/items/itemedition/copy/{edition.pk}/")
    tab.locator("[name='valid_from']").fill(later.isoformat())
    tab.keyboard.press("Escape")
    tab.locator("[name='summary']").fill("下个月起的说明。")
    publish(tab)
    assert "下个月起的说明。" not in public_text(tab, guide)
    tab.goto(f"{guide}?as_of={later.isoformat()}")
    expect(tab.locator("main")).to_contain_text("下个月起的说明。")
    # Nobody else sees ahead.
    assert "下个月起的说明。" not in public_text(tab, f"{guide}?as_of={later.isoformat()}")
    tab.goto("/cms/reports/attention/?kind=scheduled")
    expect(tab.get_by_text(f"{later.isoformat()}起有变化")).to_be_visible()

    # And the item is right.
    tab.goto(f"/cms/items/{item.pk}/checked/")
    tab.get_by_role("button", name="我已核对").click()
    expect(tab.get_by_text("今天核对过了")).to_be_visible()
    item.refresh_from_db()
    assert item.checked_at is not None


@pytest.mark.parametrize("width", [1280, 390])
def test_the_bulletins_pages_pass_axe(tab, live_server, browser, cast, width):
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 844})
    page = context.new_page()
    found = []
    for address in ("/suggestions/", "/suggestions/thanks/", "/questions/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        found += [(address, violation["id"]) for violation in Axe().run(page).response["violations"]]
    page.goto("/suggestions/")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".field--error").first).to_be_visible()
    found += [("errors", violation["id"]) for violation in Axe().run(page).response["violations"]]
    assert found == []
