"""The loopback WebSocket for the kiosk's page: peripherals, the device's proof, and the card reader while armed.

Only pages of the configured origins are let in. What a card says passes through once, to the page that armed the
reader, and is neither kept nor logged.
"""

import asyncio
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from kiosk_bridge import __version__, samv
from kiosk_bridge.config import PageConfig
from kiosk_bridge.messages import (
    BridgeHello,
    CardError,
    CardPayload,
    CardPresent,
    CardRead,
    CardReading,
    CardRemoved,
    DeviceProof,
    DeviceProve,
    Error,
    Malformed,
    Message,
    Peripherals,
    PeripheralsChanged,
    ReaderArm,
    ReaderDisarm,
    UnknownType,
    Wipe,
    Wiped,
    encode_payload,
    parse,
)
from kiosk_bridge.peripherals import PeripheralBoard
from kiosk_bridge.reader import CardReader, Failed, Present, Read, ReaderEvent, Reading, Removed
from kiosk_bridge.signing import sign_card_read, sign_device_proof

logger = logging.getLogger(__name__)

#: A page says little; more than this is no page of ours.
MAX_PAGE_MESSAGE_BYTES: Final = 16 * 1024
#: A page that stops reading is cut off, so that it cannot hold the reader up.
SEND_TIMEOUT_S: Final = 5.0


class PageLink:
    """Serves the pages; at most one of them has the reader armed, the last one that asked."""

    def __init__(
        self, config: PageConfig, *, device: str, key: Ed25519PrivateKey, virtual: bool, board: PeripheralBoard
    ) -> None:
        self._config = config
        self._device = device
        self._key = key
        self._virtual = virtual
        self._board = board
        self._reader: CardReader | None = None
        self._pages: set[ServerConnection] = set()
        self._armed_page: ServerConnection | None = None
        self._armed_nonce = ""
        # The page that was told of a card hears that it left, though it has disarmed the reader by then.
        self._told_page: ServerConnection | None = None

    def serve_reader(self, reader: CardReader) -> None:
        """Give the reader that pages arm; before `run`."""
        self._reader = reader

    async def run(self) -> None:
        """Listen for pages for ever."""
        changed = asyncio.Event()

        def note(_peripherals: Peripherals) -> None:
            changed.set()

        stop_listening = self._board.listen(note)
        try:
            async with serve(
                self._serve_page,
                self._config.host,
                self._config.port,
                # Browsers always send an Origin; a request without one is refused as well.
                origins=list(self._config.allowed_origins),  # type: ignore[arg-type]
                process_request=self._refuse_other_hosts,
                max_size=MAX_PAGE_MESSAGE_BYTES,
                compression=None,
            ):
                while True:
                    await changed.wait()
                    changed.clear()
                    message = PeripheralsChanged(peripherals=self._board.current)
                    await asyncio.gather(*(self._send(page, message) for page in set(self._pages)))
        finally:
            stop_listening()

    def _refuse_other_hosts(self, page: ServerConnection, request: Request) -> Response | None:
        # A name that was rebound to this machine arrives with its own name in Host.
        host = request.headers.get("Host", "").rpartition(":")[0].strip("[]")
        if host in ("127.0.0.1", "::1", "localhost"):
            return None
        return page.respond(HTTPStatus.FORBIDDEN, "This socket is for the kiosk's own page.\n")

    async def _serve_page(self, page: ServerConnection) -> None:
        self._pages.add(page)
        try:
            await self._send(
                page,
                BridgeHello(
                    device=self._device,
                    version=__version__,
                    virtual=self._virtual,
                    peripherals=self._board.current,
                ),
            )
            async for text in page:
                try:
                    message = parse(text)
                except UnknownType as error:
                    logger.info("page: %s", error)
                except Malformed as error:
                    await self._send(page, Error(code=error.code, message=str(error)))
                else:
                    await self._take(page, message)
        except ConnectionClosed:
            logger.debug("page: closed")
        finally:
            self._pages.discard(page)
            self._disarm(page)
            if self._told_page is page:
                self._told_page = None

    async def _take(self, page: ServerConnection, message: Message) -> None:
        if isinstance(message, DeviceProve):
            signature = sign_device_proof(self._key, message.nonce)
            proof = DeviceProof(id=message.id, device=self._device, nonce=message.nonce, signature=signature)
            await self._send(page, proof)
        elif isinstance(message, ReaderArm):
            await self._arm(page, message.nonce)
        elif isinstance(message, ReaderDisarm):
            self._disarm(page)
        elif isinstance(message, Wipe):
            self._disarm(page)
            await self._send(page, Wiped(id=message.id))

    async def _arm(self, page: ServerConnection, nonce: str) -> None:
        self._armed_page, self._armed_nonce = page, nonce
        if self._reader is None:
            await self._send(page, CardError(code="reader_absent"))
            return
        self._reader.arm()

    def _disarm(self, page: ServerConnection) -> None:
        if self._armed_page is not page:
            return
        self._armed_page, self._armed_nonce = None, ""
        if self._reader is not None:
            self._reader.disarm()

    async def on_reader_event(self, event: ReaderEvent) -> None:
        """Tell the page that armed the reader; without one, the event is dropped with all that it holds."""
        if isinstance(event, Removed):
            page, self._told_page = self._told_page, None
            if page is not None:
                await self._send(page, CardRemoved())
            return
        page = self._armed_page
        if page is None:
            return
        if isinstance(event, Failed):
            await self._send(page, CardError(code=event.code))
        elif isinstance(event, Present):
            self._told_page = page
            await self._send(page, CardPresent())
        elif isinstance(event, Reading):
            await self._send(page, CardReading())
        elif isinstance(event, Read):
            await self._send(page, self._card_read(event.card, nonce=self._armed_nonce))

    def _card_read(self, card: samv.CardText, *, nonce: str) -> CardRead:
        payload = encode_payload(
            CardPayload(
                nonce=nonce,
                device=self._device,
                read_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                kind=card.kind,
                name=card.name,
                sex=card.sex,
                nation=card.nation,
                birth_date=card.birth_date,
                address=card.address,
                number=card.number,
                issuer=card.issuer,
                valid_from=card.valid_from,
                valid_to=card.valid_to,
            )
        )
        return CardRead(nonce=nonce, payload=payload, signature=sign_card_read(self._key, payload))

    async def _send(self, page: ServerConnection, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await page.send(message.to_json())
        except ConnectionClosed:
            logger.debug("page: closed before %s", message.type)
        except TimeoutError:
            page.transport.abort()
