"""Who may enter the rooms of the ground: accounts, health, display, language and outgoing messages."""

from django.db import transaction

from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from tests.access import PUBLIC, SIGN_IN, Row


def dead_message(cast) -> OutboxMessage:
    with transaction.atomic():
        message = outbox.put("sms", "case:1", {"text": "x"})
    OutboxMessage.objects.filter(pk=message.pk).update(state=OutboxMessage.State.DEAD, settled_at=message.created_at)
    return message


ADMINISTRATORS_ONLY = {"system_admin": 200, "clerk": 403, "security_admin": 403, "stranger": 403, "anonymous": SIGN_IN}

ROWS = [
    Row("healthz", "/healthz", PUBLIC),
    Row("readyz", "/readyz", PUBLIC),
    Row("metrics", "/metrics", PUBLIC),
    Row("robots.txt", "/robots.txt", PUBLIC),
    # Uploaded pictures are public once published; without one there is nothing to see.
    Row("media/<path:path>", "/media/nothing.jpg", {"anonymous": 404, "stranger": 404, "clerk": 404}),
    Row("display/", "/display/?size=elder&next=/robots.txt", {"anonymous": 302}),
    Row("language/", "/language/?lang=en&next=/", {"anonymous": 302, "stranger": 302}),
    Row("accounts/", "/accounts/", {"clerk": 200, "stranger": 200, "anonymous": SIGN_IN}),
    Row("accounts/after-login/", "/accounts/after-login/", {"clerk": 302, "stranger": 302, "anonymous": SIGN_IN}),
    # Outside the demo nobody finds the sign-in links, and nobody ever finds sign-up and e-mail.
    Row("accounts/demo/", "/accounts/demo/", {"clerk": 404, "stranger": 404, "anonymous": 404}),
    Row(
        "accounts/^(?:signup|email|confirm-email|password/set|password/reset|login/code)(?:/.*)?$",
        "/accounts/signup/",
        {"clerk": 404, "stranger": 404, "anonymous": 404},
    ),
    Row("outbox/", "/outbox/", ADMINISTRATORS_ONLY),
    Row(
        "outbox/<uuid:message_id>/again/",
        lambda message: f"/outbox/{message.pk}/again/",
        {"system_admin": 302, "clerk": 403, "stranger": 403, "anonymous": SIGN_IN},
        method="post",
        prepare=dead_message,
    ),
]
