"""Whether the process lives, whether it can serve, and what is counted."""

import secrets

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.base import probes


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database and channel layer answer, else 503; media nodes, clock and the like are only told."""
    checks = {"database": _database_answers(), "channel_layer": _channel_layer_answers()}
    is_ready = all(checks.values())
    body: dict[str, object] = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    if checks["database"]:
        body["reports"] = probes.reports()
    return JsonResponse(body, status=200 if is_ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except Exception:  # Whatever is wrong with it, the answer is "no".
        return False


async def _round_trip() -> bool:
    layer = get_channel_layer()
    channel = await layer.new_channel("readyz")
    nonce = secrets.token_hex(8)
    await layer.send(channel, {"type": "readyz", "nonce": nonce})
    return (await layer.receive(channel))["nonce"] == nonce


def _channel_layer_answers() -> bool:
    try:
        return async_to_sync(_round_trip)()
    except Exception:  # Whatever is wrong with it, the answer is "no".
        return False


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts without personal data, in the Prometheus text format; the proxy keeps outsiders away."""
    return HttpResponse(probes.as_text(probes.metrics()), content_type="text/plain; version=0.0.4; charset=utf-8")
