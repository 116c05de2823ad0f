"""A virtual A4 printer: a program that speaks IPP/1.1 (RFC 8010, RFC 8011) and keeps the PDFs that it is sent.

IPP is at /ipp/print. Commands come as HTTP on a socket file: GET /state, GET /prints/NAME.pdf, POST /mode {"mode": …}.
Modes: ok, low, empty (a job waits until there is paper), refuse (takes no jobs), unplugged.
"""

import argparse
import asyncio
import io
import itertools
import logging
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pyipp.enums import IppJobState, IppOperation, IppStatus, IppTag
from pyipp.parser import parse
from pyipp.serializer import construct_attribute
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from kiosk_bridge.virtual.printer_control import printer_control
from kiosk_bridge.virtual.serving import serve_until_stopped

logger = logging.getLogger(__name__)

MODES: Final = ("ok", "low", "empty", "refuse", "unplugged")
SECONDS_A_PAGE: Final = 0.4
PRINTS_KEPT: Final = 40
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
_OPERATIONS: Final = (
    IppOperation.PRINT_JOB,
    IppOperation.VALIDATE_JOB,
    IppOperation.CANCEL_JOB,
    IppOperation.GET_JOB_ATTRIBUTES,
    IppOperation.GET_JOBS,
    IppOperation.GET_PRINTER_ATTRIBUTES,
)
_OVER: Final = (IppJobState.CANCELED, IppJobState.ABORTED, IppJobState.COMPLETED)

#: (name, value, tag); one group of attributes in a response.
_Group = list[tuple[str, Any, IppTag]]


class IppFault(Exception):
    """The request is answered with this status."""

    def __init__(self, status: IppStatus) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass
class Job:
    """One job on the printer."""

    number: int
    name: str
    title: str
    copies: int
    pages: int
    user: str
    created_at: datetime
    state: IppJobState = IppJobState.PENDING
    reasons: str = "none"
    impressions: int = 0

    @property
    def file_name(self) -> str:
        return f"print-{self.number:04}.pdf"


