"""Putting messages into the outbox and delivering them: at least once, in order per subject.

    pending -> delivered, or -> dead after MAX_ATTEMPTS, a final refusal, or its time limit; dead -> pending by a person

A dead message does not hold up those behind it: what follows is newer news about the same subject.
"""

import json
import logging
import smtplib
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from portal.base.ids import new_id
from portal.base.keyring import services as keyring
from portal.base.outbox.models import OutboxMessage

# Channels that go to an outside system, by the setting that names it; the others end in the inbox.
GATEWAYS = {
    "sms": "SMS_GATEWAY",
    "ratings": "RATINGS_GATEWAY",
    "acceptance": "ACCEPTANCE_GATEWAY",
    "mail": "MAIL_SERVER",
    "seal": "SEAL_GATEWAY",
    "map": "MAP_GATEWAY",
}
MAX_ATTEMPTS = 12
FIRST_WAIT_S = 5
LONGEST_WAIT_S = 3600
NO_GATEWAY_WAIT_S = 600
TIMEOUT_S = 10
# Statuses after which another try cannot help (RFC 9110 §15.5); 408, 409, 425 and 429 ask for one.
FINAL_STATUSES = frozenset({400, 404, 405, 410, 413, 415, 422})
log = logging.getLogger("linban.outbox")


class _Refused(Exception):
    """The gateway will never take this message."""


class _NotNow(Exception):
    """The gateway could not take it this time."""


def put(
    channel: str,
    subject: str,
    body: dict[str, Any],
    *,
    personal: dict[str, Any] | None = None,
    idempotency_key: str = "",
    expires_at: datetime | None = None,
) -> OutboxMessage:
    """Put a message into the outbox, inside the caller's transaction.

    :param subject: what the order is kept for, e.g. `case:<id>`; never personal data.
    :param body: JSON values without personal data.
    :param personal: what is personal (phone, text); sealed apart, and joined to the body when it is sent.
    :param idempotency_key: repeating a key returns the first message.
    """
    assert connection.in_atomic_block, "a message belongs in its effect's transaction"
    if idempotency_key and (already := OutboxMessage.objects.filter(idempotency_key=idempotency_key).first()):
        return already
    if connection.vendor == "postgresql":
        # Two transactions about one subject take their positions one after the other; SQLite's writers queue anyway.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"outbox:{channel}:{subject}"])
    last = OutboxMessage.objects.filter(channel=channel, subject=subject).order_by("-position").first()
    message_id = new_id()
    sealed = None
    if personal is not None:
        sealed = keyring.seal("field", json.dumps(personal, ensure_ascii=False).encode(), aad=_aad(message_id))
    return OutboxMessage.objects.create(
        id=message_id,
        channel=channel,
        subject=subject,
        position=last.position + 1 if last else 1,
        body=body,
        sealed=sealed,
        idempotency_key=idempotency_key or str(message_id),
        expires_at=expires_at,
    )


def is_known(idempotency_key: str) -> bool:
    """Whether a message with the key was put already."""
    return OutboxMessage.objects.filter(idempotency_key=idempotency_key).exists()


def _aad(message_id: object) -> bytes:
    return f"outbox.sealed:{message_id}".encode()


def opened(message: OutboxMessage) -> dict[str, Any]:
    """The body with its personal parts."""
    if message.sealed is None:
        return dict(message.body)
    return message.body | json.loads(keyring.open_sealed(message.sealed, aad=_aad(message.id)))


def _heads(now: datetime) -> QuerySet[OutboxMessage]:
    """Due messages that no earlier one of the same subject is waiting before."""
    pending = OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING)
    earlier = pending.filter(
        channel=OuterRef("channel"), subject=OuterRef("subject"), position__lt=OuterRef("position")
    )
    return pending.filter(~Exists(earlier), next_at__lte=now).order_by("next_at")


def deliver_due(*, now: datetime | None = None, limit: int = 100) -> int:
    """Deliver what is due; the number delivered. No network inside a transaction."""
    delivered = 0
    for _turn in range(limit):
        message = _heads(now or timezone.now()).first()
        if message is None:
            break
        delivered += _deliver(message, now or timezone.now())
    return delivered


