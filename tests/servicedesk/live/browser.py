"""Live screens in a real browser: what is wrong with one in each display mode, and its picture where one is wanted."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from kiosk_bridge import messages
from portal.base.keyring import services as keyring
from servicedesk.devices.models import Device
from tests.cast import CardHolder

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream=device-count=3"]
BRIDGE = "ws://127.0.0.1:17680/"
# Names a folder that gets a picture of every state in every mode.
SHOTS = os.environ.get("SCREENSHOTS", "")
MODES = {"normal": ("normal", "normal"), "elder": ("elder", "normal"), "contrast": ("normal", "high")}
SEEN_WITHIN_MS = 15_000


class Player:
    """Chromium in a thread of its own, where Playwright keeps its loop, so that the test's thread may use the database."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)

        def start() -> tuple[Any, Browser]:
            player = sync_playwright().start()
            return player, player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        self._player, self.browser = self.run(start)

    def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return self._thread.submit(work, *arguments).result()

    def stop(self) -> None:
        self.run(self.browser.close)
        self.run(self._player.stop)
        self._thread.shutdown()

    def open(
        self, url: str, *, size: tuple[int, int], session: str = "", language: str = "", has_camera: bool = True,
        bridge: "Bridge | None" = None, line: "Line | None" = None,
    ) -> "Tab":  # fmt: skip
        """A window of its own on that page, with the session of a device or an account."""

        def make() -> Page:
            context = self.browser.new_context(
                viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="zh-CN",
                permissions=["camera", "microphone"] if has_camera else [],
            )  # fmt: skip
            root = "/".join(url.split("/")[:3])
            cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
            context.add_cookies(
                [{"name": name, "value": value, "url": root} for name, value in cookies.items() if value]
            )
            page = context.new_page()
            if bridge is not None:
                page.route_web_socket(BRIDGE, bridge.take)
            if line is not None:
                page.route_web_socket(line.pattern, line.take)
            return page

        tab = Tab(self, self.run(make))
        tab.goto(url)
        return tab


class Tab:
    """One window; `wrong` collects what was found, by state and mode."""

    def __init__(self, player: Player, page: Page) -> None:
        self.player, self.page = player, page
        self.wrong: dict[str, list[str]] = {}
        self._errors: list[str] = []
        player.run(page.on, "pageerror", lambda error: self._errors.append(f"script: {error}"))

    def do(self, work: Callable[[Page], Any]) -> Any:
        return self.player.run(work, self.page)

    def goto(self, url: str) -> None:
        self.do(lambda page: page.goto(url))

    def click(self, selector: str) -> None:
        self.do(lambda page: page.locator(selector).first.click())

    def fill(self, selector: str, text: str) -> None:
        self.do(lambda page: page.locator(selector).first.fill(text))

    def see(self, selector: str, text: str | None = None) -> None:
        """Wait until it is in view, with that text."""

        def look(page: Page) -> None:
            found = page.locator(selector).first
            expect(found).to_be_visible(timeout=SEEN_WITHIN_MS)
            if text is not None:
                expect(found).to_contain_text(text, timeout=SEEN_WITHIN_MS)

        self.do(look)

    def text(self, selector: str = "main") -> str:
        return self.do(lambda page: page.locator(selector).first.inner_text())

    def check(self, name: str, *, is_tall: bool = False) -> None:
        """Look at the present state in every mode; `is_tall` takes the whole page into the picture."""
        for mode, (size, contrast) in MODES.items():
            found = self.do(lambda page, s=size, c=contrast, m=mode: self._look(page, name, m, s, c, is_tall))
            if found:
                self.wrong[f"{name}, {mode}"] = found
        self.do(lambda page: page.evaluate(SET_MODE, list(MODES["normal"])))

    def _look(self, page: Page, name: str, mode: str, size: str, contrast: str, is_tall: bool) -> list[str]:
        page.evaluate(SET_MODE, [size, contrast])
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{mode}.png", full_page=is_tall)
        found, self._errors = self._errors, []
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            found.append(f"wider than the screen by {over}")
        for violation in Axe().run(page).response["violations"]:
            nodes = [(node["target"], node["any"][0]["message"] if node["any"] else "") for node in violation["nodes"]]
            found.append(f"axe {violation['id']}: {nodes[:3]}")
        return found

    def close(self) -> None:
        """Done with this window; fails when anything was wrong in any state."""
        self.player.run(self.page.context.close)
        assert not self.wrong, "\n".join(f"{state}: {found}" for state, found in self.wrong.items())


# Two frames on, what the mode changes is drawn.
SET_MODE = """([size, contrast]) => new Promise((done) => {
    document.documentElement.dataset.size = size;
    document.documentElement.dataset.contrast = contrast;
    requestAnimationFrame(() => requestAnimationFrame(done));
})"""


class Bridge:
    """The kiosk's own program as its page sees it; the test lays cards on its reader."""

    def __init__(self, device: Device, private: bytes) -> None:
        self.device, self._private = device, private
        self._socket: WebSocketRoute | None = None
        self.nonce = ""

    def take(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.on_message(self._hear)
        self.send({"type": "bridge.hello", "peripherals": {"reader": {"state": "ok"}}})

    def _hear(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "reader.arm":
            self.nonce = message["nonce"]

    def send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(message))

    def lay(self, tab: Tab, holder: CardHolder) -> None:
        """A card on the reader, read for the nonce that the page gave."""
        tab.do(lambda page: page.wait_for_timeout(200) if not self.nonce else None)
        card = holder.payload(nonce=self.nonce, device=self.device.code, read_at="2026-11-23T01:00:00Z")
        payload = messages.encode_payload(messages.CardPayload(**card))
        signature = messages.encode_base64url(keyring.sign(self._private, messages.card_read_bytes(payload)))
        read = {"type": "card.read", "nonce": self.nonce, "payload": payload, "signature": signature}
        self.nonce = ""
        tab.do(lambda page: self.send(read))

    def tell(self, tab: Tab, kind: str, **fields: Any) -> None:
        tab.do(lambda page: self.send({"type": kind, **fields}))


class Line:
    """A page's line to the portal that can be cut and mended, or take in commands that go nowhere."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.is_cut, self.is_mute = pattern, False, False
        self._socket: WebSocketRoute | None = None

    def take(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close()
            return
        server = socket.connect_to_server()
        socket.on_message(lambda text: None if self.is_mute else server.send(text))
        self._socket = socket

    def cut(self, tab: Tab) -> None:
        self.is_cut = True
        tab.do(lambda page: self._socket and self._socket.close())

    def mend(self) -> None:
        self.is_cut = False
