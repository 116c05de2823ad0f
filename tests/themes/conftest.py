"""A tiny server that hands out rendered templates and the static files, under the portal's own content policy."""

import http.server
import mimetypes
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

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
def chromium() -> Iterator[object]:
    """One Chromium for all pictures; skipped nowhere: without a browser these tests fail."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()
