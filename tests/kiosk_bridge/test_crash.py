"""Power cuts in the middle of printing: nothing is printed twice, and nothing is lost without a word."""

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.equipment.bridge import Bridge
from tests.equipment.ipp_printer import EvePrinter
from tests.equipment.portal import listening_portal
from tests.equipment.receipt_printer import ReceiptPrinter
from tests.kiosk_bridge.conftest import free_port
from tests.kiosk_bridge.papers import pdf, slip


async def kill_while_printing(
    bridge: Bridge, *, portal_port: int, kills: int, receipt: ReceiptPrinter, eve: EvePrinter
) -> dict[str, str]:
    """Send a job to each printer, kill the bridge at a random moment, start it again; returns outcomes by job."""
    chance = random.Random(20261123)
    async with listening_portal(bridge.public_key, port=portal_port) as portal:
        await asyncio.to_thread(bridge.start)
        for kill in range(kills):
            await portal.print(f"receipt-{kill}", slip(f"receipt-{kill}"))
            await portal.print(f"a4-{kill}", pdf(f"a4-{kill}"), printer="a4")
            await asyncio.sleep(chance.uniform(0.0, 0.25))
            await asyncio.to_thread(bridge.kill)
            await asyncio.to_thread(bridge.start)
            # The portal sends again what it has heard nothing of, as it does after every reconnect.
            await portal.print(f"receipt-{kill}", slip(f"receipt-{kill}"))
            await portal.print(f"a4-{kill}", pdf(f"a4-{kill}"), printer="a4")
            await portal.outcome_of(f"receipt-{kill}", timeout_s=60)
            await portal.outcome_of(f"a4-{kill}", timeout_s=60)
        await asyncio.to_thread(bridge.stop)
    return {outcome.id: outcome.outcome for outcome in portal.outcomes}


def printed_counts(receipt: ReceiptPrinter, eve: EvePrinter) -> Counter[str]:
    slips = Counter(
        f"receipt-{kill}" for kill in range(200) for content in receipt.slips() if content == slip(f"receipt-{kill}")
    )
    papers = Counter(PdfReader(path).pages[0].extract_text().strip() for path in eve.documents())
    return slips + papers


async def crash(tmp_path: Path, receipt: ReceiptPrinter, eve: EvePrinter, *, kills: int) -> None:
    portal_port = free_port()
    bridge = Bridge(
        tmp_path,
        portal_url=f"http://127.0.0.1:{portal_port}",
        page_port=free_port(),
        receipt={"host": "127.0.0.1", "port": receipt.port},
        a4={"uri": eve.uri},
    )
    try:
        outcomes = await kill_while_printing(bridge, portal_port=portal_port, kills=kills, receipt=receipt, eve=eve)
    finally:
        bridge.stop()
    printed = printed_counts(receipt, eve)
    assert len(outcomes) == 2 * kills
    for job_id, outcome in outcomes.items():
        assert printed[job_id] <= 1, f"{job_id} was printed {printed[job_id]} times"
        if outcome == "printed":
            assert printed[job_id] == 1, f"{job_id} is said to be printed, but no paper came"
        if outcome == "failed":
            assert printed[job_id] == 0, f"{job_id} is said to have failed, but paper came"
        # The A4 printer can be asked, so nothing of it stays uncertain.
        assert outcome == "printed" or job_id.startswith("receipt-"), f"{job_id}: {outcome}"


async def test_a_few_kills_print_nothing_twice(tmp_path: Path, receipt: ReceiptPrinter, eve: EvePrinter) -> None:
    await crash(tmp_path, receipt, eve, kills=3)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(1800)
async def test_many_kills_print_nothing_twice(tmp_path: Path, receipt: ReceiptPrinter, eve: EvePrinter) -> None:
    await crash(tmp_path, receipt, eve, kills=20)


def journaled_state(bridge: Bridge, job_id: str) -> str:
    with contextlib.closing(sqlite3.connect(bridge.folder / "state" / "jobs.sqlite3")) as journal:
        row = journal.execute("SELECT state FROM job WHERE id = ?", (job_id,)).fetchone()
    return row[0] if row else ""


async def test_a_receipt_cut_off_by_a_kill_is_uncertain(tmp_path: Path, receipt: ReceiptPrinter) -> None:
    """The printer keeps its answer back, so that the kill surely falls between beginning and knowing."""
    portal_port = free_port()
    bridge = Bridge(
        tmp_path,
        portal_url=f"http://127.0.0.1:{portal_port}",
        page_port=free_port(),
        receipt={"host": "127.0.0.1", "port": receipt.port, "answer_timeout_s": 20.0},
    )
    async with listening_portal(bridge.public_key, port=portal_port) as portal:
        bridge.start()
        await portal.wait_for(lambda: portal.health and portal.health[-1].peripherals.receipt.state == "ok")
        receipt.set_mode("mute")
        await portal.print("job-1", slip("A017"))
        async with asyncio.timeout(60):
            while journaled_state(bridge, "job-1") != "sending":
                await asyncio.sleep(0.05)
        bridge.kill()
        receipt.set_mode("ok")
        bridge.start()
        outcome = await portal.outcome_of("job-1")
        bridge.stop()
    assert (outcome.outcome, outcome.code) == ("uncertain", "restart")
    assert outcome.detail
