"""The cache in front of Django: what a visitor without a session sees of public pages, rendered once for all of them.

    request -> may it be asked here? -> key: scheme, host, path, parameters, display mode, generation of the content
            -> kept: answered at once  |  not kept: rendered once, whoever else asks for it waits for the same rendering

A page is rendered for nobody: of the request only what is in the key reaches Django, so nothing of a person can be in
what is kept. It is kept only if its view says so (portal/base/public_pages.py) and the answer sets no cookie, varies by
none and holds no token. The language needs no part of its own in the key: the path decides it; nor does the theme: it
hangs on the host, and changing it moves the generation on.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from content.items.services import CONTENT_STREAM
from portal.base.public_pages import HEADER, PAGES_STREAM, Rule
from portal.base.streams import services as streams
from portal.base.streams.models import Stream
from portal.context import CONTRASTS, SIZES
from portal.page_store import Headers, KeptPage, PageStore, make_page

log = logging.getLogger("linban.pages")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
Key = tuple[Any, ...]

# How old the number of the generation may be: another process shows a change after so long at most.
GENERATION_S = 1.0
NEVER = float("-inf")
LONGEST_QUERY = 500
# A number of a card or a telephone that somebody typed into the search does not stay in memory with the page.
PERSONAL = re.compile(r"\d{6,}|\d{5,}[xX]|@")
SAFE_COOKIE = re.compile(r"[0-9A-Za-z-]{1,30}")
# Headers that reach the rendering: which site, how it was reached, and for rate limits from where.
KEPT_HEADERS = frozenset({b"host", b"x-forwarded-proto", b"x-forwarded-for"})
KEPT_SCOPE = ("type", "asgi", "http_version", "scheme", "path", "server", "client")
# Who sends one of these wants something else than the page as everybody sees it.
BYPASSING_HEADERS = frozenset({b"authorization", b"range", b"hx-request", b"x-requested-with"})
# Wagtail's pages: the list of guides takes a line, any list a page; front door and guides show the point looked at last.
WAGTAIL_RULE = Rule(parameters=frozenset({"line", "page"}), cookies=frozenset({"point"}))
MARK = HEADER.lower().encode()

counts: Counter[str] = Counter()


@lru_cache(maxsize=4096)
def rule_for(path: str) -> Rule | None:
    """On what the page at a path may depend; None for rooms that are nobody else's business."""
    with translation.override("en" if path == "/en" or path.startswith("/en/") else settings.LANGUAGE_CODE):
        try:
            match = resolve(path)
        except Resolver404:
            return None
    if match.view_name == "wagtail_serve":
        return WAGTAIL_RULE
    return getattr(match.func, "for_everyone", None)


class Generation:
    """The number of the last change to what public pages show; the database's is the truth, at most a second old."""

    def __init__(self) -> None:
        self._number: tuple[int, int] | None = None
        self._checked = NEVER
        self._moves = 0
        self._reading: asyncio.Task | None = None
        streams.on_moved.append(self._moved)

    def _moved(self, names: tuple[str, ...]) -> None:
        # Called from any thread after a commit in this process: it shows at once here.
        if CONTENT_STREAM in names or PAGES_STREAM in names:
            self._moves += 1
            self._checked = NEVER

    async def now(self) -> tuple[date, int, int] | None:
        """Today and the numbers; None when the database does not answer."""
        if self._number is None or asyncio.get_running_loop().time() - self._checked >= GENERATION_S:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read())
            await asyncio.shield(self._reading)
        return None if self._number is None else (timezone.localdate(), *self._number)

    async def _read(self) -> None:
        moves, started = self._moves, asyncio.get_running_loop().time()
        try:
            self._number = await database_sync_to_async(_numbers, thread_sensitive=False)()
        except Exception:  # Whatever is wrong, the pages themselves will say it; nothing kept is shown meanwhile.
            log.warning("the generation could not be read", exc_info=True)
            self._number = None
        # A change that was announced while the number was being read may have been missed by it.
        self._checked = started if self._moves == moves else NEVER


