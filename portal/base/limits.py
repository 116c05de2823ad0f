"""How often a caller may do something: a counter per window in the cache."""

import functools
import time
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def allow(key: str, limit: int, window_s: int) -> bool:
    """Count one use of the key; False when there were `limit` already in this window."""
    window = int(time.time()) // window_s
    name = f"limit:{key}:{window}"
    cache.add(name, 0, timeout=window_s * 2)
    try:
        return cache.incr(name) <= limit
    except ValueError:
        # The entry was thrown out between the two calls; one use too many is better than a page that fails.
        return True


def caller_address(request: HttpRequest) -> str:
    """The address of the caller; the proxy's own header is trusted only behind TLS, where deploy/ sets it."""
    if request.is_secure() and (forwarded := request.headers.get("x-real-ip")):
        return forwarded
    return request.META.get("REMOTE_ADDR", "")


def too_many(request: HttpRequest, window_s: int) -> HttpResponse:
    """429 with a sentence and the next step, as a page or as problem+json."""
    minutes = max(1, round(window_s / 60))
    sentence = _("That was often in a short time. Wait %(minutes)s min, then try again.") % {"minutes": minutes}
    if request.path.startswith("/api/") or "application/json" in request.headers.get("accept", ""):
        response: HttpResponse = JsonResponse(
            {"type": "about:blank", "title": sentence, "status": 429, "code": "too_many", "detail": sentence},
            status=429,
            content_type="application/problem+json",
        )
    else:
        response = render(request, "accounts/too_many.html", {"sentence": sentence}, status=429)
    response["Retry-After"] = str(window_s)
    return response


def limited(name: str, *, limit: int, window_s: int, methods: tuple[str, ...] = ("POST",)) -> Callable:
    """A view that one address may call `limit` times a window with these methods; beyond that it answers 429."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if request.method in methods and not allow(f"{name}:{caller_address(request)}", limit, window_s):
                return too_many(request, window_s)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
