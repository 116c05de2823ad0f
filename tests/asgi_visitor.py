"""A visitor who asks the portal's ASGI application itself, as the web server does: with cookies, without Django's client."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit


@dataclass
class Seen:
    """What came back; header names are in small letters, of a name sent twice the last one stands."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def is_hit(self) -> bool:
        return self.headers.get("cache-status", "").endswith("hit")


async def ask(
    application: Callable[..., Awaitable[None]],
    address: str,
    *,
    method: str = "GET",
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Seen:
    """Send one request and gather the answer."""
    parts = urlsplit(address)
    sent: list[tuple[bytes, bytes]] = [(b"host", b"testserver")]
    sent += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    if cookies:
        sent.append((b"cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()))
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": parts.path, "raw_path": parts.path.encode(), "root_path": "",
        "query_string": quote(parts.query, safe="=&+%").encode(),
        "headers": sent, "client": ("127.0.0.1", 50000), "server": ("testserver", 80),
    }  # fmt: skip
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])
    seen = Seen(0, {}, b"")

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
            seen.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            seen.body += message.get("body", b"")

    await application(scope, receive, send)
    return seen
