"""The journal and the queues: one job is printed once, and its document does not stay on the disk."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk_bridge.config import ReceiptConfig
from kiosk_bridge.jobs import JobJournal, PrintQueues
from kiosk_bridge.messages import Malformed, PrintJob, PrintOutcome
from kiosk_bridge.outcome import Outcome
from tests.equipment.receipt_printer import ReceiptPrinter
from tests.kiosk_bridge.papers import slip


def job(job_id: str, content: bytes = b"slip", **changes: object) -> PrintJob:
    values = {"printer": "receipt", "format": "escpos", "title": "t", "copies": 1, **changes}
    return PrintJob(id=job_id, data=base64.b64encode(content).decode(), **values)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[JobJournal]:
    journal = JobJournal(path)
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def printing(
    journal: JobJournal, receipt: ReceiptPrinter | None = None
) -> AsyncIterator[tuple[PrintQueues, "asyncio.Queue[PrintOutcome]"]]:
    outcomes: asyncio.Queue[PrintOutcome] = asyncio.Queue()
    queues = PrintQueues(
        journal,
        receipt_config=ReceiptConfig(host="127.0.0.1", port=receipt.port) if receipt else None,
        a4_config=None,
        on_outcome=outcomes.put,
        on_finished=lambda _printer: None,
    )
    task = asyncio.create_task(queues.run())
    try:
        yield queues, outcomes
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_the_same_id_never_prints_twice(tmp_path: Path, receipt: ReceiptPrinter) -> None:
    async with opened(tmp_path / "j") as journal, printing(journal, receipt) as (queues, outcomes):
        for _time in range(3):
            await queues.take(job("a", slip("a")))
        first = await asyncio.wait_for(outcomes.get(), 10)
        await queues.take(job("a", slip("a")))
        await queues.take(job("a", slip("another document")))
        again = [await asyncio.wait_for(outcomes.get(), 10) for _time in range(2)]
    assert first == PrintOutcome(id="a", outcome="printed")
    assert again == [first, first]
    assert receipt.slips() == [slip("a")]


async def test_an_outcome_is_told_until_it_is_acknowledged(tmp_path: Path) -> None:
    async with opened(tmp_path / "j") as journal:
        await journal.receive(job("a"), b"slip")
        await journal.acknowledge("a")
        await journal.settle("a", Outcome("failed", "paper_out", "d"))
        assert await journal.unacknowledged() == [PrintOutcome(id="a", outcome="failed", code="paper_out", detail="d")]
    async with opened(tmp_path / "j") as journal:
        await journal.acknowledge("a")
        assert await journal.unacknowledged() == []
        assert isinstance(await journal.receive(job("a"), b"slip"), PrintOutcome)


async def test_a_settled_document_leaves_the_disk(tmp_path: Path) -> None:
    secret = b"SECRET-OF-A-RESIDENT" * 500
    async with opened(tmp_path / "j") as journal:
        await journal.receive(job("a"), secret)
        assert any(b"SECRET-OF-A-RESIDENT" in path.read_bytes() for path in tmp_path.iterdir())
        await journal.settle("a", Outcome("printed", "", ""))
        assert not any(b"SECRET-OF-A-RESIDENT" in path.read_bytes() for path in tmp_path.iterdir())
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0


async def test_what_was_received_is_printed_after_a_restart(tmp_path: Path, receipt: ReceiptPrinter) -> None:
    async with opened(tmp_path / "j") as journal:
        await journal.receive(job("a"), slip("a"))
        await journal.receive(job("b"), slip("b"))
        await journal.begin("b")
    async with opened(tmp_path / "j") as journal, printing(journal, receipt) as (_queues, outcomes):
        told = {outcome.id: outcome for outcome in [await asyncio.wait_for(outcomes.get(), 10) for _ in range(2)]}
    assert told["a"].outcome == "printed"
    assert (told["b"].outcome, told["b"].code) == ("uncertain", "restart")
    assert receipt.slips() == [slip("a")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"copies": 0}, "refused"),
        ({"copies": 21}, "refused"),
        ({"format": "pdf"}, "refused"),
        ({}, "offline"),
        ({"printer": "a4", "format": "pdf"}, "offline"),
    ],
)
async def test_what_cannot_be_printed_fails_with_a_reason(tmp_path: Path, changes: dict, code: str) -> None:
    async with opened(tmp_path / "j") as journal, printing(journal) as (queues, outcomes):
        await queues.take(job("a", **changes))
        outcome = await asyncio.wait_for(outcomes.get(), 10)
    assert (outcome.outcome, outcome.code) == ("failed", code)
    assert outcome.detail


async def test_data_that_is_no_base64_is_malformed(tmp_path: Path) -> None:
    async with opened(tmp_path / "j") as journal, printing(journal) as (queues, _outcomes):
        broken = PrintJob(id="a", printer="receipt", format="escpos", title="", data="###", copies=1)
        with pytest.raises(Malformed):
            await queues.take(broken)
        assert await journal.unfinished() == []
