"""The driver of the SAM-V card reader on a serial port: find, select, read; then the card must leave.

States of the reader while a page has armed it::

    no card -(found)-> selected -(read)-> delivered -(left)-> no card
                  \\-(failed)-> refused -(left, or tried again)-> no card

A card's content goes to the listener once and is kept nowhere.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import serial
import serial_asyncio_fast

from kiosk_bridge import samv
from kiosk_bridge.config import ReaderConfig
from kiosk_bridge.messages import Peripheral, ReaderErrorCode
from kiosk_bridge.wording import _

logger = logging.getLogger(__name__)

REOPEN_FIRST_S: Final = 0.5
REOPEN_MAX_S: Final = 10.0
IDLE_STATUS_INTERVAL_S: Final = 3.0
#: A card that could not be read and stays on the reader is tried again after this time.
RETRY_REFUSED_S: Final = 2.0
MUTE_REPLIES_UNTIL_FAULT: Final = 3


@dataclass(frozen=True, slots=True)
class Present:
    """A card was put on the reader."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The card is being read."""


@dataclass(frozen=True, slots=True)
class Read:
    """The card was read; its text is shown in no representation."""

    card: samv.CardText


@dataclass(frozen=True, slots=True)
class Removed:
    """The card has left the reader."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The card, or the reader, did not do what it should."""

    code: ReaderErrorCode


ReaderEvent = Present | Reading | Read | Removed | Failed


class ReaderMute(Exception):
    """The reader did not answer in time."""


class CardReader:
    """Owns the serial port; `run` is its one task. Events come only while it is armed, but for `Removed`."""

    def __init__(
        self,
        config: ReaderConfig,
        *,
        on_event: Callable[[ReaderEvent], Awaitable[None]],
        on_state: Callable[[Peripheral], None],
        virtual: bool = False,
    ) -> None:
        self._config = config
        self._on_event = on_event
        self._on_state = on_state
        self._virtual = virtual
        self._armed = asyncio.Event()
        self._is_open = False
        self._is_card_told = False

    def arm(self) -> None:
        """Read cards and report them from now on."""
        self._armed.set()

    def disarm(self) -> None:
        """Read no further card."""
        self._armed.clear()

    @property
    def is_open(self) -> bool:
        return self._is_open

    async def run(self) -> None:
        """Open the port and serve it for ever; an absent reader is tried again with a growing pause."""
        pause_s = REOPEN_FIRST_S
        absence_told = False
        while True:
            try:
                port = await open_port(self._config)
            except (OSError, serial.SerialException) as error:
                logger.debug("reader: %s", error)
                self._report("absent", absent_sentence(self._config))
            else:
                try:
                    await self._serve(port)
                except ReaderMute:
                    self._report("fault", mute_sentence())
                except (OSError, serial.SerialException) as error:
                    logger.warning("reader: the port broke off: %s", error)
                    self._report("absent", absent_sentence(self._config))
                finally:
                    if self._is_open:
                        pause_s, absence_told = REOPEN_FIRST_S, False
                    self._is_open = False
                    port.close()
                await self._tell_removed()
            if not self._armed.is_set():
                absence_told = False
            elif not absence_told:
                await self._on_event(Failed("reader_absent"))
                absence_told = True
            await self._pause(pause_s)
            pause_s = min(pause_s * 2, REOPEN_MAX_S)

    async def _pause(self, pause_s: float) -> None:
        # Arming ends the pause early, so that a page hears at once whether there is a reader.
        if self._armed.is_set():
            await asyncio.sleep(pause_s)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._armed.wait(), pause_s)

    async def _serve(self, port: "SerialPort") -> None:
        mute_count = 0
        while True:
            try:
                if not self._armed.is_set():
                    await self._check_status(port)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._armed.wait(), IDLE_STATUS_INTERVAL_S)
                else:
                    await self._look_for_card(port)
                mute_count = 0
            except (ReaderMute, samv.FrameError):
                mute_count += 1
                if mute_count >= MUTE_REPLIES_UNTIL_FAULT or not self._is_open:
                    raise ReaderMute from None

    async def _check_status(self, port: "SerialPort") -> None:
        reply = await port.ask(samv.STATUS)
        if reply.sw3 == samv.SW3_NOT_AUTHORISED:
            self._is_open = True
            self._report("fault", not_authorised_sentence())
            return
        self._found_well()

    async def _look_for_card(self, port: "SerialPort") -> None:
        reply = await port.ask(samv.FIND)
        self._found_well()
        if reply.sw3 == samv.SW3_NOT_AUTHORISED:
            self._report("fault", not_authorised_sentence())
            await self._on_event(Failed("not_authorised"))
            await asyncio.sleep(RETRY_REFUSED_S)
            return
        if reply.sw3 != samv.SW3_FOUND:
            await asyncio.sleep(self._config.poll_interval_s)
            return
        self._is_card_told = True
        await self._on_event(Present())
        await self._on_event(Reading())
        try:
            outcome = await self._read_found(port)
        except (ReaderMute, samv.FrameError):
            # The reader falls silent in the middle when the card is pulled away from it.
            outcome = Failed("pulled_early")
        if self._armed.is_set():
            await self._on_event(outcome)
        was_read = isinstance(outcome, Read)
        # The card's content is let go of before the wait, which may take minutes.
        del outcome
        if was_read:
            await self._wait_until_read_card_left(port)
        else:
            await self._wait_until_refused_card_left(port)

    async def _read_found(self, port: "SerialPort") -> Read | Failed:
        selected = await port.ask(samv.SELECT)
        if selected.sw3 != samv.SW3_OK:
            return Failed(samv.error_code(selected.sw3))
        reply = await port.ask(samv.READ)
        if reply.sw3 != samv.SW3_OK:
            return Failed(samv.error_code(reply.sw3))
        text, _photo = samv.decode_read(reply.content)
        try:
            return Read(samv.decode_text(text))
        except samv.CardTextError as error:
            logger.warning("reader: %s", error)
            return Failed("unreadable")

    async def _wait_until_read_card_left(self, port: "SerialPort") -> None:
        # A card that was read answers no find, but it answers this while it lies there.
        while True:
            await asyncio.sleep(self._config.poll_interval_s)
            try:
                reply = await port.ask(samv.READ_ADDITIONAL)
            except (ReaderMute, samv.FrameError):
                break
            if reply.sw3 not in (samv.SW3_OK, samv.SW3_NO_CONTENT):
                break
        await self._tell_removed()

    async def _wait_until_refused_card_left(self, port: "SerialPort") -> None:
        deadline = asyncio.get_running_loop().time() + RETRY_REFUSED_S
        while True:
            reply = await port.ask(samv.FIND)
            if reply.sw3 != samv.SW3_FOUND:
                await self._tell_removed()
                return
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(self._config.poll_interval_s)

    async def _tell_removed(self) -> None:
        if self._is_card_told:
            self._is_card_told = False
            await self._on_event(Removed())

    def _found_well(self) -> None:
        self._is_open = True
        self._report("ok", well_sentence())

    def _report(self, state: str, detail: str) -> None:
        self._on_state(Peripheral(state=state, detail=detail, virtual=self._virtual))  # type: ignore[arg-type]


