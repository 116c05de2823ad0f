"""A virtual receipt printer: a program that takes ESC/POS over TCP, answers for its paper, and draws what it printed.

Commands come as HTTP on a socket file: GET /state, GET /slips/NAME.png, GET /slips/NAME.bin, POST /mode {"mode": …}.
Modes: ok, low, out, runs_out (the next print uses the roll up), mute (takes bytes, answers nothing), unplugged.
"""

import argparse
import asyncio
import contextlib
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kiosk_bridge.virtual.escpos import Interpreter, Slip
from kiosk_bridge.virtual.printer_control import printer_control
from kiosk_bridge.virtual.serving import serve_until_stopped

logger = logging.getLogger(__name__)

MODES: Final = ("ok", "low", "out", "runs_out", "mute", "unplugged")
SLIPS_KEPT: Final = 40
_REAL_TIME_QUESTION: Final = re.compile(rb"\x10\x04[\x01-\x04]\Z")


class VirtualReceiptPrinter:
    """The printer with its roll; slips are files in the spool folder."""

    def __init__(self, spool: Path, *, port: int) -> None:
        self._spool = spool
        self._port = port
        self._mode = "ok"
        self._server: asyncio.Server | None = None
        self._has_paper = asyncio.Event()
        self._has_paper.set()
        self._slips: list[dict[str, Any]] = []
        self._lines: set[asyncio.StreamWriter] = set()
        spool.mkdir(parents=True, exist_ok=True)

    async def plug_in(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def unplug(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for line in list(self._lines):
            line.transport.abort()
        await server.wait_closed()

    async def set_mode(self, mode: str) -> None:
        self._mode = mode
        if mode == "out":
            self._has_paper.clear()
        else:
            self._has_paper.set()
        if mode == "unplugged":
            await self.unplug()
        else:
            await self.plug_in()

    def state(self) -> dict[str, Any]:
        return {"virtual": True, "mode": self._mode, "slips": self._slips}

    async def _serve(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        paper = Interpreter()
        self._lines.add(sink)
        try:
            while received := await source.read(65536):
                await self._take(paper, received, source, sink)
        except OSError:
            logger.info("The sender broke off.")
        finally:
            paper.finish()
            await self._keep(paper)
            self._lines.discard(sink)
            with contextlib.suppress(OSError):
                sink.close()

    async def _take(
        self, paper: Interpreter, received: bytes, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        """Print what came; without paper, hold it back and answer only real-time questions, as a printer does."""
        while not self._has_paper.is_set() or self._runs_out_on(received):
            question = _REAL_TIME_QUESTION.search(received)
            if question:
                received = received[: question.start()]
                await self._answer(question.group(), sink)
            if self._has_paper.is_set() and not received:
                break
            waiting = asyncio.create_task(self._has_paper.wait())
            arriving = asyncio.create_task(source.read(65536))
            await asyncio.wait((waiting, arriving), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if arriving.done():
                more = arriving.result()
                if not more:
                    # The sender hung up. A printer still prints what it holds as soon as it has paper.
                    await self._has_paper.wait()
                    break
                received += more
            else:
                arriving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await arriving
        await asyncio.to_thread(paper.feed, received)
        await self._keep(paper)
        for asked in paper.questions:
            await self._answer(asked, sink)
        paper.questions.clear()

    def _runs_out_on(self, received: bytes) -> bool:
        if self._mode != "runs_out" or _REAL_TIME_QUESTION.fullmatch(received):
            return False
        self._mode = "out"
        self._has_paper.clear()
        return True

    async def _answer(self, question: bytes, sink: asyncio.StreamWriter) -> None:
        if self._mode == "mute":
            return
        sink.write(bytes((self._status(question),)))
        with contextlib.suppress(OSError):
            await sink.drain()

    def _status(self, question: bytes) -> int:
        is_out = not self._has_paper.is_set()
        if question[:2] == b"\x1dr":
            if question[2] not in (1, 49):
                return 0
            return 0b0000_1111 if is_out else 0b0000_0011 if self._mode == "low" else 0
        fixed = 0b0001_0010
        if question[2] == 1:
            return fixed | (0b0000_1000 if is_out else 0)
        if question[2] == 2:
            return fixed | (0b0010_0000 if is_out else 0)
        if question[2] == 4:
            return fixed | (0b0110_1100 if is_out else 0b0000_1100 if self._mode == "low" else 0)
        return fixed

    async def _keep(self, paper: Interpreter) -> None:
        for slip in paper.slips:
            await asyncio.to_thread(self._write, slip)
        paper.slips.clear()

    def _write(self, slip: Slip) -> None:
        number = self._slips[-1]["number"] + 1 if self._slips else 1
        name = f"slip-{number:04}"
        (self._spool / f"{name}.bin").write_bytes(slip.raw)
        (self._spool / f"{name}.png").write_bytes(slip.png())
        self._slips.append(
            {
                "number": number,
                "name": name,
                "printed_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "width": slip.image.width,
                "height": slip.image.height,
                "text": slip.text,
                "was_cut": slip.was_cut,
            }
        )
        for old in self._slips[:-SLIPS_KEPT]:
            for suffix in (".bin", ".png"):
                (self._spool / (old["name"] + suffix)).unlink(missing_ok=True)
        del self._slips[:-SLIPS_KEPT]


async def _main(arguments: argparse.Namespace) -> None:
    printer = VirtualReceiptPrinter(arguments.spool, port=arguments.port)
    control = printer_control(printer, arguments.spool, modes=MODES, printed=r"/slips/{name:slip-\d+\.(png|bin)}")
    await printer.plug_in()
    try:
        await serve_until_stopped(control, unix_socket=arguments.socket)
    finally:
        await printer.unplug()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True, help="the TCP port for ESC/POS")
    parser.add_argument("--spool", type=Path, required=True, help="the folder that slips are kept in")
    parser.add_argument("--socket", type=Path, required=True, help="the socket file for commands")
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    asyncio.run(_main(parser.parse_args()))
