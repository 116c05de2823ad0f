"""A real portal for benchmarks: the demo district in a file of its own, served by uvicorn as in a real installation."""

import asyncio
import base64
import hashlib
import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "var/bench"
READY_S = 120
MOST_QUESTIONS = 20
LEAST_ANSWERS, LONGEST_S = 24, 30.0
PURPOSES = ("field", "index", "recording", "signing")
MADE_FROM = (
    "migrations/*.py",
    "data/*.json",
    "data/*.xlsx",
    "management/commands/demo.py",
    "services.py",
    "importing.py",
)
STATIC = ("stylesheet.py", "static_files.py", "static/**/*.css", "static/**/*.js", "static/**/*.svg")


def environment(**more: str) -> dict[str, str]:
    """Secrets that protect nothing, the bench's own data, and no DEMO: what is measured is a real installation."""
    keys = [{"id": f"{name}-1", "purpose": name, "secret": base64.b64encode(bytes([n]) * 32).decode()}
            for n, name in enumerate(PURPOSES, start=1)]  # fmt: skip
    own = {
        "SECRET_KEY": "bench-only-secret-key-of-enough-length-0123456789", "KEYRING": json.dumps(keys), "DEMO": "0", "DEBUG": "0",
        "DATA_DIR": str(DATA), "DATABASE_URL": f"sqlite:///{DATA / 'linban.sqlite3'}", "REDIS_URL": "",
        "ALLOWED_HOSTS": "127.0.0.1", "DJANGO_SETTINGS_MODULE": "portal.settings",
    }  # fmt: skip
    return dict(os.environ) | own | more


def _digest(patterns: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for room in ("portal", "content", "servicedesk", "themes"):
        for path in sorted({path for pattern in patterns for path in (ROOT / room).rglob(pattern)}):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _run(*arguments: str, **more: str) -> None:
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(**more),
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise SystemExit(f"manage.py {' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def prepare() -> None:
    """Load the demo district and collect the static files, when what they are made from has changed."""
    DATA.mkdir(parents=True, exist_ok=True)
    data, files = DATA / "data.stamp", DATA / "static.stamp"
    wanted = _digest(MADE_FROM)
    if not (data.exists() and data.read_text() == wanted):
        for old in DATA.glob("linban.sqlite3*"):
            old.unlink()
        _run("migrate", "--no-input")
        _run("demo", DEMO="1")
        data.write_text(wanted)
    wanted = _digest(STATIC)
    if not (files.exists() and files.read_text() == wanted):
        _run("collectstatic", "--no-input", "--clear")
        files.write_text(wanted)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@contextmanager
def portal(**more: str) -> Iterator[str]:
    """A web process as `deploy/` starts it; its address."""
    port = free_port()
    log = (DATA / f"portal-{port}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "portal.asgi:application", "--port", str(port), "--log-level", "warning",
         "--ws", "websockets-sansio", "--lifespan", "on"],
        cwd=ROOT, env=environment(PORTAL_URL=f"http://127.0.0.1:{port}", **more), stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/readyz", process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait_for(url: str, process: subprocess.Popen) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The portal ended by itself; see {DATA}.")
        try:
            with opener.open(url, timeout=10) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"The portal did not become ready within {READY_S} s; see {DATA}.")


def open_page(address: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60) as answer:
        return answer.read()


def first_guide(address: str) -> str:
    """The path of the first guide of the list, whatever the items of the demo are called."""
    return next(path for path in re.findall(r'href="(/guides/[^"?]+/)"', open_page(f"{address}/guides/").decode()))


def told_once(address: str, questions: str) -> str:
    """The path of a notice, after each question got its first choice, or an old person's age or date of birth."""
    visitor = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    url, data = address + questions, None
    for _ in range(MOST_QUESTIONS):
        with visitor.open(url, data, timeout=60) as answer:
            url, page = answer.url, BeautifulSoup(answer.read(), "html.parser")
        form = page.select_one("form.question__form")
        if form is None:
            break
        fields = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
        asked = form.select("input:not([type=hidden])")
        typed = "1950-01-01" if asked[0]["type"] == "date" else "76"
        data = urllib.parse.urlencode(fields | {asked[0]["name"]: asked[0].get("value") or typed}).encode()
    if "/notices/" not in url:
        raise SystemExit(f"{questions} did not end with a notice but at {url}.")
    return url.removeprefix(address)


class Visitor(asyncio.Protocol):
    """One connection that asks for the same page again and again; a client that costs little beside the server."""

    def __init__(self, request: bytes) -> None:
        self.request, self.buffer, self.wanted = request, bytearray(), -1
        self.count, self.faults, self.bytes = 0, 0, 0
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.wanted < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            self.faults += not head.startswith(b"http/1.1 200")
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.wanted = end + 4 + int(length or 0)
        if len(self.buffer) >= self.wanted:
            self.count += 1
            self.bytes = self.wanted
            self.buffer, self.wanted = bytearray(), -1
            if not self.is_over:
                self.transport.write(self.request)


async def requests_per_s(address: str, path: str, *, seconds: float, connections: int = 8) -> tuple[float, int]:
    """Requests a second over some connections at once, and the bytes of one answer; any answer but 200 is a fault."""
    host, _separator, port = address.removeprefix("http://").partition(":")
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/html\r\nAccept-Encoding: gzip, br\r\n\r\n".encode()
    )
    loop = asyncio.get_running_loop()
    visitors = []
    started = time.monotonic()
    for _ in range(connections):
        _transport, visitor = await loop.create_connection(lambda: Visitor(request), host, int(port))
        visitors.append(visitor)
    await asyncio.sleep(seconds)
    # A slow page on a busy machine: wait until there is something to count.
    while sum(visitor.count for visitor in visitors) < LEAST_ANSWERS and time.monotonic() - started < LONGEST_S:
        await asyncio.sleep(0.1)
    lasted = time.monotonic() - started
    count = sum(visitor.count for visitor in visitors)
    faults = sum(visitor.faults for visitor in visitors)
    for visitor in visitors:
        visitor.is_over = True
        visitor.transport.abort()
    if faults or not count:
        raise SystemExit(f"{path}: {faults} of {count} answers were not 200.")
    return count / lasted, visitors[0].bytes
