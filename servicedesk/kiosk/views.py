"""The kiosk's HTTP edge: its two pages, the captured stills, and the live fragment of a point."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content.points import services as points
from portal.base.errors import DomainError
from portal.base.places.models import Place
from portal.base.places.services import centre_for
from servicedesk.booking import services as booking
from servicedesk.devices import services as devices
from servicedesk.kiosk import captures
from servicedesk.printouts import services as printouts
from servicedesk.queueing import services as queueing

BRIDGE_URL = "ws://127.0.0.1:17680/"


@never_cache
@require_GET
def main_screen(request: HttpRequest) -> HttpResponse:
    """The kiosk's main screen; an unknown browser first proves through the bridge which device it is."""
    device = devices.device_of(request.session)
    context = {"device": device, "bridge_url": BRIDGE_URL, "scale": "kiosk"}
    return render(request, "kiosk/main.html" if device else "kiosk/connect.html", context)


@never_cache
@require_GET
def second_screen(request: HttpRequest) -> HttpResponse:
    """The kiosk's second screen: what is being filled in, and where to sign."""
    device = devices.device_of(request.session)
    context = {"device": device, "bridge_url": BRIDGE_URL, "scale": "kiosk"}
    return render(request, "kiosk/second.html" if device else "kiosk/connect.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Choose at the kiosk itself which of its cameras looks at papers."""
    device = devices.device_of(request.session)
    if device is None:
        return render(request, "kiosk/connect.html", {"bridge_url": BRIDGE_URL, "scale": "kiosk"})
    if request.method == "POST":
        label = request.POST.get("document_camera", "")
        devices.choose_document_camera(device, label=label, actor=f"device:{device.code}")
        messages.success(request, _("The choice is kept."))
        return redirect("kiosk_setup")
    return render(request, "kiosk/setup.html", {"device": device, "scale": "kiosk"})


@require_POST
def receive_capture(request: HttpRequest, token: str) -> HttpResponse:
    """A still of the document camera, asked for by the clerk."""
    device = devices.device_of(request.session)
    upload = request.FILES.get("page")
    if device is None or upload is None:
        return JsonResponse({"code": "forbidden"}, status=403)
    if (upload.size or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return JsonResponse({"code": "too_large"}, status=413)
    try:
        page = captures.receive(token, device=device, jpeg=upload.read())
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    return JsonResponse({"position": page.position})


@require_POST
def print_booking(request: HttpRequest, token: str) -> HttpResponse:
    """A slip of the booking on the screen, from this kiosk's own printer."""
    device = devices.device_of(request.session)
    if device is None:
        return HttpResponseForbidden(_("Only a kiosk has a printer for slips."))
    try:
        found = booking.by_token(token)
        printouts.print_booking(found, device=device, actor=f"device:{device.code}")
        said = _("It is being printed. If nothing comes out, take a picture of this page or press once more.")
        messages.success(request, said)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('booking', args=[token])}?kiosk")


@require_GET
def point_fragment(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the point is open and how long the wait is, for a card on a content page."""
    point = get_object_or_404(Place, code=code, level=Place.Level.POINT)
    centre, now = centre_for(point), timezone.now()
    context = {
        "status": points.status_now(point, now),
        "estimate": queueing.estimate(centre, channel="remote") if centre else None,
    }
    return render(request, "kiosk/point_fragment.html", context)