class SerialPort(asyncio.Protocol):
    """One opened port; one request at a time."""

    def __init__(self, *, reply_timeout_s: float) -> None:
        self._reply_timeout_s = reply_timeout_s
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._is_lost = False
        self.opened = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.opened.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._arrived.set()

    async def ask(self, command: bytes) -> samv.Reply:
        """Send a command and return its reply.

        Raises `ReaderMute` when none comes in time, `samv.FrameError` when it is damaged, `OSError` when the port is
        gone.
        """
        # An answer that came too late for the last question must not be taken for this one's.
        self._buffer.clear()
        if self._is_lost or self._transport is None:
            raise OSError("The port was closed.")
        self._transport.write(samv.encode_request(command))
        try:
            async with asyncio.timeout(self._reply_timeout_s):
                while (frame := samv.take_frame(self._buffer)) is None:
                    self._arrived.clear()
                    await self._arrived.wait()
                    if self._is_lost:
                        raise OSError("The port was closed.")
        except TimeoutError as error:
            raise ReaderMute from error
        finally:
            self._buffer.clear()
        return samv.decode_reply(frame)

    def close(self) -> None:
        """Give the port back."""
        if self._transport is not None and not self._is_lost:
            self._transport.abort()


async def open_port(config: ReaderConfig) -> SerialPort:
    """Open the serial port (115200 8N1). Raises `OSError` or `SerialException` when there is none."""
    port = SerialPort(reply_timeout_s=config.reply_timeout_s)
    await serial_asyncio_fast.create_serial_connection(
        asyncio.get_running_loop(),
        lambda: port,
        config.port,
        baudrate=samv.BAUD_RATE,
    )
    # The transport announces itself a turn of the loop later.
    await port.opened.wait()
    return port


async def check_reader(config: ReaderConfig, *, virtual: bool = False) -> Peripheral:
    """Ask the reader once how it is."""
    try:
        port = await open_port(config)
    except (OSError, serial.SerialException):
        return Peripheral(state="absent", detail=absent_sentence(config), virtual=virtual)
    try:
        reply = await port.ask(samv.STATUS)
    except (ReaderMute, samv.FrameError, OSError):
        return Peripheral(state="fault", detail=mute_sentence(), virtual=virtual)
    finally:
        port.close()
    if reply.sw3 == samv.SW3_NOT_AUTHORISED:
        return Peripheral(state="fault", detail=not_authorised_sentence(), virtual=virtual)
    return Peripheral(state="ok", detail=well_sentence(), virtual=virtual)


def absent_sentence(config: ReaderConfig) -> str:
    return _("The card reader is not there: {port} cannot be opened. Check its cable.").format(port=config.port)


def mute_sentence() -> str:
    return _("The card reader does not answer. Unplug it, wait ten seconds and plug it in again.")


def not_authorised_sentence() -> str:
    return _("The card reader's security module is not authorised. Its maker has to look at it.")


def well_sentence() -> str:
    return _("The card reader is ready.")
