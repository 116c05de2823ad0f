"""Whether the process lives, whether it can serve, and what is counted."""

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import checks as doors
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
    if exposed := doors.exposures():
        body["warnings"] = exposed
    return JsonResponse(body, status=200 if is_ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except Exception:  # Whatever is wrong with it, the answer is "no".
        return False


def _channel_layer_answers() -> bool:
    """Whether Redis answers; the layer in memory is as alive as the process.

    A round trip over the layer itself would wait behind the consumers' own receiving, and hold this thread with it.
    """
    if not settings.REDIS_URL:
        return get_channel_layer() is not None
    # Only where there is one: the client costs a start a third of a second.
    import redis

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts without personal data, in the Prometheus text format; the proxy keeps outsiders away."""
    return HttpResponse(probes.as_text(probes.metrics()), content_type="text/plain; version=0.0.4; charset=utf-8")
