"""Chromium and Firefox with nothing but their keyboard: what a walk presses, and what it sees afterwards.

Chromium is driven by Playwright, Debian's Firefox by its own protocol, Marionette: Playwright knows only a Firefox build
of its own. The scripts that look at a page are asked from outside and run where the page's own scripts are switched off.
"""

import os
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marionette_driver import errors as marionette_errors
from marionette_driver.keys import Keys
from marionette_driver.marionette import Marionette
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import CHROMIUM

FIREFOX = "/usr/bin/firefox-esr"
SIZE = (1280, 800)
MOVES_WITHIN_S = 1
WITHIN_S = 20
# More stops than any page of the portal has.
MOST_STOPS = 120
# More than Firefox has around a page.
MOST_BUTTONS = 12

# A thing is known again by what it is, since others come and go beside it.
WHAT = """
const what = (one) => [
    one.localName, one.getAttribute("type") ?? "", one.href ?? one.id ?? one.name ?? "",
    one.getAttribute("aria-label") ?? one.textContent.trim().replace(/\\s+/g, " ").slice(0, 60),
].join("|");
"""
# What has the focus: the one element itself, where it stands, its name, whether its ring is drawn and nothing covers it.
FOCUS = f"""{WHAT}
const here = document.activeElement;
if (!document.hasFocus() || !here || here === document.body || here === document.documentElement) return null;
const box = here.getBoundingClientRect();
let ring = here;
const isRinged = (one) => getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
for (let step = 0; step < 3 && ring.parentElement && !isRinged(ring); step += 1) ring = ring.parentElement;
const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
here.dataset.stop ??= String(Math.random());
return {{
    mark: here.dataset.stop, what: what(here), at: [...document.querySelectorAll("*")].indexOf(here),
    tag: here.localName, type: here.getAttribute("type") ?? "", value: here.value ?? "", isTicked: Boolean(here.checked),
    name: (here.getAttribute("aria-label") ?? [...(here.labels ?? [])].map((label) => label.textContent).join(" "))
        || here.textContent.trim() || here.getAttribute("title") || here.getAttribute("placeholder") || "",
    href: here.href ?? "", isInMain: Boolean(here.closest("main")),
    isRinged: isRinged(ring),
    isUncovered: Boolean(hit) && [here, ...(here.labels ?? [])].some((one) => one.contains(hit) || hit.contains(one)),
}};
"""


