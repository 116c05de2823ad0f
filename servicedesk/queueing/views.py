"""The hall display's page, the list of displays, and the clips that they play."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.base.places.models import Place
from servicedesk.queueing import services, voice


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """All centres, each with the way to its hall display."""
    centres = Place.objects.filter(level=Place.Level.CENTRE).order_by("code")
    return render(request, "queueing/boards.html", {"centres": centres})


@require_safe
def board(request: HttpRequest, centre: str) -> HttpResponse:
    """The display of one centre; what it shows comes through its socket."""
    place = get_object_or_404(Place, code=centre, level=Place.Level.CENTRE)
    context = {
        "centre": place,
        "socket": f"/ws/board/{place.code}/?lang={get_language()}",
        "rule": services.rule_text(services.queue_of(place)),
        "words": _words(),
        "has_clips": voice.has_clips(),
    }
    return render(request, "queueing/board.html", context)


def _words() -> dict[str, str]:
    """The display's words; {name} is where a large number stands."""
    return {
        "to_counter": _("Please go to window {counter}"),
        "to_point": _("Please go to the screen at your service point"),
        "counter": _("window {counter}"),
        "video": _("video"),
        "none_called": _("No number has been called yet. Take a number, then sit down and wait."),
        "waiting": _("{count} waiting, most likely {minutes} min"),
        "nobody": _("Nobody is waiting"),
    }


@require_safe
def clip(request: HttpRequest, name: str) -> FileResponse:
    """One clip of the display's voice."""
    path = voice.clip_path(name)
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type="audio/wav")
    response["Cache-Control"] = "public, max-age=86400"
    return response
