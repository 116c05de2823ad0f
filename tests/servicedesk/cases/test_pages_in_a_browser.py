"""The residents' pages pass axe and fit their screens: telephone, desk, kiosk, elder view and high contrast."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from servicedesk.cases import services as cases
from tests.cast import SECOND_RESIDENT
from tests.servicedesk.cases import at_desk

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("SCREENSHOTS", "")
SCREENS = {
    "1280": ((1280, 800), {}, ""),
    "390": ((390, 844), {}, ""),
    "elder-390": ((390, 844), {"size": "elder"}, ""),
    "elder-contrast-1280": ((1280, 800), {"size": "elder", "contrast": "high"}, ""),
    "contrast-390": ((390, 844), {"contrast": "high"}, ""),
    "kiosk": ((1080, 1920), {}, "?kiosk"),
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django's guard against that is for servers, not for a test's thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


def addresses(cast) -> dict[str, str]:
    """Each page in each of its states."""
    item = at_desk.an_item()
    device, _private = at_desk.a_kiosk(cast.point)
    first = at_desk.a_ticket(cast, person=at_desk.a_person(cast.resident), item=item, device=device)
    waiting = at_desk.a_ticket(cast, person=at_desk.a_person(SECOND_RESIDENT), item=item, device=device)
    at_desk.served(first, cast.counter)
    case = at_desk.a_case(cast, first, item)
    for action in ("accept", "work"):
        cases.move_case(case, action, actor="user:1")
    missing = at_desk.a_case(cast, first, at_desk.an_item("独生子女证明办理", "only-child"))
    for action in ("accept", "supplement"):
        cases.move_case(missing, action, actor="user:1")
    at_desk.finished(first)
    return {
        "track": "/track/",
        "track-code": "/track/code/",
        "track-case": f"/track/c/{case.track_code}/",
        "track-supplement": f"/track/c/{missing.track_code}/",
        "track-waiting": f"/track/t/{waiting.track_code}/",
        "track-finished": f"/track/t/{first.track_code}/",
        "track-unknown": "/track/c/AAAAAAAAAAAAAAAA/",
        "track-english": f"/en/track/c/{case.track_code}/",
        "rate": f"/rate/{first.track_code}/",
        "privacy": "/privacy/",
    }


def troubles(browser: Browser, url: str, *, screen: str, shot: str = "") -> list[str]:
    (width, height), cookies, _query = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height})
    root = "/".join(url.split("/")[:3])
    context.add_cookies([{"name": name, "value": value, "url": root} for name, value in cookies.items()])
    tab = context.new_page()
    found: list[str] = []
    tab.on("pageerror", lambda error: found.append(f"script: {error}"))
    tab.on(
        "console",
        lambda message: found.append(message.text) if message.type == "error" and "404" not in message.text else None,
    )
    tab.goto(url, wait_until="networkidle")
    if (over := tab.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
        found.append(f"wider than the screen by {over}")
    found += [
        f"axe {violation['id']}: {[node['target'] for node in violation['nodes'][:3]]}"
        for violation in Axe().run(tab).response["violations"]
    ]
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=f"{SHOTS}/{shot}-{screen}.png", full_page=screen != "kiosk")
    context.close()
    return found


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_fits_its_screen_and_passes_axe(live_server, browser, screen):
    from tests.cast import make_cast

    wrong, query = {}, SCREENS[screen][2]
    for name, path in addresses(make_cast()).items():
        if query and not name.startswith("track"):
            continue
        found = troubles(browser, live_server.url + path + query, screen=screen, shot=name)
        if found:
            wrong[name] = found
    assert wrong == {}


def test_a_low_rating_from_the_telephone(live_server, browser):
    from servicedesk.ratings.models import Rating
    from tests.cast import make_cast

    path = addresses(make_cast())["rate"]
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.goto(live_server.url + path)
    tab.locator('button[name="level"][value="2"]').click()
    assert [violation["id"] for violation in Axe().run(tab).response["violations"]] == []
    tab.locator('input[name="options"][value="wait"]').check()
    tab.locator("textarea").fill("等得久")
    tab.locator("form button.button").click()
    tab.wait_for_selector(".page-title")
    assert [violation["id"] for violation in Axe().run(tab).response["violations"]] == []
    rating = Rating.objects.get()
    assert (rating.level, rating.options, rating.channel) == (2, ["wait"], "phone")
    context.close()
