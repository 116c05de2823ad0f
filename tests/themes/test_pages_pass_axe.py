"""Every sample screen passes axe, fits its width and breaks no content policy, in both themes and all display modes."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.e2e

PUBLIC = ["home", "guide", "notice", "question", "points", "track", "styleguide"]
KIOSK = ["kiosk-home", "kiosk-ticket", "kiosk-call", "kiosk-second", "kiosk-rate"]
MODES = [(theme, size, contrast)
         for theme in ("jingan", "kaifu") for size in ("normal", "elder") for contrast in ("normal", "high")]  # fmt: skip
ERRORS = ["404.html", "403.html", "403_csrf.html", "429.html", "500.html"]


def troubles(chromium, server, *, page: str, width: int, height: int) -> list[str]:
    """What is wrong with a page: axe's findings, sideways scrolling, console errors and files that are not there."""
    address = server.put("/page", page)
    server.missing.clear()
    tab = chromium.new_page(viewport={"width": width, "height": height})
    found: list[str] = []
    tab.on("console", lambda message: found.append(f"console: {message.text}") if message.type == "error" else None)
    tab.on("pageerror", lambda error: found.append(f"script: {error}"))
    tab.goto(address)
    tab.wait_for_load_state("networkidle")
    overflow = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    if overflow > 0:
        found.append(f"wider than the screen by {overflow}")
    for violation in Axe().run(tab).response["violations"]:
        found.append(f"axe {violation['id']}: {[node['target'] for node in violation['nodes'][:3]]}")
    tab.close()
    return found + [f"missing: {path}" for path in server.missing]


def mode_of(number: int) -> dict[str, str]:
    """One of the eight modes; neighbours in a list get different ones, so that each mode is met by some screen."""
    return dict(zip(("theme", "size", "contrast"), MODES[number % len(MODES)], strict=True))


@pytest.mark.parametrize("number", range(len(PUBLIC)), ids=PUBLIC)
def test_a_public_page_wide_and_narrow(chromium, theme_server, draw, number):
    for width, mode in ((1280, mode_of(number)), (390, mode_of(number + 3))):
        page = draw(f"samples/{PUBLIC[number]}.html", **mode)
        assert troubles(chromium, theme_server, page=page, width=width, height=800) == [], mode


@pytest.mark.parametrize("number", range(len(KIOSK)), ids=KIOSK)
def test_a_kiosk_screen(chromium, theme_server, draw, number):
    for mode in (mode_of(0), mode_of(number * 3 + 1)):
        page = draw(f"samples/{KIOSK[number]}.html", **mode)
        assert troubles(chromium, theme_server, page=page, width=1080, height=1920) == [], mode


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "size", "contrast"), MODES)
def test_every_screen_in_every_mode(chromium, theme_server, draw, theme, size, contrast):
    for names, sizes in ((PUBLIC, [(1280, 800), (390, 844)]), (KIOSK, [(1080, 1920)])):
        for name in names:
            page = draw(f"samples/{name}.html", theme=theme, size=size, contrast=contrast)
            for width, height in sizes:
                assert troubles(chromium, theme_server, page=page, width=width, height=height) == [], (name, width)


@pytest.mark.parametrize(("theme", "contrast"), [("jingan", "normal"), ("kaifu", "high")])
def test_desk_and_board(chromium, theme_server, draw, theme, contrast):
    for name, width, height in (("desk", 1440, 900), ("board", 1920, 1080)):
        page = draw(f"samples/{name}.html", theme=theme, contrast=contrast)
        assert troubles(chromium, theme_server, page=page, width=width, height=height) == [], name


@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 1280)])
def test_pages_that_could_not_be_shown(chromium, theme_server, draw, language, width):
    for name in ERRORS:
        page = draw(name, language=language)
        assert troubles(chromium, theme_server, page=page, width=width, height=800) == [], name


def test_styleguide_in_english_on_a_phone(chromium, theme_server, draw):
    page = draw("samples/styleguide.html", language="en")
    assert troubles(chromium, theme_server, page=page, width=390, height=844) == []
