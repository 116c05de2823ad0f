"""The pages of life's events; they belong to nobody's tree, because their rows are edited as one list."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from content.guides.lists import life_context, life_list_context
from portal.base.public_pages import for_everyone, keep_for

KEPT_S = 300


@for_everyone()
@require_safe
def life_list(request: HttpRequest) -> HttpResponse:
    return keep_for(render(request, "guides/life_list.html", life_list_context()), seconds=KEPT_S)


@for_everyone()
@require_safe
def life_event(request: HttpRequest, key: str) -> HttpResponse:
    context = life_context(key)
    if context is None:
        raise Http404(_("There is no page for this. Look at the list of guides."))
    return keep_for(render(request, "guides/life_event.html", context), seconds=KEPT_S)
