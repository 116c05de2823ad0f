"""The A4 printer: IPP (RFC 8010, RFC 8011) through pyipp; the job's name on the printer is our job's id.

So the printer can be asked after a crash what became of a job (`recover_document`), instead of printing it twice.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyipp import IPP, IPPConnectionError, IPPError, IPPParseError
from pyipp.enums import IppJobState, IppOperation

from kiosk_bridge.config import A4Config
from kiosk_bridge.messages import Peripheral
from kiosk_bridge.outcome import Outcome
from kiosk_bridge.wording import _

logger = logging.getLogger(__name__)

POLL_INTERVAL_S: Final = 0.5
#: A printer may forget finished jobs after a minute (ippeveprinter does); a job that is missing later proves nothing.
HISTORY_KEPT_S: Final = 45.0
ASK_AGAIN_AFTER_CRASH_S: Final = 120.0
ASK_AGAIN_INTERVAL_S: Final = 2.0

_PAPER_OUT: Final = ("media-empty", "media-needed")
_FAULTS: Final = ("media-jam", "cover-open", "door-open", "marker-supply-empty", "toner-empty", "paused", "shutdown")

_PRINTER_ATTRIBUTES: Final = [
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-up-time",
    "printer-info",
]
_JOB_ATTRIBUTES: Final = ["job-id", "job-name", "job-state", "job-state-reasons", "job-impressions-completed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PrinterState:
    """What the printer says of itself."""

    reasons: tuple[str, ...]
    is_accepting: bool
    up_time_s: int

    @property
    def is_out_of_paper(self) -> bool:
        return any(reason.startswith(_PAPER_OUT) for reason in self.reasons)

    @property
    def is_low_on_paper(self) -> bool:
        return any(reason.startswith("media-low") for reason in self.reasons)

    @property
    def fault(self) -> str:
        """The first reason that keeps it from printing, or ""."""
        return next((reason for reason in self.reasons if reason.startswith(_FAULTS)), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOnPrinter:
    """One job as the printer knows it."""

    number: int
    state: IppJobState
    impressions: int

    @property
    def is_over(self) -> bool:
        return self.state in (IppJobState.CANCELED, IppJobState.ABORTED, IppJobState.COMPLETED)


async def print_document(config: A4Config, content: bytes, *, job_id: str, title: str, copies: int) -> Outcome:
    """Print a PDF and follow its job to the end; a printer that is absent or without paper is sent nothing."""
    async with _printer(config) as printer:
        try:
            refusal = _refusal(await _ask_printer(printer))
            if refusal:
                return refusal
        except IPPError:
            return Outcome("failed", "offline", absent_sentence(config))
        try:
            number = await _send(printer, content, job_id=job_id, title=title, copies=copies)
        except (IPPConnectionError, IPPParseError):
            # The connection broke after the job may have arrived: only the printer knows.
            outcome = await _recover(printer, config, job_id=job_id, sent_at=time.time())
            return outcome or Outcome("failed", "offline", absent_sentence(config))
        except IPPError as error:
            logger.warning("a4: the printer refused job %s: %s", job_id, error)
            return Outcome("failed", "refused", _("The A4 printer does not take this document."))
        return await _follow(printer, config, number=number)


async def recover_document(config: A4Config, *, job_id: str, sent_at: float) -> Outcome | None:
    """Ask the printer what became of a job that was being sent at `sent_at` (seconds since the epoch) in a crash.

    Returns None when the job never arrived: the printer does not know it, and could not have forgotten it yet.
    """
    async with _printer(config) as printer:
        return await _recover(printer, config, job_id=job_id, sent_at=sent_at)


async def _recover(printer: IPP, config: A4Config, *, job_id: str, sent_at: float) -> Outcome | None:
    deadline = time.monotonic() + ASK_AGAIN_AFTER_CRASH_S
    looked = 0
    while True:
        try:
            job = await _find_job(printer, job_id)
            state = await _ask_printer(printer)
        except IPPError:
            if time.monotonic() > deadline:
                return Outcome("uncertain", "restart", unknown_sentence())
        else:
            looked += 1
            # The printer may still be taking in what was sent to it, so it is asked a second time.
            if job is not None or looked == 2:
                break
        await asyncio.sleep(ASK_AGAIN_INTERVAL_S)
    if job is not None:
        return await _follow(printer, config, number=job.number)
    passed_s = time.time() - sent_at
    if not 0 <= passed_s < HISTORY_KEPT_S or state.up_time_s < passed_s:
        return Outcome("uncertain", "restart", unknown_sentence())
    return None


async def _follow(printer: IPP, config: A4Config, *, number: int) -> Outcome:
    """Poll the job until it is over; one that waits for paper too long is cancelled."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + config.finish_timeout_s
    paper_deadline: float | None = None
    while True:
        job: JobOnPrinter | None = None
        state: PrinterState | None = None
        try:
            job = await _ask_job(printer, number)
            state = await _ask_printer(printer)
        except IPPError as error:
            logger.info("a4: the printer does not answer for job %s: %s", number, error)
        if job and job.is_over:
            return _ended(job)
        if state and state.is_out_of_paper:
            paper_deadline = paper_deadline or loop.time() + config.paper_wait_s
            if loop.time() > paper_deadline:
                return await _give_up(printer, number, code="paper_out", detail=paper_out_sentence())
        else:
            paper_deadline = None
        if loop.time() > deadline:
            code, detail = ("offline", unknown_sentence()) if job is None else ("silent", unknown_sentence())
            return await _give_up(printer, number, code=code, detail=detail)
        await asyncio.sleep(POLL_INTERVAL_S)


