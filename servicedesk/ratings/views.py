"""Rating a visit from one's own telephone, by the code that is printed on the ticket."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from content.items import services as items
from portal.base.errors import DomainError
from portal.base.limits import limited
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.ratings import services
from servicedesk.ratings.models import Rating

# From here on down, the reasons are asked for before anything is kept; better levels are one tap.
ASK_REASONS_UP_TO = 2


@never_cache
@limited("rate", limit=60, window_s=600, methods=("GET", "POST"))
@require_http_methods(["GET", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """The five levels, then for the two lowest the reasons; a second rating is refused with a sentence."""
    ticket = queueing.ticket_by_track_code(token)
    if ticket is None:
        raise Http404(_("This code is not known. Scan the code on the ticket again."))
    context = {
        "ticket": ticket,
        "levels": Rating.Level.choices,
        "nav_current": "track",
        "is_quiet": items.is_bereavement(ticket.item),
    }
    if request.method == "GET":
        context["can_rate"] = services.can_be_rated(ticket)
        context["is_rated"] = Rating.objects.filter(ticket=ticket).exists()
        return render(request, "ratings/rate.html", context)
    return _take(request, ticket, context)


def _take(request: HttpRequest, ticket: Ticket, context: dict) -> HttpResponse:
    level = None if "skip" in request.POST else _level(request.POST.get("level", ""))
    if level is None and "skip" not in request.POST:
        context |= {"can_rate": services.can_be_rated(ticket), "problem": _("Choose one of the five levels, or leave.")}
        return render(request, "ratings/rate.html", context, status=422)
    if level is not None and level <= ASK_REASONS_UP_TO and "final" not in request.POST:
        context |= {"level": level, "options": services.options_for(level, get_language() or "")}
        return render(request, "ratings/reasons.html", context)
    try:
        services.rate(
            ticket=ticket,
            level=level,
            options=request.POST.getlist("options"),
            comment=request.POST.get("comment", ""),
            channel=Rating.Channel.PHONE,
            actor="resident",
        )
    except DomainError as error:
        return render(request, "ratings/done.html", context | {"refusal": str(error)}, status=error.status)
    return render(request, "ratings/done.html", context | {"rated": level is not None})


def _level(text: str) -> int | None:
    return int(text) if text in {str(value) for value in Rating.Level.values} else None
