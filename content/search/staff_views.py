"""The editors' list of searches that found nothing: an item gets the words in two clicks, or they are put aside."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from content.items.models import ItemEdition, ServiceItem
from content.search import services, unfound
from content.search.models import UnfoundQuery
from portal.base.accounts.models import User
from portal.base.errors import DomainError

A_PAGE = 30
GUESSES = 3


def may_add_words(user) -> bool:
    """Whether an account keeps the district's items; a word by which they are found tells nothing, and needs no approval."""
    policy = ItemEdition.snippet_viewset.permission_policy
    return user.is_authenticated and policy.user_has_permission(user, "change")


def _guard(request: HttpRequest) -> None:
    if not may_add_words(request.user):
        raise PermissionDenied


@require_safe
def unfound_list(request: HttpRequest) -> HttpResponse:
    """The words, how often, when last; beside each the items that come nearest, and all others."""
    _guard(request)
    is_dismissed = request.GET.get("aside") == "1"
    page = Paginator(unfound.listed(dismissed=is_dismissed), A_PAGE).get_page(request.GET.get("p"))
    every = {item.key: item for item in ServiceItem.objects.filter(is_active=True).order_by("name_zh")}
    rows = []
    for query in page.object_list:
        near = [every[key] for key in services.nearest_items(query.text, GUESSES) if key in every]
        rows.append({"query": query, "near": near})
    context = {"page": page, "rows": rows, "every": every.values(), "is_dismissed": is_dismissed}
    return render(request, "search/unfound.html", context)


@require_POST
def settle_unfound(request: HttpRequest, number: int) -> HttpResponse:
    """`do` is add (with `item`), undo (with `item`), dismiss or restore."""
    _guard(request)
    query = get_object_or_404(UnfoundQuery.objects.exclude(text=""), pk=number)
    wanted = request.POST.get("do")
    if wanted in ("add", "undo"):
        item = ServiceItem.objects.filter(key=request.POST.get("item", ""), is_active=True).first()
        if item is None:
            messages.error(request, _("Choose the item that people meant, then add the words."))
            return redirect("unfound_searches")
        try:
            _add_or_undo(request, query, item, is_undo=wanted == "undo")
        except DomainError as error:
            messages.error(request, str(error))
    elif wanted == "dismiss":
        unfound.dismiss(query)
        sentence = _("“%s” is put aside. It stands under “Put aside” if you want it back.") % query.text
        undo = render_to_string("search/undo_aside.html", {"query": query}, request=request)
        messages.success(request, format_html("{} {}", sentence, undo))
    elif wanted == "restore":
        unfound.dismiss(query, dismissed=False)
        messages.success(request, _("“%s” is in the list again.") % query.text)
    return redirect("unfound_searches")


def _add_or_undo(request: HttpRequest, query: UnfoundQuery, item: ServiceItem, *, is_undo: bool) -> None:
    assert isinstance(request.user, User)
    words = {"words": query.text, "item": item.name}
    if is_undo:
        unfound.take_back(query, item, user=request.user)
        messages.success(request, _("Taken back: %(item)s no longer answers to “%(words)s”.") % words)
        return
    unfound.make_alias(query, item, user=request.user)
    sentence = _("%(item)s answers to “%(words)s” from now on.") % words
    undo = render_to_string("search/undo_word.html", {"query": query, "item": item}, request=request)
    messages.success(request, format_html("{} {}", sentence, undo))
