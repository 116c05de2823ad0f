"""A small portal for the bridge: the other end of its WebSocket; it proves the device and notes what it hears."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from kiosk_bridge.messages import (
    Challenge,
    Health,
    Hello,
    Message,
    PrintAck,
    PrinterName,
    PrintJob,
    PrintOutcome,
    Welcome,
    bridge_hello_bytes,
    decode_base64url,
    parse,
)


@dataclass
class ListeningPortal:
    """What the portal heard; it acknowledges outcomes unless told not to."""

    public_key: Ed25519PublicKey
    heartbeat_s: float = 5.0
    acknowledges: bool = True
    hellos: list[Hello] = field(default_factory=list)
    outcomes: list[PrintOutcome] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    _socket: ServerConnection | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def send(self, message: Message) -> None:
        await self.wait_for(lambda: self._socket is not None)
        assert self._socket is not None
        await self._socket.send(message.to_json())

    async def send_text(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send(text)

    async def print(self, job_id: str, content: bytes, *, printer: PrinterName = "receipt", copies: int = 1) -> None:
        """Send a job in the format that its printer takes."""
        await self.send(
            PrintJob(
                id=job_id,
                printer=printer,
                format="escpos" if printer == "receipt" else "pdf",
                title="取号凭条",
                data=base64.b64encode(content).decode(),
                copies=copies,
            )
        )

    async def outcome_of(self, job_id: str, *, timeout_s: float = 20.0) -> PrintOutcome:
        """Wait for the outcome of a job."""
        await self.wait_for(lambda: any(outcome.id == job_id for outcome in self.outcomes), timeout_s=timeout_s)
        return next(outcome for outcome in self.outcomes if outcome.id == job_id)

    async def wait_for(self, is_so, *, timeout_s: float = 20.0) -> None:
        """Wait until `is_so()`, looked at whenever something was heard."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(is_so)

    async def drop(self) -> None:
        """Cut the link off."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def serve(self, socket: ServerConnection) -> None:
        await socket.send(Challenge(nonce="nonce-1").to_json())
        hello = parse(await socket.recv())
        assert isinstance(hello, Hello)
        try:
            self.public_key.verify(decode_base64url(hello.signature), bridge_hello_bytes("nonce-1"))
        except InvalidSignature:
            await socket.close(4401, "not paired")
            return
        await socket.send(Welcome(heartbeat_s=self.heartbeat_s).to_json())
        await self._hear(hello, socket)
        # A bridge that is killed closes nothing in order.
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                await self._hear(parse(text), socket)
        if self._socket is socket:
            self._socket = None

    async def _hear(self, message: Message, socket: ServerConnection) -> None:
        if isinstance(message, PrintOutcome) and self.acknowledges:
            await socket.send(PrintAck(id=message.id).to_json())
        async with self._changed:
            self._socket = socket
            if isinstance(message, Hello):
                self.hellos.append(message)
            elif isinstance(message, PrintOutcome):
                self.outcomes.append(message)
            elif isinstance(message, Health):
                self.health.append(message)
            else:
                self.others.append(message)
            self._changed.notify_all()


@asynccontextmanager
async def listening_portal(
    public_key: Ed25519PublicKey, *, port: int, heartbeat_s: float = 5.0
) -> AsyncIterator[ListeningPortal]:
    """Serve the bridge's WebSocket at /ws/bridge/ on this port."""
    portal = ListeningPortal(public_key, heartbeat_s=heartbeat_s)
    async with serve(portal.serve, "127.0.0.1", port, max_size=None):
        yield portal
