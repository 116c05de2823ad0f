"""A request that is repeated has its effect once: key, request's hash and answer in the effect's own transaction."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.errors import DomainError
from portal.base.idempotency.models import IdempotencyKey

KEPT = timedelta(hours=24)


class KeyReused(DomainError):
    """The key was already used for another request."""

    code: ClassVar[str] = "idempotency_key_reused"


def hash_of(*parts: Any) -> str:
    """SHA-256 over method, path and parsed body (or whatever makes two requests the same), as canonical JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@transaction.atomic
def once(caller: str, key: str, request_hash: str, effect: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Do `effect` unless this caller's key has done it; both times the same (status, response).

    A second request waits for the first on the unique key; when the effect raises, the key is not kept either.

    Raises:
        KeyReused: the key came with another request.
    """
    now = timezone.now()
    IdempotencyKey.objects.filter(caller=caller, key=key, created_at__lte=now - KEPT).delete()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(caller=caller, key=key, request_hash=request_hash, created_at=now)
    except IntegrityError:
        row = IdempotencyKey.objects.get(caller=caller, key=key)
        if row.request_hash != request_hash:
            raise KeyReused(_("This Idempotency-Key was used for another request. Send a new key.")) from None
        assert row.status is not None, "a committed key has its answer"
        return row.status, row.response
    row.status, row.response = effect()
    row.save(update_fields=["status", "response"])
    return row.status, row.response


def forget_old(before: datetime) -> int:
    """Delete the keys made before that time; their number."""
    deleted, _rows = IdempotencyKey.objects.filter(created_at__lt=before).delete()
    return deleted
