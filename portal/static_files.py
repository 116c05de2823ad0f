"""Static files in the ASGI application: whitenoise's rules for names, encodings and headers, read without Django's chain.

Under ASGI Django would have to turn a file into an asynchronous stream by a thread for each piece, and says so in the
log. Here a file is read in one go by a thread; the small ones, which all of ours are, in one message.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

PIECE_BYTES = 256 * 1024
# What whitenoise looks at, by the names that it knows.
LOOKED_AT = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"range": "HTTP_RANGE",
}

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class HashedFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed names within modules too: one that is imported and also named by a page must not be loaded twice."""

    support_js_module_import_aggregation = True


class _Files(WhiteNoiseMiddleware):
    """Whitenoise's, and what Django's security middleware gives to pages for files too."""

    def add_cache_headers(self, headers: Any, path: str, url: str) -> None:
        super().add_cache_headers(headers, path, url)
        headers["X-Content-Type-Options"] = "nosniff"
        if settings.SECURE_HSTS_SECONDS:
            headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"


class StaticFiles:
    """Serves what lies under STATIC_URL and passes everything else on."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self.application = application
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        self._files = _Files()

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        path = scope["path"]
        if not path.startswith(self._files.static_prefix):
            await self.application(scope, receive, send)
            return
        if self._files.autorefresh:
            file = await asyncio.to_thread(self._files.find_file, path)
        else:
            file = self._files.files.get(path)
        if file is None:
            await self.application(scope, receive, send)
            return
        asked = {LOOKED_AT[name]: value.decode("latin-1") for name, value in scope["headers"] if name in LOOKED_AT}
        response = await asyncio.to_thread(file.get_response, scope["method"], asked)
        headers = [(name.lower().encode(), str(value).encode("latin-1")) for name, value in response.headers]
        await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
        if response.file is None:
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            piece = await asyncio.to_thread(response.file.read, PIECE_BYTES)
            while piece:
                following = b""
                if len(piece) == PIECE_BYTES:
                    following = await asyncio.to_thread(response.file.read, PIECE_BYTES)
                await send({"type": "http.response.body", "body": piece, "more_body": bool(following)})
                piece = following
                if not piece:
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            response.file.close()