def _deliver(message: OutboxMessage, now: datetime) -> bool:
    # Compare and swap: of two clocks one takes the message; if it dies, the message is due again a minute later.
    taken = OutboxMessage.objects.filter(
        pk=message.pk, state=OutboxMessage.State.PENDING, attempts=message.attempts
    ).update(attempts=message.attempts + 1, next_at=now + timedelta(seconds=60))
    if not taken:
        return False
    message.attempts += 1
    if message.expires_at and message.expires_at <= now:
        _settle(message, OutboxMessage.State.DEAD, now, error="its time limit passed")
        return False
    setting = GATEWAYS.get(message.channel)
    address = getattr(settings, setting, "") if setting else ""
    if setting and not address and not settings.DEMO:
        # Without a gateway nothing is lost and nothing pretends to have been sent: it goes once one is set.
        OutboxMessage.objects.filter(pk=message.pk).update(
            attempts=0, next_at=now + timedelta(seconds=NO_GATEWAY_WAIT_S), last_error=f"{setting} is not set"
        )
        return False
    if not address:
        _settle(message, OutboxMessage.State.DELIVERED, now, via="inbox")
        return True
    try:
        if message.channel == "mail":
            _mail(message)
        else:
            _post(address, message)
    except _Refused as error:
        _settle(message, OutboxMessage.State.DEAD, now, error=str(error))
    except _NotNow as error:
        if message.attempts >= MAX_ATTEMPTS:
            _settle(message, OutboxMessage.State.DEAD, now, error=str(error))
        else:
            wait_s = min(FIRST_WAIT_S * 2 ** (message.attempts - 1), LONGEST_WAIT_S)
            OutboxMessage.objects.filter(pk=message.pk).update(
                next_at=now + timedelta(seconds=wait_s), last_error=str(error)[:200]
            )
    else:
        _settle(message, OutboxMessage.State.DELIVERED, now, via="gateway")
        return True
    return False


def _post(address: str, message: OutboxMessage) -> None:
    body = {
        "id": str(message.id),
        "channel": message.channel,
        "subject": message.subject,
        "position": message.position,
        "body": opened(message),
    }
    request = urllib.request.Request(
        address,
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": message.idempotency_key},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            response.read(64 * 1024)
    except urllib.error.HTTPError as error:
        kind = _Refused if error.code in FINAL_STATUSES else _NotNow
        raise kind(f"the gateway answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise _NotNow(f"the gateway could not be reached: {type(error).__name__}") from error


def _mail(message: OutboxMessage) -> None:
    """Send by Django's mail; the message's personal part has `to`, `subject` and `text`, its body may have `url`."""
    content = opened(message)
    if not content.get("to"):
        raise _Refused("the account has no e-mail address")
    link = f"\n\n{settings.PORTAL_URL}{content['url']}" if content.get("url") else ""
    try:
        send_mail(content["subject"], f"{content['text']}{link}", None, [content["to"]])
    except (OSError, smtplib.SMTPException) as error:
        raise _NotNow(f"the mail server could not be reached: {type(error).__name__}") from error


def _settle(message: OutboxMessage, state: str, now: datetime, *, via: str = "", error: str = "") -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=state, via=via, last_error=error[:200], settled_at=now, attempts=message.attempts
    )
    if state == OutboxMessage.State.DEAD:
        log.error(
            "an outgoing message was given up",
            extra={"fields": {"message": str(message.id), "channel": message.channel, "error": error}},
        )


def dead_letters() -> QuerySet[OutboxMessage]:
    """What was given up, newest first."""
    return OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).order_by("-settled_at")


@transaction.atomic
def send_again(message: OutboxMessage) -> bool:
    """Give a dead message a fresh set of attempts; False when it is not dead any more."""
    return bool(
        OutboxMessage.objects.filter(pk=message.pk, state=OutboxMessage.State.DEAD).update(
            state=OutboxMessage.State.PENDING, attempts=0, next_at=timezone.now(), settled_at=None, expires_at=None
        )
    )


def inbox(*, channel: str = "", limit: int = 50) -> list[OutboxMessage]:
    """The newest messages that ended in the embedded inbox."""
    messages = OutboxMessage.objects.filter(via="inbox").order_by("-created_at")
    if channel:
        messages = messages.filter(channel=channel)
    return list(messages[:limit])


def counts() -> dict[str, int]:
    """How many messages wait and how many were given up, for the metrics."""
    return {
        state: OutboxMessage.objects.filter(state=state).count()
        for state in (OutboxMessage.State.PENDING, OutboxMessage.State.DEAD)
    }


def forget_settled(before: datetime) -> int:
    """Delete messages settled before that time; their number."""
    deleted, _rows = (
        OutboxMessage.objects.filter(settled_at__lt=before).exclude(state=OutboxMessage.State.PENDING).delete()
    )
    return deleted
