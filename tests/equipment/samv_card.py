"""The virtual card reader on a pty, for tests that drive the bridge or its driver alone."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.equipment.programs import Program, SocketFileConnection, ask_json


class ReaderOnPty:
    """A running reader; `port` is the path that the bridge opens."""

    def __init__(self, folder: Path, *, read_delay_s: float) -> None:
        self.port = folder / "reader"
        self._socket = folder / "reader.sock"
        command = [sys.executable, "-m", "kiosk_bridge.virtual.sam_reader"]
        command += ["--link", str(self.port), "--socket", str(self._socket), "--read-delay", str(read_delay_s)]
        self.program = Program(command, log=folder / "reader.log")
        self.program.wait_until(self._is_up)

    def _is_up(self) -> bool:
        if not self._socket.exists():
            return False
        try:
            self.state()
        except OSError:
            return False
        return True

    def place(self, card: int | dict[str, str] = 1, *, mode: str = "normal") -> None:
        """Put a card on the reader: a demo resident by number, or fields that differ from the first one's."""
        self._ask("POST", "/place", {"card": card, "mode": mode})

    def remove(self) -> None:
        """Take the card away."""
        self._ask("POST", "/remove", {})

    def set_mode(self, mode: str) -> None:
        """Let the reader itself behave like this; "unplugged" takes its port away."""
        self._ask("POST", "/mode", {"mode": mode})

    def state(self) -> dict[str, Any]:
        return self._ask("GET", "/state")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return ask_json(SocketFileConnection(self._socket), method, path, body)


@contextmanager
def reader_on_pty(*, read_delay_s: float = 0.05) -> Iterator[ReaderOnPty]:
    """Run the reader in a folder of its own; a socket file's path must be short."""
    with tempfile.TemporaryDirectory(prefix="samv-") as folder:
        reader = ReaderOnPty(Path(folder), read_delay_s=read_delay_s)
        try:
            yield reader
        finally:
            reader.program.stop()
