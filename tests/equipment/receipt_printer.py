"""The virtual receipt printer alone, for tests of printing."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.equipment.programs import Program, SocketFileConnection, ask_json, is_listening


class ReceiptPrinter:
    """A running receipt printer; its slips are files."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.port = port
        self._spool = folder / "slips"
        self._socket = folder / "receipt.sock"
        command = [sys.executable, "-m", "kiosk_bridge.virtual.receipt_printer", "--port", str(port)]
        command += ["--spool", str(self._spool), "--socket", str(self._socket)]
        self.program = Program(command, log=folder / "receipt.log")
        self.program.wait_until(lambda: self._socket.exists() and is_listening(port))

    def set_mode(self, mode: str) -> None:
        """One of ok, low, out, runs_out, mute, unplugged."""
        ask_json(SocketFileConnection(self._socket), "POST", "/mode", {"mode": mode})

    def state(self) -> dict[str, Any]:
        return ask_json(SocketFileConnection(self._socket), "GET", "/state")

    def slips(self) -> list[bytes]:
        """Return the bytes of each slip that came out, in order."""
        return [path.read_bytes() for path in sorted(self._spool.glob("*.bin"))]


@contextmanager
def receipt_printer(*, port: int) -> Iterator[ReceiptPrinter]:
    """Run the printer in a folder of its own; a socket file's path must be short."""
    with tempfile.TemporaryDirectory(prefix="slip-") as folder:
        printer = ReceiptPrinter(Path(folder), port=port)
        try:
            yield printer
        finally:
            printer.program.stop()
