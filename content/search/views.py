"""The search page, the same as JSON, and what is suggested while somebody types."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from content.items import services as items
from content.items.models import in_english
from content.search import services, unfound
from portal.base.limits import allow, caller_address, too_many
from portal.base.public_pages import for_everyone, keep_for

KEPT_S = 60
SUGGESTIONS = 6
WINDOW_S = 60
# A committee's visitors share one address; a person types a few searches a minute, with suggestions at every pause.
SEARCHES_A_WINDOW = 180
SUGGESTIONS_A_WINDOW = 600


def _typed(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[: services.MAX_QUERY]


@for_everyone(parameters=("q", "format"), typed=("q",))
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`?q=` finds; `&format=json` gives {"query", "results": [{"title", "url", "kind", "key"}]}."""
    typed = _typed(request)
    is_json = request.GET.get("format") == "json"
    if typed and not allow(f"search:{caller_address(request)}", SEARCHES_A_WINDOW, WINDOW_S):
        return too_many(request, WINDOW_S) if is_json else _too_often(request, typed)
    found = services.search(typed)
    if is_json:
        results = [{"title": hit.title, "url": hit.url, "kind": hit.kind, "key": hit.key} for hit in found.hits]
        answer = JsonResponse({"query": typed, "results": results}, json_dumps_params={"ensure_ascii": False})
        return keep_for(answer, seconds=KEPT_S) if results else answer
    response = render(request, "search/search.html", _context(typed, found))
    if typed and not found.hits:
        unfound.note_unfound(typed, address=caller_address(request))
        # Kept by a cache, the next person's miss would not be counted, and a word added since not be found.
        add_never_cache_headers(response)
        return response
    return keep_for(response, seconds=KEPT_S)


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """`?q=` gives {"query", "suggestions": [{"parts": [[text, matched]], "note", "url"}]}; nothing is counted or kept."""
    typed = _typed(request)
    if not allow(f"suggest:{caller_address(request)}", SUGGESTIONS_A_WINDOW, WINDOW_S):
        return too_many(request, WINDOW_S)
    hits = services.search(typed, limit=SUGGESTIONS).hits
    found = [{"parts": hit.marked, "note": hit.note, "url": hit.url, "kind": hit.kind} for hit in hits]
    return JsonResponse({"query": typed, "suggestions": found}, json_dumps_params={"ensure_ascii": False})


def _context(typed: str, found: services.Found) -> dict[str, Any]:
    prefix = "/en" if in_english() else ""
    guesses = [{"title": hit.title, "url": hit.url} for hit in found.guesses] or [
        {"title": item.name, "url": f"{prefix}/guides/{item.key}/"} for item in items.most_frequent(None, 3)
    ]
    kinds = [
        ("item", _("Things to get done")),
        ("event", _("Things that happen in a life")),
        ("point", _("Service points")),
        ("page", _("Pages")),
    ]
    groups: list[dict[str, Any]] = [
        {"title": title, "hits": [hit for hit in found.hits if hit.kind == kind]} for kind, title in kinds
    ]
    groups = [group for group in groups if group["hits"]]
    # The kind of the best hit comes first: somebody who types a point's name looks for the point.
    groups.sort(key=lambda group: -group["hits"][0].score)
    return {
        "typed": typed,
        "groups": groups,
        "count": len(found.hits),
        "guesses": guesses,
        "guides_url": f"{prefix}/guides/",
        "points_url": f"{prefix}/points/",
    }


def _too_often(request: HttpRequest, typed: str) -> HttpResponse:
    """The page with what was typed still in its box, and a sentence instead of an answer."""
    context = _context(typed, services.Found(typed, (), ())) | {"is_too_often": True}
    response = render(request, "search/search.html", context, status=429)
    response["Retry-After"] = str(WINDOW_S)
    add_never_cache_headers(response)
    return response
