"""How a screen's socket passes its WebRTC offer to the session's node and waits for the answer."""

import asyncio
import secrets
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.utils.translation import gettext as _

from portal.base.errors import DomainError
from portal.base.streams.consumers import LiveConsumer, in_database
from servicedesk.remote import nodes, turn
from servicedesk.remote.errors import NoVideoLine
from servicedesk.remote.models import RemoteSession

ANSWER_WITHIN_S = 6


async def exchange(session: RemoteSession, *, side: str, sdp: str) -> dict[str, Any]:
    """The node's answer `{"sdp", "leg"}` to a side's offer.

    Raises:
        NoVideoLine: no node answers in time.
    """
    layer = get_channel_layer()
    node = await in_database(nodes.node_for)(session)
    request, leg = secrets.token_hex(8), secrets.token_hex(4)
    reply_channel = await layer.new_channel("signalling")
    message = {
        "type": "leg.offer", "request": request, "session": str(session.pk), "side": side, "leg": leg, "sdp": sdp,
        "ice_servers": [],
    }  # fmt: skip
    event = {"type": "node.offer", "message": message, "reply_to": reply_channel}
    await layer.group_send(f"node.{node.name}", event)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            answer = (await layer.receive(reply_channel))["message"]
    except TimeoutError as error:
        raise NoVideoLine(_("The video line does not answer. We keep trying; your number is kept.")) from error
    if answer["type"] != "leg.answer":
        raise NoVideoLine(_("The video line is full. The number is kept; try again in a minute."))
    return {"sdp": answer["sdp"], "leg": leg}


def ice_servers() -> list[dict[str, Any]]:
    """The TURN servers for browsers, with credentials that last an hour; empty when none is set."""
    return turn.servers(settings.TURN_URLS, settings.TURN_SECRET)


async def answer_offer(consumer: LiveConsumer, content: dict[str, Any], *, side: str) -> None:
    """Pass a side's WebRTC offer to the session's node, and its answer back over the same socket."""
    try:
        session = await in_database(consumer._in_language)(consumer.active_session)
        answer = await exchange(session, side=side, sdp=str(content["sdp"]))
        await consumer.send_json({"type": "done", "id": content.get("id"), "data": answer})
    except DomainError as error:
        refusal = {
            "type": "refused",
            "id": content.get("id"),
            "code": error.code,
            "message": await sync_to_async(str)(error),
        }
        await consumer.send_json(refusal)
