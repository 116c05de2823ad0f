"""How a kiosk's page proves that it stands on a paired device."""

import json

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.base.errors import DomainError
from portal.base.limits import limited
from servicedesk.devices import services


@csrf_exempt  # It changes nothing and needs no session; the proof is the device's signature.
@require_POST
@limited("device.nonce", limit=600, window_s=60)
def nonce(request: HttpRequest) -> JsonResponse:
    """A nonce for the device to sign, or for a card to be read."""
    return JsonResponse({"nonce": services.new_nonce()})


@csrf_exempt  # The signature over a fresh nonce of ours is stronger than a token: no other site can make it.
@require_POST
@limited("device.prove", limit=120, window_s=60)
def prove(request: HttpRequest) -> JsonResponse:
    """Turn the device's signature over the nonce into a device session."""
    try:
        body = json.loads(request.body)
        fields = {name: str(body[name]) for name in ("device", "nonce", "signature")}
    except (ValueError, TypeError, KeyError):
        return JsonResponse({"code": "malformed", "message": _("device, nonce and signature are needed.")}, status=400)
    try:
        device = services.device_for_proof(code=fields["device"], nonce=fields["nonce"], signature=fields["signature"])
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    services.sign_in_device(request, device)
    return JsonResponse({"device": {"id": str(device.pk), "code": device.code, "name": device.name}})
