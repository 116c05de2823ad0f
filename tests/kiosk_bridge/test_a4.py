"""Printing on A4: through the real ippeveprinter, and the demo's own printer where a tray must be emptied."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyipp import IPP
from pypdf import PdfReader

from kiosk_bridge.a4 import check_a4_printer, print_document, recover_document
from kiosk_bridge.config import A4Config
from tests.equipment.ipp_printer import EvePrinter, ipp_eve_printer
from tests.equipment.programs import Program, SocketFileConnection, ask_json, is_listening
from tests.kiosk_bridge.conftest import free_port
from tests.kiosk_bridge.papers import pdf


class DemoPrinter:
    """The virtual IPP printer that the demo runs."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.config = A4Config(uri=f"ipp://127.0.0.1:{self.port}/ipp/print", paper_wait_s=0.5, finish_timeout_s=10)
        self._socket = folder / "ipp.sock"
        self.spool = folder / "prints"
        command = [sys.executable, "-m", "kiosk_bridge.virtual.ipp_printer", "--port", str(self.port)]
        command += ["--spool", str(self.spool), "--socket", str(self._socket)]
        self.program = Program(command, log=folder / "ipp.log")
        self.program.wait_until(lambda: self._socket.exists() and is_listening(self.port))

    def set_mode(self, mode: str) -> None:
        ask_json(SocketFileConnection(self._socket), "POST", "/mode", {"mode": mode})

    def prints(self) -> list[dict]:
        return ask_json(SocketFileConnection(self._socket), "GET", "/state")["prints"]


@pytest.fixture
def demo() -> Iterator[DemoPrinter]:
    with tempfile.TemporaryDirectory(prefix="ipp-") as folder:
        printer = DemoPrinter(Path(folder))
        yield printer
        printer.program.stop()


async def test_ippeveprinter_prints_and_stores_the_pdf(eve: EvePrinter) -> None:
    content = pdf("acceptance form")
    before = len(eve.documents())
    outcome = await print_document(A4Config(uri=eve.uri), content, job_id="0197-a4-1", title="收件凭证", copies=1)
    assert outcome == ("printed", "", "")
    stored = eve.documents()
    assert len(stored) == before + 1
    assert stored[-1].read_bytes() == content
    assert PdfReader(stored[-1]).pages[0].extract_text().strip() == "acceptance form"


async def test_ippeveprinter_knows_after_a_crash_what_it_printed(eve: EvePrinter) -> None:
    config = A4Config(uri=eve.uri)
    assert (await print_document(config, pdf(), job_id="0197-a4-2", title="", copies=1)).result == "printed"
    assert await recover_document(config, job_id="0197-a4-2", sent_at=time.time() - 5) == ("printed", "", "")
    assert await recover_document(config, job_id="never-sent", sent_at=time.time()) is None


async def test_a_printer_that_may_have_forgotten_is_not_trusted(eve: EvePrinter) -> None:
    long_ago = await recover_document(A4Config(uri=eve.uri), job_id="gone", sent_at=time.time() - 600)
    assert long_ago is not None
    assert (long_ago.result, long_ago.code) == ("uncertain", "restart")


async def test_ippeveprinter_without_paper_is_noticed() -> None:
    """A job's command reports its printer's state on stderr, as CUPS filters do."""
    with tempfile.TemporaryDirectory() as folder:
        command = Path(folder) / "empty-tray"
        command.write_text("#!/bin/sh\necho 'STATE: +media-empty' >&2\nsleep 1\nexit 0\n")
        command.chmod(0o755)
        with ipp_eve_printer(port=free_port(), command=command) as printer:
            config = A4Config(uri=printer.uri, paper_wait_s=0.3)
            await print_document(config, pdf(), job_id="one", title="", copies=1)
            assert (await check_a4_printer(config)).state == "paper_out"
            second = await print_document(config, pdf(), job_id="two", title="", copies=1)
            assert (second.result, second.code) == ("failed", "paper_out")
            assert len(printer.documents()) == 1


async def test_what_is_no_pdf_is_refused(demo: DemoPrinter) -> None:
    outcome = await print_document(demo.config, b"not a pdf", job_id="bad", title="", copies=1)
    assert (outcome.result, outcome.code) == ("failed", "refused")
    assert demo.prints() == []


async def test_the_demo_printer_keeps_name_title_and_copies(demo: DemoPrinter) -> None:
    content = pdf(pages=2)
    assert (await print_document(demo.config, content, job_id="j1", title="居住证明", copies=2)).result == "printed"
    (printed,) = demo.prints()
    assert (printed["name"], printed["title"], printed["copies"], printed["pages"]) == ("j1", "居住证明", 2, 2)
    assert printed["state"] == "completed"
    assert (demo.spool / printed["file"]).read_bytes() == content


async def test_an_empty_tray_gets_nothing(demo: DemoPrinter) -> None:
    demo.set_mode("empty")
    outcome = await print_document(demo.config, pdf(), job_id="j2", title="", copies=1)
    assert (outcome.result, outcome.code) == ("failed", "paper_out")
    assert demo.prints() == []


async def test_a_job_that_waits_for_paper_too_long_is_cancelled(demo: DemoPrinter) -> None:
    printing = asyncio.create_task(print_document(demo.config, pdf(), job_id="j3", title="", copies=1))
    while not demo.prints():
        await asyncio.sleep(0.02)
    demo.set_mode("empty")
    outcome = await printing
    assert (outcome.result, outcome.code) == ("failed", "paper_out")
    assert demo.prints()[0]["state"] == "canceled"


async def test_a_job_cut_short_after_its_first_page_is_uncertain(demo: DemoPrinter) -> None:
    printing = asyncio.create_task(print_document(demo.config, pdf(pages=3), job_id="j4", title="", copies=1))
    await asyncio.sleep(0.2)
    while not demo.prints():
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.6)
    demo.set_mode("empty")
    outcome = await printing
    assert (outcome.result, outcome.code) == ("uncertain", "paper_out")


@pytest.mark.parametrize(
    ("mode", "state"),
    [("ok", "ok"), ("low", "paper_low"), ("empty", "paper_out"), ("refuse", "fault"), ("unplugged", "absent")],
)
async def test_it_tells_how_the_printer_is(demo: DemoPrinter, mode: str, state: str) -> None:
    demo.set_mode(mode)
    peripheral = await check_a4_printer(demo.config)
    assert peripheral.state == state
    assert peripheral.detail


async def test_an_absent_printer_is_offline() -> None:
    config = A4Config(uri=f"ipp://127.0.0.1:{free_port()}/ipp/print")
    outcome = await print_document(config, pdf(), job_id="j5", title="", copies=1)
    assert (outcome.result, outcome.code) == ("failed", "offline")


async def test_it_says_that_it_is_virtual(demo: DemoPrinter) -> None:
    async with IPP(demo.config.uri) as printer:
        told = await printer.printer()
    assert "virtual" in told.info.printer_info
