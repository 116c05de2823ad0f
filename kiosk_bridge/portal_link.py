"""The bridge's WebSocket to the portal: it proves the device, takes print jobs, and tells outcomes and health.

The link is opened again for ever, with a growing pause and jitter. An outcome is told until the portal acknowledges it.
"""

import asyncio
import logging
import random
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from kiosk_bridge import __version__
from kiosk_bridge.jobs import JobJournal, PrintQueues
from kiosk_bridge.messages import (
    CLOSE_NOT_AUTHORISED,
    MAX_MESSAGE_BYTES,
    Challenge,
    Error,
    Health,
    Hello,
    Malformed,
    Message,
    Peripherals,
    PrintAck,
    PrintJob,
    PrintOutcome,
    UnknownType,
    Welcome,
    parse,
)
from kiosk_bridge.peripherals import PeripheralBoard
from kiosk_bridge.signing import sign_bridge_hello

logger = logging.getLogger(__name__)

PAUSE_FIRST_S: Final = 0.5
PAUSE_MAX_S: Final = 30.0
HANDSHAKE_TIMEOUT_S: Final = 15.0
#: A portal that answers no ping for this long is taken for gone.
PING_TIMEOUT_S: Final = 10.0
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class PortalLink:
    """Owns the link; `run` is its one task, `send_outcome` may be called at any time."""

    def __init__(
        self,
        *,
        portal_url: str,
        device: str,
        key: Ed25519PrivateKey,
        virtual: bool,
        board: PeripheralBoard,
        journal: JobJournal,
    ) -> None:
        self._url = bridge_url(portal_url)
        self._device = device
        self._key = key
        self._virtual = virtual
        self._board = board
        self._journal = journal
        self._queues: PrintQueues | None = None
        self._socket: ClientConnection | None = None
        self._is_welcome = False

    def serve(self, queues: PrintQueues) -> None:
        """Give the queues that jobs go to; before `run`."""
        self._queues = queues

    async def send_outcome(self, outcome: PrintOutcome) -> None:
        """Tell an outcome if the link is up; else it is told after the next welcome."""
        if self._socket is None or not self._is_welcome:
            return
        try:
            await self._socket.send(outcome.to_json())
        except ConnectionClosed:
            logger.debug("portal: the outcome of %s is told after reconnecting", outcome.id)

    async def run(self) -> None:
        """Keep the link up for ever."""
        pause_s = PAUSE_FIRST_S
        while True:
            was_welcome = False
            try:
                async with connect(
                    self._url,
                    max_size=MAX_MESSAGE_BYTES,
                    open_timeout=HANDSHAKE_TIMEOUT_S,
                    ping_interval=PING_TIMEOUT_S,
                    ping_timeout=PING_TIMEOUT_S,
                    close_timeout=2,
                    # A proxy of the network must never come between the bridge and a portal on the same machine.
                    proxy=None if urlsplit(self._url).hostname in _LOOPBACK else True,
                ) as socket:
                    await self._serve_socket(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == CLOSE_NOT_AUTHORISED:
                    logger.error("portal: the device %s is not accepted; is it paired?", self._device)
                    pause_s = PAUSE_MAX_S
                else:
                    logger.info("portal: the link closed (%s)", closed)
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
                logger.info("portal: not reached (%s)", error)
            finally:
                was_welcome, self._is_welcome, self._socket = self._is_welcome, False, None
            if was_welcome:
                pause_s = PAUSE_FIRST_S
            # Jitter keeps the kiosks of a district from coming back in the same instant.
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, PAUSE_MAX_S)

    async def _serve_socket(self, socket: ClientConnection) -> None:
        self._socket = socket
        heartbeat: asyncio.Task[None] | None = None
        try:
            async for text in socket:
                try:
                    message = parse(text)
                except UnknownType as error:
                    logger.info("portal: %s", error)
                    continue
                except Malformed as error:
                    await socket.send(Error(code=error.code, message=str(error)).to_json())
                    continue
                if isinstance(message, Challenge):
                    await self._prove(socket, message)
                elif isinstance(message, Welcome) and heartbeat is None:
                    self._is_welcome = True
                    logger.info("portal: linked as %s", self._device)
                    heartbeat = asyncio.create_task(self._beat(socket, every_s=message.heartbeat_s))
                    for outcome in await self._journal.unacknowledged():
                        await socket.send(outcome.to_json())
                elif self._is_welcome:
                    await self._take(socket, message)
        finally:
            if heartbeat is not None:
                heartbeat.cancel()
                await asyncio.gather(heartbeat, return_exceptions=True)

    async def _prove(self, socket: ClientConnection, challenge: Challenge) -> None:
        hello = Hello(
            device=self._device,
            version=__version__,
            virtual=self._virtual,
            signature=sign_bridge_hello(self._key, challenge.nonce),
        )
        await socket.send(hello.to_json())

    async def _take(self, socket: ClientConnection, message: Message) -> None:
        if isinstance(message, PrintJob) and self._queues is not None:
            try:
                await self._queues.take(message)
            except Malformed as error:
                await socket.send(Error(code=error.code, message=str(error)).to_json())
        elif isinstance(message, PrintAck):
            await self._journal.acknowledge(message.id)
        elif isinstance(message, Error):
            logger.warning("portal: it answered %s: %s", message.code, message.message)

    async def _beat(self, socket: ClientConnection, *, every_s: float) -> None:
        changed = asyncio.Event()

        def note(_peripherals: Peripherals) -> None:
            changed.set()

        stop_listening = self._board.listen(note)
        try:
            while True:
                await socket.send(Health(peripherals=self._board.current).to_json())
                try:
                    await asyncio.wait_for(changed.wait(), max(every_s, 0.1))
                except TimeoutError:
                    continue
                changed.clear()
        except ConnectionClosed:
            return
        finally:
            stop_listening()


def bridge_url(portal_url: str) -> str:
    """Return the address of the bridge's socket for a portal at this address."""
    parts = urlsplit(portal_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/ws/bridge/", "", ""))
