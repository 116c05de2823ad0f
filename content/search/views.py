"""The search page, and the same as JSON."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from content.items import services as items
from content.items.models import in_english
from content.search import services
from portal.base.public_pages import for_everyone, keep_for

KEPT_S = 60


@for_everyone(parameters=("q", "format"), typed=("q",))
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`?q=` finds; `&format=json` gives {"query", "results": [{"title", "url", "kind", "key"}]}."""
    typed = request.GET.get("q", "").replace("\x00", "").strip()[: services.MAX_QUERY]
    found = services.search(typed)
    if request.GET.get("format") == "json":
        results = [{"title": hit.title, "url": hit.url, "kind": hit.kind, "key": hit.key} for hit in found.hits]
        answer = JsonResponse({"query": typed, "results": results}, json_dumps_params={"ensure_ascii": False})
        return keep_for(answer, seconds=KEPT_S) if results else answer
    prefix = "/en" if in_english() else ""
    guesses = [{"title": hit.title, "url": hit.url} for hit in found.guesses] or [
        {"title": item.name, "url": f"{prefix}/guides/{item.key}/"} for item in items.most_frequent(None, 3)
    ]
    kinds = [("item", _("Things to get done")), ("point", _("Service points")), ("page", _("Pages"))]
    groups: list[dict[str, Any]] = [
        {"title": title, "hits": [hit for hit in found.hits if hit.kind == kind]} for kind, title in kinds
    ]
    groups = [group for group in groups if group["hits"]]
    # The kind of the best hit comes first: somebody who types a point's name looks for the point.
    groups.sort(key=lambda group: -group["hits"][0].score)
    context = {
        "typed": typed,
        "groups": groups,
        "count": len(found.hits),
        "guesses": guesses,
        "guides_url": f"{prefix}/guides/",
        "points_url": f"{prefix}/points/",
    }
    page = render(request, "search/search.html", context)
    # What found nothing is asked again each time: it is counted.
    return keep_for(page, seconds=KEPT_S) if found.hits or not typed else page
