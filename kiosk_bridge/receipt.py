"""The receipt printer: sends ready ESC/POS bytes over TCP and learns from the printer whether they became paper.

Sources: Epson's ESC/POS command reference: DLE EOT n (real-time status), GS r 1 (paper sensor status, answered after
everything that was sent before it).
"""

import asyncio
import contextlib
from typing import Final, Literal

from kiosk_bridge.config import ReceiptConfig
from kiosk_bridge.messages import Peripheral
from kiosk_bridge.outcome import Outcome
from kiosk_bridge.wording import _

DLE_EOT_PRINTER: Final = b"\x10\x04\x01"
DLE_EOT_OFFLINE: Final = b"\x10\x04\x02"
DLE_EOT_PAPER: Final = b"\x10\x04\x04"
GS_R_PAPER: Final = b"\x1d\x72\x01"

#: While a print is awaited, the paper is looked at this often.
PAPER_LOOK_INTERVAL_S: Final = 1.0

PaperLevel = Literal["ok", "low", "out"]


class PrinterMute(Exception):
    """The printer took the connection, and does not answer."""


class PrinterFault(Exception):
    """The printer says that it cannot print; the message is a plain sentence."""


# What the bytes mean --------------------------------------------------------------------------------------------------


def is_real_time_status(byte: int) -> bool:
    """Tell an answer to DLE EOT (bits 1 and 4 set, 0 and 7 clear) from one to GS r (bits 4 and 7 clear)."""
    return byte & 0b1001_0011 == 0b0001_0010


def paper_from_dle_eot(byte: int) -> PaperLevel:
    """Return what DLE EOT 4 says: bits 5 and 6 the roll's end, bits 2 and 3 its near end."""
    if byte & 0b0110_0000:
        return "out"
    return "low" if byte & 0b0000_1100 else "ok"


def paper_from_gs_r(byte: int) -> PaperLevel:
    """Return what GS r 1 says: bits 2 and 3 the roll's end, bits 0 and 1 its near end."""
    if byte & 0b0000_1100:
        return "out"
    return "low" if byte & 0b0000_0011 else "ok"


# Printing -------------------------------------------------------------------------------------------------------------


async def print_receipt(config: ReceiptConfig, content: bytes, *, copies: int) -> Outcome:
    """Print `content` and wait until the printer says that it is through.

    Nothing is sent to a printer that is absent, mute or without paper: these are "failed". Once the bytes are out, an
    answer that never comes is "uncertain", for the printer may still print what it holds.
    """
    try:
        line = await _connect(config)
    except OSError:
        return Outcome("failed", "offline", absent_sentence(config))
    try:
        try:
            if await line.ask_paper() == "out":
                return Outcome("failed", "paper_out", paper_out_sentence())
            await line.ask_fault()
        except PrinterMute:
            return Outcome("failed", "silent", mute_sentence())
        except PrinterFault as fault:
            return Outcome("failed", "fault", str(fault))
        except OSError:
            return Outcome("failed", "offline", absent_sentence(config))
        try:
            return await _send_and_wait(line, content * copies, timeout_s=config.finish_timeout_s)
        except OSError:
            detail = _("The connection to the receipt printer broke while it printed. Please look whether paper came.")
            return Outcome("uncertain", "offline", detail)
    finally:
        line.close()


async def _send_and_wait(line: "_Line", content: bytes, *, timeout_s: float) -> Outcome:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    sending = asyncio.create_task(line.send(content + GS_R_PAPER))
    try:
        while loop.time() < deadline:
            byte = await line.next_byte(timeout_s=PAPER_LOOK_INTERVAL_S)
            if byte is None:
                if sending.done():
                    sending.result()
                    # A printer that ran out holds the rest back, so GS r waits; DLE EOT is answered all the same.
                    await line.send(DLE_EOT_PAPER)
                continue
            level = paper_from_dle_eot(byte) if is_real_time_status(byte) else paper_from_gs_r(byte)
            if level == "out":
                detail = _("The paper ran out while printing. Please put in paper and look what came out.")
                return Outcome("uncertain", "paper_out", detail)
            if not is_real_time_status(byte):
                return Outcome("printed", "", "")
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await sending
    detail = _("The receipt printer did not say that it was through. Please look whether paper came.")
    return Outcome("uncertain", "silent", detail)


async def check_receipt_printer(config: ReceiptConfig, *, virtual: bool = False) -> Peripheral:
    """Ask the printer once how it is."""

    def peripheral(state: str, detail: str) -> Peripheral:
        return Peripheral(state=state, detail=detail, virtual=virtual)  # type: ignore[arg-type]

    try:
        line = await _connect(config)
    except OSError:
        return peripheral("absent", absent_sentence(config))
    try:
        paper = await line.ask_paper()
        if paper == "out":
            return peripheral("paper_out", paper_out_sentence())
        await line.ask_fault()
        if paper == "low":
            return peripheral("paper_low", low_sentence())
    except PrinterMute:
        return peripheral("fault", mute_sentence())
    except PrinterFault as fault:
        return peripheral("fault", str(fault))
    except OSError:
        return peripheral("absent", absent_sentence(config))
    finally:
        line.close()
    return peripheral("ok", _("The receipt printer is ready."))


class _Line:
    """One connection to the printer."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answer_timeout_s: float) -> None:
        self._source = source
        self._sink = sink
        self._answer_timeout_s = answer_timeout_s

    async def send(self, content: bytes) -> None:
        self._sink.write(content)
        await self._sink.drain()

    async def next_byte(self, *, timeout_s: float) -> int | None:
        """Return the next status byte, or None when none came in time; raises `OSError` when the printer hung up."""
        try:
            async with asyncio.timeout(timeout_s):
                received = await self._source.read(1)
        except TimeoutError:
            return None
        if not received:
            raise OSError("The printer closed the connection.")
        return received[0]

    async def ask_paper(self) -> PaperLevel:
        return paper_from_dle_eot(await self._ask(DLE_EOT_PAPER))

    async def ask_fault(self) -> None:
        """Raise `PrinterFault` when the cover is open or the printer is offline for another reason.

        DLE EOT 1: bit 3 is offline. DLE EOT 2: bit 2 is an open cover.
        """
        if not await self._ask(DLE_EOT_PRINTER) & 0b0000_1000:
            return
        if await self._ask(DLE_EOT_OFFLINE) & 0b0000_0100:
            raise PrinterFault(_("The receipt printer's cover is open. Please close it."))
        raise PrinterFault(_("The receipt printer is switched to offline. Please look at its lamps."))

    async def _ask(self, question: bytes) -> int:
        await self.send(question)
        byte = await self.next_byte(timeout_s=self._answer_timeout_s)
        if byte is None:
            raise PrinterMute
        return byte

    def close(self) -> None:
        self._sink.close()


async def _connect(config: ReceiptConfig) -> _Line:
    try:
        async with asyncio.timeout(config.answer_timeout_s):
            source, sink = await asyncio.open_connection(config.host, config.port)
    except TimeoutError as error:
        raise OSError("The printer did not take the connection.") from error
    return _Line(source, sink, answer_timeout_s=config.answer_timeout_s)


def absent_sentence(config: ReceiptConfig) -> str:
    return _("The receipt printer at {host}:{port} is not reached. Check its power and its cable.").format(
        host=config.host, port=config.port
    )


def paper_out_sentence() -> str:
    return _("The receipt printer has no paper. Please put in a new roll.")


def low_sentence() -> str:
    return _("The receipt printer's roll is nearly used up. Please put in a new one soon.")


def mute_sentence() -> str:
    return _("The receipt printer does not answer. Switch it off and on again.")
