"""The media node's own connection: hello, leases, offers to it, keys and check-points from it (see docs/media.md)."""

import asyncio
import base64
import logging
from secrets import compare_digest
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from portal.base.streams.consumers import in_database
from servicedesk.remote import nodes, services
from servicedesk.remote.models import RemoteSession
from servicedesk.remote.states import ACTIVE

log = logging.getLogger("linban.node")
LOOK_FOR_ENDED_EVERY_S = 2


class NodeConsumer(AsyncJsonWebsocketConsumer):
    """One connection of one node; every message of the node with `n` is acknowledged after its effect is stored."""

    name = ""
    capacity = 0

    async def connect(self) -> None:
        self.live: set[str] = set()
        self.waiting: dict[str, str] = {}
        self.watcher: asyncio.Task | None = None
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.watcher:
            self.watcher.cancel()
        if self.name:
            await self.channel_layer.group_discard(f"node.{self.name}", self.channel_name)
            await in_database(nodes.release_node)(name=self.name, channel=self.channel_name)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        kind = str(content.get("type", ""))
        if not self.name:
            await self._hello(content)
            return
        try:
            handler = getattr(self, "on_" + kind.replace(".", "_"), None)
            if handler is None:
                log.warning("a node sent an unknown message", extra={"fields": {"type": kind[:40]}})
            else:
                await handler(content)
        except (RemoteSession.DoesNotExist, IntegrityError):
            log.warning("a node spoke of an unknown session", extra={"fields": {"type": kind[:40]}})
        except (LookupError, TypeError, ValueError, ValidationError):
            # Acknowledged all the same: the node would send it again for ever.
            log.warning("a node sent a malformed message", exc_info=True, extra={"fields": {"type": kind[:40]}})
        if "n" in content:
            await self.send_json({"type": "ack", "n": content["n"]})

    async def _hello(self, content: dict[str, Any]) -> None:
        token = str(content.get("token", "")).encode()
        if content.get("type") != "hello" or not compare_digest(token, settings.NODE_TOKEN.encode()):
            await self.close(code=4401)
            return
        wished = str(content.get("node", ""))
        self.name = (
            "".join(char for char in wished if char.isascii() and (char.isalnum() or char in "-_."))[:60] or "node"
        )
        self.capacity = int(content.get("capacity", 1))
        self.live = {str(session) for session in content.get("sessions", [])}
        await self.channel_layer.group_add(f"node.{self.name}", self.channel_name)
        await self._lease()
        await in_database(services.drop_lost_sessions)(node=self.name, still_live=self.live)
        await self.send_json({"type": "welcome", "lease_s": nodes.NODE_LEASE_S})
        self.watcher = asyncio.create_task(self._watch())

    async def _lease(self) -> None:
        await in_database(nodes.lease_node)(
            name=self.name, capacity=self.capacity, channel=self.channel_name, sessions=len(self.live)
        )

    async def _watch(self) -> None:
        """Renews the lease, and closes sessions that ended elsewhere even when the hint was lost."""
        while True:
            await asyncio.sleep(LOOK_FOR_ENDED_EVERY_S)
            try:
                for session in await in_database(self._ended)():
                    await self.send_json({"type": "session.close", "session": session})
                renewed = await in_database(nodes.renew_lease)(
                    name=self.name, channel=self.channel_name, sessions=len(self.live)
                )
                if not renewed:
                    return
            except asyncio.CancelledError:
                raise
            except OSError:
                # The node has gone, and may be back on another connection: this one leases nothing any more.
                return
            except Exception:
                log.exception("a node's lease could not be renewed")

    def _ended(self) -> list[str]:
        active = RemoteSession.objects.filter(pk__in=self.live, state__in=ACTIVE).values_list("pk", flat=True)
        return sorted(self.live - {str(pk) for pk in active})

    # --- from the portal's other connections -----------------------------------------------------------------------
    async def node_offer(self, event: dict[str, Any]) -> None:
        """An offer of a browser: open the session here if it is not, then pass the offer on."""
        message = event["message"]
        if message["session"] not in self.live:
            self.live.add(message["session"])
            await self.send_json({"type": "session.open", "session": message["session"]})
        self.waiting[message["request"]] = event["reply_to"]
        await self.send_json(message)

    async def node_close(self, event: dict[str, Any]) -> None:
        await self.send_json(event["message"])

    # --- from the node -----------------------------------------------------------------------------------------------
    async def on_key_request(self, content: dict[str, Any]) -> None:
        session = await in_database(services.get_session)(content["session"])
        key = await in_database(services.recording_key)(session)
        await self.send_json(
            {"type": "key", "session": content["session"], "key": base64.b64encode(key).decode(), "recording": True}
        )

    async def _reply(self, content: dict[str, Any]) -> None:
        reply_to = self.waiting.pop(str(content.get("request")), None)
        if reply_to:
            await self.channel_layer.send(reply_to, {"type": "node.reply", "message": content})

    async def on_leg_answer(self, content: dict[str, Any]) -> None:
        await self._reply(content)

    async def on_leg_error(self, content: dict[str, Any]) -> None:
        await self._reply(content)

    async def on_session_opened(self, content: dict[str, Any]) -> None:
        self.live.add(content["session"])

    async def on_session_refused(self, content: dict[str, Any]) -> None:
        self.live.discard(content["session"])

    async def on_leg_state(self, content: dict[str, Any]) -> None:
        session = await in_database(services.get_session)(content["session"])
        await in_database(services.leg_changed)(
            session, side=content["side"], is_connected=content["state"] == "connected"
        )

    async def on_checkpoint(self, content: dict[str, Any]) -> None:
        await in_database(nodes.check_point)(
            content["session"], track=content["track"], count=int(content["count"]), head=content["head"],
            size_bytes=int(content.get("bytes", 0)),
        )  # fmt: skip

    async def on_session_closed(self, content: dict[str, Any]) -> None:
        self.live.discard(content["session"])
        await in_database(nodes.close_tracks)(content["session"], content.get("tracks", []))

    async def on_stats(self, content: dict[str, Any]) -> None:
        """The lease carries the load; nothing else is kept."""
