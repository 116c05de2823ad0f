"""Booking in a real browser: every page passes axe and fits its screen; by keyboard alone and without JavaScript."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from content.items import services as items
from content.notices.services import issue_notice
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking, SlotPlan
from tests.cast import make_cast
from tests.servicedesk.booking.conftest import starts_in, tomorrow
from tests.servicedesk.cases import at_desk
from tests.servicedesk.cases.test_pages_in_a_browser import SCREENS, browser, troubles

__all__ = ["browser"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ALWAYS = {"390", "elder-contrast-1280"}


def addresses() -> dict[str, str]:
    """Each page in each of its states."""
    cast = make_cast()
    SlotPlan.objects.create(place=cast.centre, starts="9:00", ends="17:00", capacity=2)
    SlotPlan.objects.create(place=cast.point, starts="9:00", ends="12:00", capacity=1)
    item = at_desk.an_item(is_remote=True, is_onsite=True)
    notice = issue_notice(items.current_edition(item), {})

    def book(place, at, **more) -> Booking:
        return booking.book_at_once(place, at, actor="resident", **more)

    booked, cancelled = book(cast.centre, tomorrow(), item=item, notice=notice), book(cast.point, tomorrow())
    booking.cancel(cancelled)
    for hour, minute in ((9, 0), (9, 30), (11, 30)):
        book(cast.point, tomorrow(hour, minute))
    arrived = starts_in(book(cast.centre, tomorrow(11)), timedelta(minutes=5))
    booking.check_in(arrived, at=cast.centre, actor="user:1")
    missed = starts_in(book(cast.centre, tomorrow(12)), -timedelta(hours=2))
    booking.miss_late()
    held = booking.hold(cast.centre, tomorrow(15), item=item, actor="resident")
    day = tomorrow().date().isoformat()
    return {
        "item": "/book/",
        "item-none": "/book/?words=xyzzy",
        "place": f"/book/?item={item.key}",
        "time": f"/book/?item={item.key}&place={cast.point.code}&day={day}",
        "time-none": f"/book/?item={item.key}&place={cast.second_point.code}",
        "details": f"/book/{held.token}/details/",
        "booked": f"/book/{booked.token}/",
        "english": f"/en/book/{booked.token}/",
        "cancelled": f"/book/{cancelled.token}/",
        "arrived": f"/book/{arrived.token}/",
        "missed": f"/book/{missed.token}/",
        "unknown": "/book/aaaaaaaaaaaaaaaaaaaa/",
    }


@pytest.mark.parametrize(
    "screen", [pytest.param(name, marks=() if name in ALWAYS else (pytest.mark.slow,)) for name in SCREENS]
)
def test_every_page_fits_its_screen_and_passes_axe(live_server, browser, screen):
    wrong, query = {}, SCREENS[screen][2]
    for name, path in addresses().items():
        if query:
            path += "&kiosk=1" if "?" in path else query
        found = troubles(browser, live_server.url + path, screen=screen, shot=f"book-{name}")
        if found:
            wrong[name] = found
    assert wrong == {}


def test_by_keyboard_alone_and_without_javascript(live_server, browser):
    path = addresses()["place"]
    tab = browser.new_context(java_script_enabled=False, locale="zh-CN").new_page()
    tab.goto(live_server.url + path)

    def press(text: str) -> None:
        """Tab on to what has these words, and press Enter there."""
        for _step in range(120):
            tab.keyboard.press("Tab")
            focused = tab.locator(":focus")
            if focused.count() and text in (focused.text_content() or ""):
                tab.keyboard.press("Enter")
                tab.wait_for_load_state()
                return
        raise AssertionError(f"the keyboard does not reach {text}")

    press("大宁路街道第1居委会")
    press("明天")
    press("10:00")
    tab.keyboard.press("Tab")
    expect(tab.locator("h1")).to_have_text("就差一步")
    press("就约这个时间")
    expect(tab.locator(".stub__code")).to_be_visible()
    row = Booking.objects.order_by("made_at").last()
    assert row.state == "booked"
    assert row.code in tab.locator(".stub__code").inner_text().replace(" ", "")
    press("取消预约")
    expect(tab.locator("h1")).to_have_text("这个预约已取消。")
    press("撤销")
    expect(tab.locator(".stub__code")).to_be_visible()
    assert Booking.objects.get(pk=row.pk).state == "booked"
    tab.context.close()
