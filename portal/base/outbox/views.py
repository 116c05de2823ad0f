"""The demo's inbox, and the page on which a person sees what could not be delivered."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.base.accounts.requests import StaffRequest
from portal.base.outbox import services
from portal.base.outbox.models import OutboxMessage
from portal.base.rights.models import Role
from portal.base.rights.services import has_role


@require_GET
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """Text messages and other outgoing messages as the demo would have sent them; exists only where DEMO is set."""
    if not settings.DEMO:
        raise Http404
    rows = [{"message": message, "body": services.opened(message)} for message in services.inbox(channel="sms")]
    others = [message for message in services.inbox() if message.channel != "sms"]
    return render(request, "outbox/inbox.html", {"rows": rows, "others": others})


@require_GET
@login_required
@never_cache
def dead_letters(request: StaffRequest) -> HttpResponse:
    """What was given up, with the reason; without the personal parts."""
    _require_administrator(request)
    context = {"dead": services.dead_letters()[:200], "counts": services.counts()}
    return render(request, "outbox/dead_letters.html", context)


@require_POST
@login_required
def send_again(request: StaffRequest, message_id: UUID) -> HttpResponse:
    """Gives a dead message a fresh set of attempts."""
    _require_administrator(request)
    message = get_object_or_404(OutboxMessage, pk=message_id)
    if services.send_again(message):
        messages.success(request, _("It will be sent again within seconds."))
    else:
        messages.info(request, _("Somebody was faster: it is on its way already."))
    return HttpResponseRedirect(reverse("outbox"))


def _require_administrator(request: StaffRequest) -> None:
    if not has_role(request.user, (Role.SYSTEM_ADMIN,)):
        raise PermissionDenied(_("Only a system administrator sees outgoing messages. Ask one of them."))
