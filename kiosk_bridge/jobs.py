"""The journal of print jobs, written to disk before a printer is touched, and the two queues that print them.

States of a job::

    received -> sending -> settled (printed, failed or uncertain) -> acknowledged

A job that is found in `sending` at start was cut off by a crash: the A4 printer is asked what became of it, the
receipt printer cannot tell and the job is uncertain. The document is deleted from the journal when the job is settled.
"""

import asyncio
import hashlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kiosk_bridge import a4, receipt
from kiosk_bridge.config import A4Config, ReceiptConfig
from kiosk_bridge.messages import PrinterName, PrintFormat, PrintJob, PrintOutcome
from kiosk_bridge.outcome import Outcome
from kiosk_bridge.wording import _

logger = logging.getLogger(__name__)

#: An acknowledged job is remembered this long, so that its id, sent again, prints nothing.
REMEMBERED_DAYS: Final = 30
MAX_COPIES: Final = 20
_FORMATS: Final[dict[PrinterName, PrintFormat]] = {"receipt": "escpos", "a4": "pdf"}

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY,
    printer TEXT NOT NULL,
    format TEXT NOT NULL,
    title TEXT NOT NULL,
    copies INTEGER NOT NULL,
    document BLOB,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'sending', 'settled', 'acknowledged')),
    outcome TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    received_at REAL NOT NULL,
    sending_at REAL,
    settled_at REAL,
    CHECK ((state IN ('settled', 'acknowledged')) = (document IS NULL))
) STRICT
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournaledJob:
    """One unfinished job of the journal; times are seconds since the epoch."""

    id: str
    printer: PrinterName
    format: PrintFormat
    title: str
    copies: int
    document: bytes
    state: str
    sending_at: float | None

    def __repr__(self) -> str:
        return f"<JournaledJob {self.id} {self.printer} {self.state}>"


