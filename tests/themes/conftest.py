"""A tiny server that hands out rendered templates and the static files, under the portal's own content policy."""

import http.server
import mimetypes
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from themes import stylesheet

ROOT = Path(__file__).resolve().parents[2]
STATIC_ROOTS = [ROOT / "themes" / name / "static" for name in ("base", "jingan", "kaifu")]
PLACES = {"jingan": ["上海市", "静安区"], "kaifu": ["长沙市", "开福区"]}
PORTS = range(17910, 17950)


class ThemeServer:
    """Serves pages put with `put` and every static file; `missing` lists what was asked for and not there."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.missing: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                """Nothing: the test's own output is enough."""

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                if path in outer.pages:
                    self.answer(outer.pages[path].encode(), "text/html; charset=utf-8")
                    return
                if path == f"/static/{stylesheet.NAME}":
                    self.answer(stylesheet.put_together().encode(), "text/css")
                    return
                for root in STATIC_ROOTS:
                    file = root / path.removeprefix("/static/")
                    if path.startswith("/static/") and file.is_file():
                        self.answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
                        return
                outer.missing.append(path)
                self.send_error(404)

            def answer(self, body: bytes, content_type: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:")
                self.end_headers()
                self.wfile.write(body)

        for port in PORTS:
            try:
                self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
                break
            except OSError:
                continue
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path: str, body: str) -> str:
        """Keep a page under a path; returns its address."""
        self.pages[path] = body
        return self.url + path


@pytest.fixture(scope="session")
def theme_server() -> Iterator[ThemeServer]:
    server = ThemeServer()
    yield server
    server.server.shutdown()


@pytest.fixture
def draw(settings) -> Callable[..., str]:
    """Render a template as the portal would, with a theme and a display mode."""
    settings.ROOT_URLCONF = "tests.themes.urls"

    def render(template: str, *, theme: str = "jingan", size: str = "normal", contrast: str = "normal",
               language: str = "zh-hans", **context: object) -> str:  # fmt: skip
        with translation.override(language):
            look = {
                "theme": theme,
                "display_size": size,
                "display_contrast": contrast,
                "theme_place_lines": PLACES[theme],
                "csrf_token": "made-up",
            }
            return render_to_string(template, look | context)

    return render


@pytest.fixture(scope="session")
def in_browser() -> Iterator[Callable[..., list[str]]]:
    """Call `in_browser(work, …)`: `work(browser, …)` runs in a thread of its own.

    Playwright keeps its event loop there, so that the test's thread may use the database.
    """
    from playwright.sync_api import sync_playwright

    thread = ThreadPoolExecutor(max_workers=1)

    def start() -> tuple[object, object]:
        player = sync_playwright().start()
        return player, player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])

    player, browser = thread.submit(start).result()
    yield lambda work, *args, **kwargs: thread.submit(work, browser, *args, **kwargs).result()
    thread.submit(browser.close).result()
    thread.submit(player.stop).result()
    thread.shutdown()


@pytest.fixture
def troubles(in_browser, theme_server) -> Callable[..., list[str]]:
    """What is wrong with a page: axe's findings, sideways scrolling, console errors and files that are not there."""

    def look(page: str, *, width: int = 1280, height: int = 800) -> list[str]:
        address = theme_server.put("/page", page)
        theme_server.missing.clear()
        found = in_browser(look_at, address, width, height)
        return found + [f"missing: {path}" for path in theme_server.missing]

    return look


def look_at(browser, address: str, width: int, height: int) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    tab = browser.new_page(viewport={"width": width, "height": height})
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
    return found