class Keyboard(ABC):
    """One window. Keys are named as in `KeyboardEvent.key`; `stops` are what the focus came by on the present page."""

    name: str

    def __init__(self) -> None:
        self.stops: list[str] = []

    @abstractmethod
    def open(self, address: str) -> None: ...

    @abstractmethod
    def press(self, key: str) -> None:
        """A key goes down and up; "Shift+Tab" is the one chord."""

    @abstractmethod
    def type(self, text: str) -> None: ...

    @abstractmethod
    def see(self, body: str, args: Any = None) -> Any:
        """What the function body returns in the page (`args` is known there); None while a page is being left."""

    def wait(self, body: str, args: Any = None, *, what: str = "") -> Any:
        """See again until there is something."""
        return self.until(lambda: self.see(body, args), what=what or body)

    def until(self, look: Callable[[], Any], *, what: str) -> Any:
        """Look again until there is something; what it was."""
        deadline = time.monotonic() + WITHIN_S
        while not (found := look()):
            assert time.monotonic() < deadline, f"{self.name}: {what} did not come about on {self.address}"
            time.sleep(0.05)
        return found

    @property
    def address(self) -> str:
        return self.see("return location.href") or ""

    @property
    def text(self) -> str:
        return self.wait("return document.querySelector('main')?.innerText")

    @property
    def heading(self) -> str:
        return self.wait("return document.querySelector('h1')?.innerText.trim()")

    def follow(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, and wait for that."""
        before = self.see("return performance.timeOrigin")
        self.press(key)
        self.wait(
            "return document.readyState === 'complete' && document.hasFocus() && performance.timeOrigin !== args",
            before,
            what="another page",
        )
        self.stops = []

    def step(self, key: str = "Tab") -> dict[str, Any] | None:
        """One step of the focus, which must be seen where it lands; None at the end of the page."""
        before = self.see(FOCUS)
        self.press(key)
        # Firefox moves the focus from its other process: a little after the key.
        deadline = time.monotonic() + MOVES_WITHIN_S
        while (stop := self.see(FOCUS)) is None or (before and stop["mark"] == before["mark"]):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        if stop is None:
            return None
        if not (stop["isUncovered"] and stop["isRinged"]):
            # Firefox scrolls to the focus and draws its ring with its next picture only.
            stop = self.until(
                lambda: (now := self.see(FOCUS)) and now["isUncovered"] and now["isRinged"] and now,
                what=f"“{stop['name'].strip()}” in view with a ring around it",
            )
        where = f"{self.name}, {self.address}: {stop['tag']} “{stop['name'].strip()[:40]}”"
        assert before is None or stop["mark"] != before["mark"], f"{where} holds the focus"
        self.stops.append(stop["name"].strip()[:20])
        return stop

    def tab_to(self, words: str, *, tag: str = "", key: str = "Tab") -> dict[str, Any]:
        """Step until the focus is on what carries these words."""
        for _count in range(MOST_STOPS):
            stop = self.step(key)
            if stop and words in stop["name"] and tag in ("", stop["tag"]):
                return stop
        raise AssertionError(f"{self.name}, {self.address}: no way to “{words}”, only to {self.stops}")

    def skip_to_content(self) -> None:
        """The first stop of a page leads past its head; an address that a form kept has led there already."""
        if self.address.endswith("#main"):
            return
        # On a new page Firefox may begin at its own buttons.
        stop = next(filter(None, (self.step() for _count in range(MOST_BUTTONS))), None)
        assert stop and stop["href"].endswith("#main"), f"{self.address} begins with {stop}"
        self.press("Enter")
        self.wait("return document.activeElement.id === 'main'", what="the focus on the content")

    def all_stops(self, key: str = "Tab") -> Counter[str]:
        """Every stop from here to the end of the page, each once: nothing holds the focus, and it goes around."""
        found: dict[str, str] = {}
        ahead, last = (-1, sys.maxsize) if key == "Shift+Tab" else (1, -1)
        for _count in range(MOST_STOPS):
            stop = self.step(key)
            # Some browsers go around at the end of the page, others to their own buttons.
            if stop is None or (stop["at"] - last) * ahead <= 0:
                return Counter(found.values())
            found[stop["mark"]], last = stop["what"], stop["at"]
        raise AssertionError(f"{self.name}, {self.address}: more than {MOST_STOPS} stops")


class _Chromium(Keyboard):
    name = "Chromium"

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def open(self, address: str) -> None:
        self.page.goto(address)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def see(self, body: str, args: Any = None) -> Any:
        try:
            return self.page.evaluate(f"(args) => {{ {body} }}", args)
        except PlaywrightError as error:
            if "context was destroyed" in str(error):
                return None
            raise


class _Firefox(Keyboard):
    name = "Firefox"
    KEYS = {
        "Tab": Keys.TAB, "Enter": Keys.ENTER, "Space": " ", "Escape": Keys.ESCAPE,
        "ArrowDown": Keys.ARROW_DOWN, "ArrowUp": Keys.ARROW_UP,
    }  # fmt: skip
    LEFT = (
        marionette_errors.NoSuchWindowException, marionette_errors.StaleElementException,
        marionette_errors.UnknownException,
    )  # fmt: skip

    def __init__(self, marionette: Marionette) -> None:
        super().__init__()
        self.marionette = marionette

    def open(self, address: str) -> None:
        self.marionette.navigate(address)

    def press(self, key: str) -> None:
        chain = self.marionette.actions.sequence("key", "keyboard")
        *held, last = key.split("+")
        for _shift in held:
            chain.key_down(Keys.SHIFT)
        chain.key_down(self.KEYS[last]).key_up(self.KEYS[last])
        for _shift in held:
            chain.key_up(Keys.SHIFT)
        chain.perform()

    def type(self, text: str) -> None:
        self.marionette.actions.sequence("key", "keyboard").send_keys(text).perform()

    def see(self, body: str, args: Any = None) -> Any:
        # The system's sandbox runs where the page's own scripts are switched off.
        try:
            return self.marionette.execute_script(
                f"const args = arguments[0]; {body}", script_args=[args], sandbox="system"
            )
        except self.LEFT:
            return None


@contextmanager
def chromium(folder: Path, *, has_scripts: bool) -> Iterator[Keyboard]:
    # Playwright's loop runs in this thread; Django's guard against that is for servers, not for a test's thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]}, locale="zh-CN", java_script_enabled=has_scripts
        )
        yield _Chromium(context.new_page())
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@contextmanager
def firefox(folder: Path, *, has_scripts: bool) -> Iterator[Keyboard]:
    marionette = Marionette(
        bin=FIREFOX, headless=True, host="127.0.0.1", port=0, gecko_log=str(folder / "firefox.log"), startup_timeout=90,
        prefs={"javascript.enabled": has_scripts, "intl.accept_languages": "zh-CN"},
    )  # fmt: skip
    try:
        marionette.start_session()
        marionette.set_window_rect(width=SIZE[0], height=SIZE[1] + 90)
        yield _Firefox(marionette)
    finally:
        marionette.quit()
        marionette.cleanup()


BROWSERS = {"chromium": chromium, "firefox": firefox}
