"""A bridge as a program of its own, with a configuration written for one test."""

import base64
import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.equipment.programs import Program, ask_json, is_listening


class Bridge:
    """A configuration and, between `start` and `stop` or `kill`, a running bridge.

    `reader`, `receipt` and `a4` are the sections of these devices; with `virtual_ports` (control, receipt, ipp) the
    bridge starts its own virtual devices instead.
    """

    def __init__(
        self,
        folder: Path,
        *,
        portal_url: str,
        page_port: int,
        device: str = "kiosk-test",
        allowed_origins: tuple[str, ...] = ("http://127.0.0.1:8000",),
        seed: bytes | None = None,
        reader: dict[str, Any] | None = None,
        receipt: dict[str, Any] | None = None,
        a4: dict[str, Any] | None = None,
        virtual_ports: dict[str, int] | None = None,
    ) -> None:
        seed = seed or os.urandom(32)
        self.folder = folder
        self.device = device
        self.page_port = page_port
        self.virtual_ports = virtual_ports
        self.public_key: Ed25519PublicKey = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        self.config = folder / "bridge.toml"
        folder.mkdir(parents=True, exist_ok=True)
        top = {
            "device": device,
            "portal_url": portal_url,
            "private_key": base64.b64encode(seed).decode(),
            "state_dir": str(folder / "state"),
            "language": "en",
        }
        sections: dict[str, dict[str, Any]] = {"page": {"port": page_port, "allowed_origins": list(allowed_origins)}}
        for name, section in (("reader", reader), ("receipt", receipt), ("a4", a4)):
            if section is not None:
                sections[name] = section
        if virtual_ports is not None:
            sections["virtual"] = {**virtual_ports, "page_ws": page_port}
        self.config.write_text(_toml(top, sections))
        self.program: Program | None = None

    @property
    def log(self) -> str:
        return (self.folder / "bridge.log").read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until a page can reach it."""
        command = [sys.executable, "-m", "kiosk_bridge", "--config", str(self.config)]
        if self.virtual_ports is not None:
            command.append("--virtual")
        self.program = Program(command, log=self.folder / "bridge.log")
        self.program.wait_until(lambda: is_listening(self.page_port), timeout_s=30)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.program is not None
        self.program.kill()
        self.program = None

    def stop(self) -> int | None:
        """End it in order, if it runs; returns its exit status."""
        if self.program is None:
            return None
        status = self.program.stop()
        self.program = None
        return status

    def control(self, path: str, body: Any = None) -> Any:
        """Send a command to the virtual devices' page, such as `control("/place", {"card": 1})`; GET without a body."""
        assert self.virtual_ports is not None
        connection = http.client.HTTPConnection("127.0.0.1", self.virtual_ports["control"], timeout=10)
        return ask_json(connection, "GET" if body is None else "POST", path, body)

    def __enter__(self) -> "Bridge":
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


def _toml(top: dict[str, str], sections: dict[str, dict[str, Any]]) -> str:
    # JSON's texts, numbers and lists of texts are TOML's as well.
    lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"