def _numbers() -> tuple[int, int]:
    found = dict(Stream.objects.filter(name__in=(CONTENT_STREAM, PAGES_STREAM)).values_list("name", "seq"))
    return found.get(CONTENT_STREAM, 0), found.get(PAGES_STREAM, 0)


@dataclass(frozen=True)
class Asked:
    """A request as the cache understands it."""

    key: Key
    scope: Scope
    accepted: bytes
    if_none_match: bytes
    is_head: bool
    has_more_cookies: bool


def understand(scope: Scope) -> Asked | None:
    """The request reduced to what everybody's page may depend on; None when it is to go past the cache."""
    headers = _plain_headers(scope) if scope["method"] in ("GET", "HEAD") else None
    if headers is None:
        return None
    given = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    if settings.SESSION_COOKIE_NAME in given or "messages" in given:
        return None
    rule = rule_for(scope["path"])
    query = _canonical_query(scope["query_string"], rule) if rule else None
    if rule is None or query is None:
        return None
    cookies = {name: given[name] for name, allowed in (("size", SIZES), ("contrast", CONTRASTS))
               if given.get(name) in allowed}  # fmt: skip
    cookies |= {name: given[name] for name in rule.cookies if SAFE_COOKIE.fullmatch(given.get(name, ""))}
    kept = [(name, value) for name, value in scope["headers"] if name in KEPT_HEADERS]
    if cookies:
        kept.append((b"cookie", "; ".join(f"{name}={value}" for name, value in sorted(cookies.items())).encode()))
    clean: Scope = {name: scope[name] for name in KEPT_SCOPE if name in scope}
    clean |= {"method": "GET", "root_path": scope.get("root_path", ""), "query_string": query, "headers": kept}
    reached = (scope.get("scheme"), headers.get(b"x-forwarded-proto"), headers.get(b"host"))
    return Asked(
        key=(*reached, scope["path"], query, *sorted(cookies.items())),
        scope=clean,
        accepted=headers.get(b"accept-encoding", b""),
        if_none_match=headers.get(b"if-none-match", b""),
        is_head=scope["method"] == "HEAD",
        has_more_cookies=bool(set(given) - set(cookies) - {"size", "contrast"}),
    )


