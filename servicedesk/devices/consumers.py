"""The bridge's socket: challenge, hello, welcome, then messages both ways; it holds no rule."""

import json
import logging
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from kiosk_bridge import messages
from portal.base.errors import DomainError
from portal.base.streams.consumers import in_database
from servicedesk.devices import services
from servicedesk.devices.events import bridge_group

log = logging.getLogger("linban.devices")


class BridgeConsumer(AsyncWebsocketConsumer):
    """One kiosk's bridge.

    => {"type": "challenge", "nonce"}              <- {"type": "hello", "device", "version", "virtual", "signature"}
    => {"type": "welcome", "heartbeat_s": 10}      (or it is closed with 4401)
    => {"type": "print.job", ...}                  <- {"type": "print.outcome", ...}, {"type": "health", ...}
    => {"type": "print.ack", "id"}
    => {"type": "error", "code", "message"}        (to a message that cannot be used)
    """

    async def connect(self) -> None:
        self.device = None
        self.nonce = services.new_nonce()
        await self.accept()
        await self._send(messages.Challenge(nonce=self.nonce).to_dict())

    async def disconnect(self, code: int) -> None:
        if self.device is not None:
            await self.channel_layer.group_discard(bridge_group(self.device), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        raw = text_data if text_data is not None else bytes_data or b""
        if len(raw) > messages.MAX_MESSAGE_BYTES:
            await self._send(messages.Error(code="malformed", message="The message is too large.").to_dict())
            return
        try:
            message = messages.parse(raw)
        except messages.UnknownType as error:
            log.info("an unknown message", extra={"fields": {"kind": error.type[:40]}})
            return
        except messages.Malformed as error:
            await self._send(messages.Error(code=error.code, message=str(error)).to_dict())
            return
        if self.device is None:
            await self._hello(message)
            return
        try:
            answer = await in_database(services.take_bridge_message)(self.device, message.to_dict())
        except services.NotPaired:
            await self.close(code=messages.CLOSE_NOT_AUTHORISED)
        except DomainError as error:
            await self._send(messages.Error(code=error.code, message=str(error)).to_dict())
        else:
            if answer is not None:
                await self._send(answer)

    async def _hello(self, message: messages.Message) -> None:
        if not isinstance(message, messages.Hello):
            await self.close(code=messages.CLOSE_NOT_AUTHORISED)
            return
        try:
            device = await in_database(services.device_for_hello)(
                code=message.device, nonce=self.nonce, signature=message.signature
            )
        except DomainError as error:
            log.warning("a bridge was refused", extra={"fields": {"code": error.code}})
            await self.close(code=messages.CLOSE_NOT_AUTHORISED)
            return
        await in_database(services.note_version)(device, version=message.version, is_virtual=message.virtual)
        self.device = device
        # First the group, then what waits: what is sent in between may come twice, but is never lost.
        await self.channel_layer.group_add(bridge_group(device), self.channel_name)
        await self._send(messages.Welcome(heartbeat_s=services.HEARTBEAT_S).to_dict())
        for waiting in await in_database(services.pending_messages)(device):
            await self._send(waiting)

    async def bridge_send(self, event: dict[str, Any]) -> None:
        await self._send(event["message"])

    async def bridge_close(self, event: dict[str, Any]) -> None:
        await self.close(code=messages.CLOSE_NOT_AUTHORISED)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message, ensure_ascii=False, separators=(",", ":")))