async def _give_up(printer: IPP, number: int, *, code: str, detail: str) -> Outcome:
    """Cancel the job, so that it does not come out later, and say what is known then."""
    try:
        await printer.execute(IppOperation.CANCEL_JOB, {"operation-attributes-tag": {"job-id": number}})
    except IPPError as error:
        logger.warning("a4: job %s on the printer could not be cancelled: %s", number, error)
    try:
        job = await _ask_job(printer, number)
    except IPPError:
        return Outcome("uncertain", code, detail)
    if job.state == IppJobState.COMPLETED:
        return Outcome("printed", "", "")
    if job.is_over and job.impressions == 0:
        return Outcome("failed", code, detail)
    return Outcome("uncertain", code, detail)


def _ended(job: JobOnPrinter) -> Outcome:
    if job.state == IppJobState.COMPLETED:
        return Outcome("printed", "", "")
    if job.impressions:
        return Outcome("uncertain", "cancelled", unknown_sentence())
    # CUPS reports a printer's abort as canceled, so the two are not told apart.
    return Outcome("failed", "cancelled", _("The job was cancelled at the A4 printer. Please print it again."))


def _refusal(state: PrinterState) -> Outcome | None:
    if state.is_out_of_paper:
        return Outcome("failed", "paper_out", paper_out_sentence())
    if not state.is_accepting:
        return Outcome("failed", "refused", not_accepting_sentence())
    if state.fault:
        return Outcome("failed", "fault", fault_sentence(state.fault))
    return None


async def check_a4_printer(config: A4Config, *, virtual: bool = False) -> Peripheral:
    """Ask the printer once how it is."""

    def peripheral(state: str, detail: str) -> Peripheral:
        return Peripheral(state=state, detail=detail, virtual=virtual)  # type: ignore[arg-type]

    async with _printer(config) as printer:
        try:
            state = await _ask_printer(printer)
        except IPPError:
            return peripheral("absent", absent_sentence(config))
    if state.is_out_of_paper:
        return peripheral("paper_out", paper_out_sentence())
    if state.fault:
        return peripheral("fault", fault_sentence(state.fault))
    if not state.is_accepting:
        return peripheral("fault", not_accepting_sentence())
    if state.is_low_on_paper:
        return peripheral("paper_low", _("The A4 printer has little paper left. Please fill it up soon."))
    return peripheral("ok", _("The A4 printer is ready."))


# IPP ------------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _printer(config: A4Config) -> AsyncIterator[IPP]:
    # IPP/1.1 is what every printer must answer; nothing of 2.x is needed.
    async with IPP(config.uri, request_timeout=config.request_timeout_s, ipp_version=(1, 1)) as printer:  # type: ignore[arg-type]
        yield printer


async def _ask_printer(printer: IPP) -> PrinterState:
    response = await printer.execute(
        IppOperation.GET_PRINTER_ATTRIBUTES,
        {"operation-attributes-tag": {"requested-attributes": _PRINTER_ATTRIBUTES}},
    )
    attributes: dict[str, Any] = next(iter(response["printers"]), {})
    return PrinterState(
        reasons=tuple(_as_list(attributes.get("printer-state-reasons", "none"))),
        is_accepting=bool(attributes.get("printer-is-accepting-jobs", True)),
        up_time_s=int(attributes.get("printer-up-time", 0)),
    )


async def _send(printer: IPP, content: bytes, *, job_id: str, title: str, copies: int) -> int:
    message: dict[str, Any] = {
        "operation-attributes-tag": {
            "job-name": job_id,
            "document-name": title[:80] or job_id,
            "document-format": "application/pdf",
        },
        "data": content,
    }
    if copies > 1:
        message["job-attributes-tag"] = {"copies": copies}
    response = await printer.execute(IppOperation.PRINT_JOB, message)
    return int(response["jobs"][0]["job-id"])


async def _ask_job(printer: IPP, number: int) -> JobOnPrinter:
    response = await printer.execute(
        IppOperation.GET_JOB_ATTRIBUTES,
        {"operation-attributes-tag": {"job-id": number, "requested-attributes": _JOB_ATTRIBUTES}},
    )
    return _job(response["jobs"][0])


async def _find_job(printer: IPP, job_id: str) -> JobOnPrinter | None:
    """Return the newest job of this name among the waiting and the finished ones."""
    for which in ("not-completed", "completed"):
        response = await printer.execute(
            IppOperation.GET_JOBS,
            {"operation-attributes-tag": {"which-jobs": which, "requested-attributes": _JOB_ATTRIBUTES}},
        )
        jobs = [_job(raw) for raw in response["jobs"] if raw.get("job-name") == job_id]
        if jobs:
            return max(jobs, key=lambda job: job.number)
    return None


def _job(raw: dict[str, Any]) -> JobOnPrinter:
    return JobOnPrinter(
        number=int(raw["job-id"]),
        state=IppJobState(raw["job-state"]),
        impressions=int(raw.get("job-impressions-completed", 0)),
    )


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def absent_sentence(config: A4Config) -> str:
    return _("The A4 printer at {uri} is not reached. Check its power and its cable.").format(uri=config.uri)


def paper_out_sentence() -> str:
    return _("The A4 printer has no paper. Please put in paper.")


def not_accepting_sentence() -> str:
    return _("The A4 printer takes no jobs at the moment. Please look at its display.")


def fault_sentence(reason: str) -> str:
    return _("The A4 printer needs a hand ({reason}). Please look at its display.").format(reason=reason)


def unknown_sentence() -> str:
    return _("It is not certain whether the A4 printer printed this. Please look at its tray.")
