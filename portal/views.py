"""Small pages of the whole: display mode, language, refusals and the style guide."""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import translate_url
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from portal.context import CONTRASTS, SIZES

YEAR_S = 365 * 24 * 3600


def _safe_next(request: HttpRequest) -> str:
    """The address in `next` when it is one of ours, else the front page."""
    address = request.GET.get("next", "/")
    if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return address
    return "/"


@require_GET
@never_cache
def display(request: HttpRequest) -> HttpResponse:
    """Sets size (normal, elder) and contrast (normal, high) as plain cookies, and goes back."""
    response = HttpResponseRedirect(_safe_next(request))
    for name, allowed in (("size", SIZES), ("contrast", CONTRASTS)):
        value = request.GET.get(name)
        if value in allowed:
            response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=settings.SECURE)
    return response


@require_GET
@never_cache
def switch_language(request: HttpRequest) -> HttpResponse:
    """Sets the language by `language` (or `lang`): zh-hans or en, and goes to the same page in it."""
    language = request.GET.get("language") or request.GET.get("lang") or ""
    address = _safe_next(request)
    if language not in dict(settings.LANGUAGES):
        return HttpResponseRedirect(address)
    # Only the path is translated: a query of the reader's must come through as it was typed.
    parts = urlsplit(address)
    path = _in_language(parts.path or "/", language)
    response = HttpResponseRedirect(urlunsplit(("", "", path, parts.query, parts.fragment)))
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR_S, samesite="Lax", secure=settings.SECURE)
    return response


def _in_language(path: str, language: str) -> str:
    """The path of the same page in a language; pages without a language of their own keep theirs."""
    # The address is resolved in its own language, whatever the reader's is.
    with translation.override("en" if path.startswith("/en/") or path == "/en" else settings.LANGUAGE_CODE):
        translated = translate_url(path, language)
        if translated != path:
            return translated
    return path


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Staff rooms, machines and what carries a code are not for crawlers."""
    rooms = [
        "/cms/", "/desk/", "/kiosk/", "/accounts/", "/api/", "/track/", "/rate/", "/notices/", "/guides/*/notice/",
        "/live/", "/inbox/",
    ]  # fmt: skip
    lines = ["User-agent: *", *(f"Disallow: {room}" for room in rooms), *(f"Disallow: /en{room}" for room in rooms)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component once, with made-up content; exists only where DEMO is set."""
    if not settings.DEMO:
        raise Http404
    return render(request, "samples/styleguide.html")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 with the reason and the next step, as a page or as problem+json."""
    sentence = str(exception) if isinstance(exception, PermissionDenied) and str(exception) else ""
    sentence = sentence or _("This room is not open to your account. Ask the centre's manager for the role.")
    if request.path.startswith("/api/") or "application/json" in request.headers.get("accept", ""):
        problem = {"type": "about:blank", "title": sentence, "status": 403, "code": "forbidden", "detail": sentence}
        return JsonResponse(problem, status=403, content_type="application/problem+json")
    return render(request, "accounts/forbidden.html", {"sentence": sentence}, status=403)
