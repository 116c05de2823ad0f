"""Requests of a clerk for a still of the document camera, and the still that comes back."""

import secrets
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from portal.base.streams import services as streams
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, CasePage
from servicedesk.devices.models import Device
from servicedesk.kiosk.errors import BadCapture

VALID_S = 60


def ask(*, case: Case, device: Device, material: str, actor: str) -> str:
    """Ask the device's page for a still; it posts it under the returned token within a minute."""
    token = secrets.token_urlsafe(16)
    cache.set(
        f"capture:{token}",
        {"case": str(case.pk), "device": str(device.pk), "material": material, "actor": actor},
        VALID_S,
    )
    message = {"type": "relay", "message": {"type": "capture", "token": token}}
    streams.announce(streams.group_name(f"device:{device.pk}"), message)
    return token


def receive(token: str, *, device: Device, jpeg: bytes) -> CasePage:
    """Put the still into its case.

    Raises:
        BadCapture: the request is unknown, used up, too old or another device's.
    """
    request: dict[str, Any] | None = cache.get(f"capture:{token}")
    if request is None or request["device"] != str(device.pk):
        raise BadCapture(_("This picture was not asked for, or came too late. Take it again."))
    cache.delete(f"capture:{token}")
    case = Case.objects.get(pk=request["case"])
    page = cases.capture_page(case, jpeg=jpeg, material=request["material"], actor=request["actor"])
    session = case.ticket.sessions.order_by("-placed_at").first()
    streams.bump(f"device:{device.pk}", *([f"session:{session.pk}"] if session else []))
    return page