class VirtualIppPrinter:
    """The printer with its tray; documents are files in the spool folder."""

    def __init__(self, spool: Path, *, port: int) -> None:
        self._spool = spool
        self._port = port
        self._mode = "ok"
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._started_at = time.monotonic()
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        spool.mkdir(parents=True, exist_ok=True)

    @property
    def uri(self) -> str:
        return f"ipp://127.0.0.1:{self._port}/ipp/print"

    async def plug_in(self) -> None:
        if self._runner is not None:
            return
        app = web.Application(client_max_size=MAX_DOCUMENT_BYTES)
        app.router.add_post("/ipp/print", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def unplug(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def set_mode(self, mode: str) -> None:
        self._mode = mode
        if mode == "unplugged":
            await self.unplug()
        else:
            await self.plug_in()

    def state(self) -> dict[str, Any]:
        return {
            "virtual": True,
            "mode": self._mode,
            "prints": [
                {
                    "number": job.number,
                    "name": job.name,
                    "title": job.title,
                    "copies": job.copies,
                    "pages": job.pages,
                    "state": job.state.name.lower(),
                    "reasons": job.reasons,
                    "file": job.file_name,
                    "created_at": job.created_at.isoformat(timespec="seconds"),
                }
                for job in self._jobs.values()
            ],
        }

    async def print_all(self) -> None:
        """Print the jobs one after the other, for ever."""
        while True:
            job = await self._waiting.get()
            if job.state != IppJobState.PENDING:
                continue
            job.state, job.reasons = IppJobState.PROCESSING, "job-printing"
            for _page in range(job.pages * job.copies):
                await asyncio.sleep(SECONDS_A_PAGE)
                while self._mode == "empty" and job.state != IppJobState.CANCELED:
                    job.state, job.reasons = IppJobState.STOPPED, "printer-stopped"
                    await asyncio.sleep(0.05)
                if job.state == IppJobState.CANCELED:
                    break
                job.state, job.reasons = IppJobState.PROCESSING, "job-printing"
                job.impressions += 1
            else:
                job.state, job.reasons = IppJobState.COMPLETED, "job-completed-successfully"

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            message = parse(body, contains_data=True)
            operation, request_id = message["status-code"], message["request-id"]
        except Exception:
            # The parser raises whatever the broken bytes lead it to.
            logger.warning("ipp: a request was not understood")
            return web.Response(status=400)
        try:
            handler = self._handlers().get(operation)
            if handler is None:
                raise IppFault(IppStatus.ERROR_OPERATION_NOT_SUPPORTED)
            groups, status = handler(message), IppStatus.OK
        except IppFault as fault:
            groups, status = [], fault.status
        return web.Response(body=_response(status, request_id, groups), content_type="application/ipp")

    def _handlers(self) -> dict[int, Callable[[dict[str, Any]], list[tuple[IppTag, _Group]]]]:
        return {
            IppOperation.PRINT_JOB: self._print_job,
            IppOperation.VALIDATE_JOB: self._validate_job,
            IppOperation.CANCEL_JOB: self._cancel_job,
            IppOperation.GET_JOB_ATTRIBUTES: lambda message: [(IppTag.JOB, self._attributes(self._job(message)))],
            IppOperation.GET_JOBS: self._get_jobs,
            IppOperation.GET_PRINTER_ATTRIBUTES: lambda _message: [(IppTag.PRINTER, self._printer_attributes())],
        }

    def _validate_job(self, message: dict[str, Any]) -> list[tuple[IppTag, _Group]]:
        if self._mode == "refuse":
            raise IppFault(IppStatus.ERROR_NOT_ACCEPTING_JOBS)
        document_format = message["operation-attributes"].get("document-format", "application/pdf")
        if document_format not in ("application/pdf", "application/octet-stream"):
            raise IppFault(IppStatus.ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED)
        return []

    def _print_job(self, message: dict[str, Any]) -> list[tuple[IppTag, _Group]]:
        self._validate_job(message)
        operation = message["operation-attributes"]
        template = message["jobs"][0] if message["jobs"] else {}
        document = message["data"]
        try:
            pages = len(PdfReader(io.BytesIO(document)).pages)
        except (PyPdfError, ValueError, OSError) as error:
            raise IppFault(IppStatus.ERROR_DOCUMENT_FORMAT_ERROR) from error
        number = next(self._numbers)
        job = Job(
            number=number,
            name=str(operation.get("job-name", "")),
            title=str(operation.get("document-name", "")),
            copies=int(template.get("copies", 1)),
            pages=pages,
            user=str(operation.get("requesting-user-name", "anonymous")),
            created_at=datetime.now(UTC),
        )
        (self._spool / job.file_name).write_bytes(document)
        self._jobs[number] = job
        self._waiting.put_nowait(job)
        for old in list(self._jobs.values())[:-PRINTS_KEPT]:
            (self._spool / old.file_name).unlink(missing_ok=True)
            del self._jobs[old.number]
        return [(IppTag.JOB, self._attributes(job))]

    def _cancel_job(self, message: dict[str, Any]) -> list[tuple[IppTag, _Group]]:
        job = self._job(message)
        if job.state in _OVER:
            raise IppFault(IppStatus.ERROR_NOT_POSSIBLE)
        job.state, job.reasons = IppJobState.CANCELED, "job-canceled-by-user"
        return []

    def _get_jobs(self, message: dict[str, Any]) -> list[tuple[IppTag, _Group]]:
        wants_over = message["operation-attributes"].get("which-jobs", "not-completed") == "completed"
        jobs = [job for job in self._jobs.values() if (job.state in _OVER) == wants_over]
        return [(IppTag.JOB, self._attributes(job)) for job in jobs]

    def _job(self, message: dict[str, Any]) -> Job:
        job = self._jobs.get(message["operation-attributes"].get("job-id", 0))
        if job is None:
            raise IppFault(IppStatus.ERROR_NOT_FOUND)
        return job

    def _attributes(self, job: Job) -> _Group:
        return [
            ("job-id", job.number, IppTag.INTEGER),
            ("job-uri", f"{self.uri}/{job.number}", IppTag.URI),
            ("job-printer-uri", self.uri, IppTag.URI),
            ("job-name", job.name, IppTag.NAME),
            ("job-originating-user-name", job.user, IppTag.NAME),
            ("job-state", int(job.state), IppTag.ENUM),
            ("job-state-reasons", job.reasons, IppTag.KEYWORD),
            ("job-impressions-completed", job.impressions, IppTag.INTEGER),
        ]

    def _printer_attributes(self) -> _Group:
        reasons = {"low": "media-low-warning", "empty": "media-empty-error"}.get(self._mode, "none")
        is_busy = any(job.state == IppJobState.PROCESSING for job in self._jobs.values())
        # RFC 8011, 5.4.11: 3 idle, 4 processing, 5 stopped.
        state = 5 if self._mode == "empty" else 4 if is_busy else 3
        waiting = sum(job.state not in _OVER for job in self._jobs.values())
        return [
            ("printer-uri-supported", self.uri, IppTag.URI),
            ("uri-security-supported", "none", IppTag.KEYWORD),
            ("uri-authentication-supported", "none", IppTag.KEYWORD),
            ("printer-name", "virtual-a4", IppTag.NAME),
            ("printer-info", "虚拟打印机，不出纸 (virtual printer, no paper)", IppTag.TEXT),
            ("printer-make-and-model", "Linban Virtual A4", IppTag.TEXT),
            ("printer-location", "演示 (demo)", IppTag.TEXT),
            ("printer-state", state, IppTag.ENUM),
            ("printer-state-reasons", reasons, IppTag.KEYWORD),
            ("printer-is-accepting-jobs", self._mode != "refuse", IppTag.BOOLEAN),
            ("printer-up-time", max(1, int(time.monotonic() - self._started_at)), IppTag.INTEGER),
            ("queued-job-count", waiting, IppTag.INTEGER),
            ("ipp-versions-supported", ["1.1"], IppTag.KEYWORD),
            ("operations-supported", [int(operation) for operation in _OPERATIONS], IppTag.ENUM),
            ("charset-configured", "utf-8", IppTag.CHARSET),
            ("charset-supported", "utf-8", IppTag.CHARSET),
            ("natural-language-configured", "zh-cn", IppTag.LANGUAGE),
            ("generated-natural-language-supported", "zh-cn", IppTag.LANGUAGE),
            ("document-format-default", "application/pdf", IppTag.MIME_TYPE),
            ("document-format-supported", ["application/pdf", "application/octet-stream"], IppTag.MIME_TYPE),
            ("compression-supported", "none", IppTag.KEYWORD),
            ("pdl-override-supported", "not-attempted", IppTag.KEYWORD),
        ]


def _response(status: IppStatus, request_id: int, groups: list[tuple[IppTag, _Group]]) -> bytes:
    body = struct.pack(">bbhi", 1, 1, int(status), request_id)
    body += bytes((IppTag.OPERATION.value,))
    body += construct_attribute("attributes-charset", "utf-8", IppTag.CHARSET)
    body += construct_attribute("attributes-natural-language", "en", IppTag.LANGUAGE)
    for tag, attributes in groups:
        body += bytes((tag.value,))
        for name, value, kind in attributes:
            body += construct_attribute(name, value, kind)
    return body + bytes((IppTag.END.value,))


async def _main(arguments: argparse.Namespace) -> None:
    printer = VirtualIppPrinter(arguments.spool, port=arguments.port)
    control = printer_control(printer, arguments.spool, modes=MODES, printed=r"/prints/{name:print-\d+\.pdf}")
    await printer.plug_in()
    printing = asyncio.create_task(printer.print_all())
    try:
        await serve_until_stopped(control, unix_socket=arguments.socket)
    finally:
        printing.cancel()
        await printer.unplug()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True, help="the TCP port for IPP")
    parser.add_argument("--spool", type=Path, required=True, help="the folder that documents are kept in")
    parser.add_argument("--socket", type=Path, required=True, help="the socket file for commands")
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    asyncio.run(_main(parser.parse_args()))