class JobJournal:
    """The journal's file. Every write is on the disk when it returns; all of SQLite runs in one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._db: sqlite3.Connection | None = None

    async def open(self) -> None:
        await self._in_thread(self._open)

    async def close(self) -> None:
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def receive(self, job: PrintJob, document: bytes) -> PrintOutcome | bool:
        """Write down a new job. Returns its outcome when it is known already, else whether the job is new."""
        return await self._in_thread(self._receive, job, document)

    async def begin(self, job_id: str) -> None:
        """Note that the printer is about to be touched."""
        await self._in_thread(
            self._write, "UPDATE job SET state = 'sending', sending_at = ? WHERE id = ?", (time.time(), job_id)
        )

    async def settle(self, job_id: str, outcome: Outcome) -> PrintOutcome:
        """Note what became of a job and delete its document."""
        await self._in_thread(self._settle, job_id, outcome)
        return PrintOutcome(id=job_id, outcome=outcome.result, code=outcome.code, detail=outcome.detail)

    async def acknowledge(self, job_id: str) -> None:
        """Note that the portal has the outcome; anything but a settled job stays as it is."""
        await self._in_thread(
            self._write, "UPDATE job SET state = 'acknowledged' WHERE id = ? AND state = 'settled'", (job_id,)
        )

    async def unfinished(self) -> list[JournaledJob]:
        """Return the jobs that are not settled, oldest first."""
        return await self._in_thread(self._unfinished)

    async def unacknowledged(self) -> list[PrintOutcome]:
        """Return the outcomes that the portal has not acknowledged, oldest first."""
        return await self._in_thread(self._unacknowledged)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL syncs the log at every commit: without it the last jobs of a power cut would be printed again.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute(_SCHEMA)
        forgotten_before = time.time() - REMEMBERED_DAYS * 86_400
        self._db.execute("DELETE FROM job WHERE state = 'acknowledged' AND settled_at < ?", (forgotten_before,))

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise RuntimeError("The journal is not open.")
        return self._db

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        self._connection().execute(statement, values)

    def _receive(self, job: PrintJob, document: bytes) -> PrintOutcome | bool:
        digest = hashlib.sha256(document).hexdigest()
        inserted = self._connection().execute(
            "INSERT INTO job (id, printer, format, title, copies, document, digest, state, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'received', ?) ON CONFLICT (id) DO NOTHING",
            (job.id, job.printer, job.format, job.title, job.copies, document, digest, time.time()),
        )
        if inserted.rowcount == 1:
            return True
        row = self._connection().execute("SELECT * FROM job WHERE id = ?", (job.id,)).fetchone()
        if row["digest"] != digest:
            logger.warning("jobs: id %s came again with another document; the first one stands.", job.id)
        if row["state"] in ("settled", "acknowledged"):
            return _outcome(row)
        return False

    def _settle(self, job_id: str, outcome: Outcome) -> None:
        db = self._connection()
        db.execute(
            "UPDATE job SET state = 'settled', document = NULL, outcome = ?, code = ?, detail = ?, settled_at = ?"
            " WHERE id = ? AND state IN ('received', 'sending')",
            (outcome.result, outcome.code, outcome.detail, time.time(), job_id),
        )
        # The log still holds the document's pages until they are written back and cut off.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _unfinished(self) -> list[JournaledJob]:
        rows = self._connection().execute(
            "SELECT * FROM job WHERE state IN ('received', 'sending') ORDER BY received_at, rowid"
        )
        return [
            JournaledJob(
                id=row["id"],
                printer=row["printer"],
                format=row["format"],
                title=row["title"],
                copies=row["copies"],
                document=row["document"],
                state=row["state"],
                sending_at=row["sending_at"],
            )
            for row in rows
        ]

    def _unacknowledged(self) -> list[PrintOutcome]:
        rows = self._connection().execute("SELECT * FROM job WHERE state = 'settled' ORDER BY settled_at, rowid")
        return [_outcome(row) for row in rows]


def _outcome(row: sqlite3.Row) -> PrintOutcome:
    return PrintOutcome(id=row["id"], outcome=row["outcome"], code=row["code"], detail=row["detail"])


class PrintQueues:
    """Takes jobs, prints one at a time on each printer, and hands every outcome to `on_outcome`."""

    def __init__(
        self,
        journal: JobJournal,
        *,
        receipt_config: ReceiptConfig | None,
        a4_config: A4Config | None,
        on_outcome: Callable[[PrintOutcome], Awaitable[None]],
        on_finished: Callable[[PrinterName], None],
    ) -> None:
        self._journal = journal
        self._receipt_config = receipt_config
        self._a4_config = a4_config
        self._on_outcome = on_outcome
        self._on_finished = on_finished
        self._queues: dict[PrinterName, asyncio.Queue[JournaledJob]] = {
            "receipt": asyncio.Queue(),
            "a4": asyncio.Queue(),
        }
        # A job that arrives while the journal is read at start would otherwise be queued twice.
        self._queued: set[str] = set()
        #: Held while a printer is busy, so that a look at its state does not come between.
        self.busy: dict[PrinterName, asyncio.Lock] = {"receipt": asyncio.Lock(), "a4": asyncio.Lock()}

    async def take(self, job: PrintJob) -> None:
        """Journal a job and queue it; an id that is known answers with what is remembered, and prints nothing.

        Raises `messages.Malformed` when its data is not base64.
        """
        document = job.content()
        known = await self._journal.receive(job, document)
        if isinstance(known, PrintOutcome):
            await self._on_outcome(known)
        elif known:
            queued = JournaledJob(
                id=job.id,
                printer=job.printer,
                format=job.format,
                title=job.title,
                copies=job.copies,
                document=document,
                state="received",
                sending_at=None,
            )
            self._queue(queued)

    async def run(self) -> None:
        """Take up what a crash left behind, then print for ever."""
        for job in await self._journal.unfinished():
            self._queue(job)
        async with asyncio.TaskGroup() as group:
            for printer in self._queues:
                group.create_task(self._print_all(printer), name=f"print-{printer}")

    def _queue(self, job: JournaledJob) -> None:
        if job.id not in self._queued:
            self._queued.add(job.id)
            self._queues[job.printer].put_nowait(job)

    async def _print_all(self, printer: PrinterName) -> None:
        queue = self._queues[printer]
        while True:
            job = await queue.get()
            async with self.busy[printer]:
                outcome = await self._print(job)
                settled = await self._journal.settle(job.id, outcome)
                self._queued.discard(job.id)
            logger.info("jobs: %s on %s: %s %s", job.id, printer, outcome.result, outcome.code)
            await self._on_outcome(settled)
            self._on_finished(printer)

    async def _print(self, job: JournaledJob) -> Outcome:
        if not 1 <= job.copies <= MAX_COPIES:
            detail = _("Between 1 and {maximum} copies can be printed.").format(maximum=MAX_COPIES)
            return Outcome("failed", "refused", detail)
        if _FORMATS[job.printer] != job.format:
            return Outcome("failed", "refused", _("This printer does not print this kind of document."))
        try:
            if job.printer == "receipt":
                return await self._print_receipt(job)
            return await self._print_a4(job)
        except Exception:
            # An unforeseen fault must not end the queue, and nobody knows how far the printer came.
            logger.exception("jobs: %s broke off", job.id)
            detail = _("Printing broke off. Please look whether paper came.")
            return Outcome("uncertain", "fault", detail)

    async def _print_receipt(self, job: JournaledJob) -> Outcome:
        if job.state == "sending":
            detail = _("The kiosk restarted while this was printed. Please look whether paper came.")
            return Outcome("uncertain", "restart", detail)
        if self._receipt_config is None:
            return Outcome("failed", "offline", _("This kiosk has no receipt printer."))
        await self._journal.begin(job.id)
        return await receipt.print_receipt(self._receipt_config, job.document, copies=job.copies)

    async def _print_a4(self, job: JournaledJob) -> Outcome:
        if self._a4_config is None:
            return Outcome("failed", "offline", _("This kiosk has no A4 printer."))
        if job.sending_at is not None:
            outcome = await a4.recover_document(self._a4_config, job_id=job.id, sent_at=job.sending_at)
            if outcome is not None:
                return outcome
        await self._journal.begin(job.id)
        return await a4.print_document(self._a4_config, job.document, job_id=job.id, title=job.title, copies=job.copies)
