"""The bridge as a whole: puts reader, printers, journal and the two links together and runs them."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_bridge.a4 import check_a4_printer
from kiosk_bridge.config import Config
from kiosk_bridge.jobs import JobJournal, PrintQueues
from kiosk_bridge.messages import Peripheral, Peripherals, PrinterName
from kiosk_bridge.page_link import PageLink
from kiosk_bridge.peripherals import PeripheralBoard
from kiosk_bridge.portal_link import PortalLink
from kiosk_bridge.reader import CardReader, check_reader
from kiosk_bridge.receipt import check_receipt_printer
from kiosk_bridge.wording import _

logger = logging.getLogger(__name__)

#: The printers are asked how they are this often, and after every job.
LOOK_INTERVAL_S: Final = 10.0
FIRST_LOOK_TIMEOUT_S: Final = 3.0


async def run_bridge(config: Config, key: Ed25519PrivateKey, *, virtual: bool) -> None:
    """Run until cancelled."""
    board = PeripheralBoard(await _first_look(config, virtual=virtual))
    journal = JobJournal(Path(config.state_dir) / "jobs.sqlite3")
    await journal.open()
    try:
        portal = PortalLink(
            portal_url=config.portal_url,
            device=config.device,
            key=key,
            virtual=virtual,
            board=board,
            journal=journal,
        )
        look_now: dict[PrinterName, asyncio.Event] = {"receipt": asyncio.Event(), "a4": asyncio.Event()}
        queues = PrintQueues(
            journal,
            receipt_config=config.receipt,
            a4_config=config.a4,
            on_outcome=portal.send_outcome,
            on_finished=lambda printer: look_now[printer].set(),
        )
        portal.serve(queues)
        page = PageLink(config.page, device=config.device, key=key, virtual=virtual, board=board)
        async with asyncio.TaskGroup() as group:
            if config.reader is not None:
                reader = CardReader(
                    config.reader,
                    on_event=page.on_reader_event,
                    on_state=lambda peripheral: board.report("reader", peripheral),
                    virtual=virtual,
                )
                page.serve_reader(reader)
                group.create_task(reader.run(), name="reader")
            group.create_task(page.run(), name="page")
            group.create_task(queues.run(), name="print")
            group.create_task(portal.run(), name="portal")
            for printer, now in look_now.items():
                watch = _watch_printer(config, printer, board=board, queues=queues, look_now=now, virtual=virtual)
                group.create_task(watch, name=f"watch-{printer}")
            logger.info("The bridge of %s runs; pages reach it on port %s.", config.device, config.page.port)
    finally:
        await journal.close()


async def _first_look(config: Config, *, virtual: bool) -> Peripherals:
    # A page must not wait for a printer that takes its time to be absent.
    try:
        async with asyncio.timeout(FIRST_LOOK_TIMEOUT_S):
            return await look_at_peripherals(config, virtual=virtual)
    except TimeoutError:
        unknown = Peripheral(state="absent", detail=_("This device has not answered yet."), virtual=virtual)
        return Peripherals(reader=unknown, receipt=unknown, a4=unknown)


async def look_at_peripherals(config: Config, *, virtual: bool) -> Peripherals:
    """Ask every configured device once how it is."""
    reader, receipt, a4 = await asyncio.gather(
        _look_at_reader(config, virtual=virtual),
        _look_at_printer(config, "receipt", virtual=virtual),
        _look_at_printer(config, "a4", virtual=virtual),
    )
    return Peripherals(reader=reader, receipt=receipt, a4=a4)


async def _watch_printer(
    config: Config,
    printer: PrinterName,
    *,
    board: PeripheralBoard,
    queues: PrintQueues,
    look_now: asyncio.Event,
    virtual: bool,
) -> None:
    while True:
        async with queues.busy[printer]:
            board.report(printer, await _look_at_printer(config, printer, virtual=virtual))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(look_now.wait(), LOOK_INTERVAL_S)
        look_now.clear()


async def _look_at_reader(config: Config, *, virtual: bool) -> Peripheral:
    if config.reader is None:
        return Peripheral(state="absent", detail=_("This kiosk has no card reader."))
    return await check_reader(config.reader, virtual=virtual)


async def _look_at_printer(config: Config, printer: PrinterName, *, virtual: bool) -> Peripheral:
    if printer == "receipt":
        if config.receipt is None:
            return Peripheral(state="absent", detail=_("This kiosk has no receipt printer."))
        return await check_receipt_printer(config.receipt, virtual=virtual)
    if config.a4 is None:
        return Peripheral(state="absent", detail=_("This kiosk has no A4 printer."))
    return await check_a4_printer(config.a4, virtual=virtual)
