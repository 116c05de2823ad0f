"""Every sample screen passes axe, fits its width and breaks no content policy, in both themes and all display modes."""

from itertools import product

import pytest

pytestmark = pytest.mark.e2e

PUBLIC = ["home", "guide", "notice", "question", "points", "track", "styleguide"]
KIOSK = ["kiosk-home", "kiosk-ticket", "kiosk-call", "kiosk-second", "kiosk-rate"]
MODES = list(product(("jingan", "kaifu"), ("normal", "elder"), ("normal", "high")))
ERRORS = ["404.html", "403.html", "403_csrf.html", "429.html", "500.html"]


def mode_of(number: int) -> dict[str, str]:
    """One of the eight modes; neighbours in a list get different ones, so that each mode is met by some screen."""
    return dict(zip(("theme", "size", "contrast"), MODES[number % len(MODES)], strict=True))


@pytest.mark.parametrize("number", range(len(PUBLIC)), ids=PUBLIC)
def test_a_public_page_wide_and_narrow(troubles, draw, number):
    for width, mode in ((1280, mode_of(number)), (390, mode_of(number + 3))):
        page = draw(f"samples/{PUBLIC[number]}.html", **mode)
        assert troubles(page, width=width, height=800) == [], mode


@pytest.mark.parametrize("number", range(len(KIOSK)), ids=KIOSK)
def test_a_kiosk_screen(troubles, draw, number):
    for mode in (mode_of(0), mode_of(number * 3 + 1)):
        page = draw(f"samples/{KIOSK[number]}.html", **mode)
        assert troubles(page, width=1080, height=1920) == [], mode


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "size", "contrast"), MODES)
def test_every_screen_in_every_mode(troubles, draw, theme, size, contrast):
    for names, sizes in ((PUBLIC, [(1280, 800), (390, 844)]), (KIOSK, [(1080, 1920)])):
        for name in names:
            page = draw(f"samples/{name}.html", theme=theme, size=size, contrast=contrast)
            for width, height in sizes:
                assert troubles(page, width=width, height=height) == [], (name, width)


@pytest.mark.parametrize(("theme", "contrast"), [("jingan", "normal"), ("kaifu", "high")])
def test_desk_and_board(troubles, draw, theme, contrast):
    for name, width, height in (("desk", 1440, 900), ("board", 1920, 1080)):
        page = draw(f"samples/{name}.html", theme=theme, contrast=contrast)
        assert troubles(page, width=width, height=height) == [], name


@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 1280)])
def test_pages_that_could_not_be_shown(troubles, draw, language, width):
    for name in ERRORS:
        page = draw(name, language=language)
        assert troubles(page, width=width, height=800) == [], name


def test_styleguide_in_english_on_a_phone(troubles, draw):
    page = draw("samples/styleguide.html", language="en")
    assert troubles(page, width=390, height=844) == []
