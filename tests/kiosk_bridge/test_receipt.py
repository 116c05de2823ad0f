"""Printing receipts over TCP: what comes out, and what is said when it does not."""

import asyncio
import contextlib

import pytest

from kiosk_bridge.config import ReceiptConfig
from kiosk_bridge.receipt import check_receipt_printer, paper_from_dle_eot, paper_from_gs_r, print_receipt
from tests.equipment.escpos_decoder import decode_escpos
from tests.equipment.receipt_printer import ReceiptPrinter
from tests.kiosk_bridge.conftest import free_port
from tests.kiosk_bridge.papers import slip


def config(receipt: ReceiptPrinter, **timeouts: float) -> ReceiptConfig:
    return ReceiptConfig(
        host="127.0.0.1", port=receipt.port, **{"answer_timeout_s": 1.0, "finish_timeout_s": 5.0, **timeouts}
    )


@pytest.mark.parametrize(("byte", "level"), [(0x12, "ok"), (0x1E, "low"), (0x72, "out"), (0x7E, "out")])
def test_it_understands_dle_eot(byte: int, level: str) -> None:
    assert paper_from_dle_eot(byte) == level


@pytest.mark.parametrize(("byte", "level"), [(0x00, "ok"), (0x03, "low"), (0x0C, "out"), (0x0F, "out")])
def test_it_understands_gs_r(byte: int, level: str) -> None:
    assert paper_from_gs_r(byte) == level


async def test_it_prints_what_it_was_given(receipt: ReceiptPrinter) -> None:
    content = slip("https://portal.example/t/A017")
    outcome = await print_receipt(config(receipt), content, copies=1)
    assert outcome == ("printed", "", "")
    assert receipt.slips() == [content]
    assert decode_escpos(receipt.slips()[0])[0].qr_codes == ["https://portal.example/t/A017"]


async def test_it_prints_each_copy(receipt: ReceiptPrinter) -> None:
    assert (await print_receipt(config(receipt), slip("copy"), copies=3)).result == "printed"
    assert receipt.slips() == [slip("copy")] * 3


async def test_without_paper_nothing_is_sent(receipt: ReceiptPrinter) -> None:
    receipt.set_mode("out")
    outcome = await print_receipt(config(receipt), slip(), copies=1)
    assert (outcome.result, outcome.code) == ("failed", "paper_out")
    receipt.set_mode("ok")
    assert (await print_receipt(config(receipt), slip("after"), copies=1)).result == "printed"
    assert receipt.slips() == [slip("after")]


async def test_paper_that_runs_out_while_printing_is_uncertain(receipt: ReceiptPrinter) -> None:
    receipt.set_mode("runs_out")
    outcome = await print_receipt(config(receipt), slip(), copies=1)
    assert (outcome.result, outcome.code) == ("uncertain", "paper_out")


async def test_a_mute_printer_is_sent_nothing(receipt: ReceiptPrinter) -> None:
    receipt.set_mode("mute")
    outcome = await print_receipt(config(receipt, answer_timeout_s=0.3), slip(), copies=1)
    assert (outcome.result, outcome.code) == ("failed", "silent")
    assert receipt.slips() == []


async def test_an_unplugged_printer_is_offline(receipt: ReceiptPrinter) -> None:
    receipt.set_mode("unplugged")
    outcome = await print_receipt(config(receipt), slip(), copies=1)
    assert (outcome.result, outcome.code) == ("failed", "offline")


@pytest.mark.parametrize(("hangs_up", "code"), [(True, "offline"), (False, "silent")])
async def test_a_printer_lost_after_the_bytes_went_out_is_uncertain(hangs_up: bool, code: str) -> None:
    """It answers every question before the print, takes the bytes, and then hangs up or says nothing more."""

    async def serve(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        for _question in range(2):
            await source.readexactly(3)
            sink.write(b"\x12")
        with contextlib.suppress(OSError):
            await source.read(1)
            if not hangs_up:
                await source.read()
        sink.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        settings = ReceiptConfig(host="127.0.0.1", port=port, answer_timeout_s=1.0, finish_timeout_s=1.5)
        outcome = await print_receipt(settings, slip(), copies=1)
    assert (outcome.result, outcome.code) == ("uncertain", code)
    assert outcome.detail


@pytest.mark.parametrize(
    ("mode", "state"),
    [("ok", "ok"), ("low", "paper_low"), ("out", "paper_out"), ("mute", "fault"), ("unplugged", "absent")],
)
async def test_it_tells_how_the_printer_is(receipt: ReceiptPrinter, mode: str, state: str) -> None:
    receipt.set_mode(mode)
    peripheral = await check_receipt_printer(config(receipt, answer_timeout_s=0.3))
    assert peripheral.state == state
    assert peripheral.detail