def _plain_headers(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers by name; None when one asks for something else than the page as everybody sees it."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in BYPASSING_HEADERS:
            return None
        headers[name] = headers[name] + b"; " + value if name == b"cookie" and name in headers else value
    # A made-up word here would only make pages of its own.
    return headers if headers.get(b"x-forwarded-proto", b"https") in (b"http", b"https") else None


def _canonical_query(query: bytes, rule: Rule) -> bytes | None:
    """The parameters in order; None for one that is unknown, named twice, no text, or looks like somebody's number."""
    if len(query) > LONGEST_QUERY:
        return None
    try:
        parameters = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    names = [name for name, _value in parameters]
    if len(set(names)) != len(names) or not rule.parameters.issuperset(names):
        return None
    typed = (re.sub(r"[\s-]", "", value) for name, value in parameters if name in rule.typed)
    return None if any(PERSONAL.search(text) for text in typed) else urlencode(sorted(parameters)).encode()


@dataclass
class Answer:
    """What Django sent, gathered."""

    status: int = 500
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def seconds(self) -> int:
        """For how long it may be kept for everybody; 0 for not at all."""
        given: dict[bytes, list[bytes]] = {}
        for name, value in self.headers:
            given.setdefault(name.lower(), []).append(value)
        if self.status != 200 or MARK not in given or b"set-cookie" in given or b"content-encoding" in given:
            return 0
        varies = b",".join(given.get(b"vary", [])).replace(b" ", b"").lower().split(b",")
        control = b",".join(given.get(b"cache-control", [])).lower()
        policy = b",".join(given.get(b"content-security-policy", []))
        if b"cookie" in varies or b"*" in varies or b"private" in control or b"no-store" in control:
            return 0
        if b"'nonce-" in policy or b"csrfmiddlewaretoken" in self.body:
            return 0
        return int(given[MARK][0])


class PageCache:
    """The ASGI application that stands before Django's."""

    def __init__(self, application: Application, *, most_bytes: int) -> None:
        self.application = application
        self.store = PageStore(most_bytes)
        self.generation = Generation()
        self._shown: object = None
        self._rendering: dict[Key, asyncio.Task[Answer | KeptPage]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = understand(scope) if self.store.most_bytes else None
        generation = await self.generation.now() if asked else None
        if asked is None or generation is None:
            counts["bypass"] += 1
            await self._pass(scope, receive, send)
            return
        if generation != self._shown:
            self.store.clear()
            self._shown = generation
        page = self.store.get(asked.key, asyncio.get_running_loop().time())
        if page is not None:
            counts["hit"] += 1
            await _send_page(page, asked, send, b"hit")
            return
        # A rendering that began before the last change is not what is wanted now.
        key = (generation, *asked.key)
        task = self._rendering.get(key)
        is_first = task is None
        if task is None:
            task = self._rendering[key] = asyncio.create_task(self._render(asked, generation))
            task.add_done_callback(lambda _task: self._rendering.pop(key, None))
        counts["miss" if is_first else "shared"] += 1
        # Whoever goes away does not take the rendering from the others.
        answer = await asyncio.shield(task)
        if isinstance(answer, KeptPage):
            await _send_page(answer, asked, send, b"fwd=miss; stored")
        elif is_first and not asked.has_more_cookies:
            await _send_answer(answer, send, with_body=not asked.is_head)
        else:
            # It is not for everybody: then each gets an own one, from the request as it came.
            await self._pass(scope, receive, send)

    async def _render(self, asked: Asked, generation: object) -> Answer | KeptPage:
        answer = await _gather(self.application, asked.scope)
        seconds = answer.seconds()
        if not seconds:
            return answer
        until = asyncio.get_running_loop().time() + seconds
        page = await asyncio.to_thread(make_page, _kept_headers(answer.headers), answer.body, until=until)
        if generation == self._shown:
            self.store.put(asked.key, page)
        return page

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_mark(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [pair for pair in message["headers"] if pair[0].lower() != MARK]
                message = message | {"headers": headers}
            await send(message)

        await self.application(scope, receive, without_mark)


async def _gather(application: Application, scope: Scope) -> Answer:
    """Ask the application and gather its answer; the one who asked is never seen to go away."""
    answer, sent = Answer(), iter([{"type": "http.request", "body": b"", "more_body": False}])
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        message = next(sent, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await application(scope, receive, send)
    answer.body = b"".join(parts)
    return answer


def _kept_headers(headers: Headers) -> Headers:
    """Django's own, security headers and all; caches on the way are told that the page depends on cookies."""
    left_out = {MARK, b"content-length", b"vary", b"etag"}
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in left_out]
    if not any(name == b"cache-control" for name, _value in kept):
        # Asked again each time, and answered with 304: what an editor publishes shows at the next look.
        kept.append((b"cache-control", b"no-cache"))
    kept.append((b"vary", b"Accept-Encoding, Cookie"))
    return kept


async def _send_page(page: KeptPage, asked: Asked, send: Send, how: bytes) -> None:
    encoding, body = page.best_for(asked.accepted)
    headers = [*page.headers, (b"etag", page.etag), (b"cache-status", b"linban; " + how)]
    known = [tag.strip() for tag in asked.if_none_match.split(b",")]
    if page.etag in known or b"*" in known:
        headers = [pair for pair in headers if pair[0] != b"content-type"]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if encoding:
        headers.append((b"content-encoding", encoding))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if asked.is_head else body})


async def _send_answer(answer: Answer, send: Send, *, with_body: bool) -> None:
    headers = [pair for pair in answer.headers if pair[0].lower() != MARK]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body if with_body else b""})
