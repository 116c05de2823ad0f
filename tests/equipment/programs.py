"""Starts a program for a test, waits until it is up, and ends exactly this one."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


class Program:
    """One running program with its output in a file."""

    def __init__(self, command: list[str], *, log: Path, env: dict[str, str] | None = None) -> None:
        self._log = log
        self._output = log.open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )

    def wait_until(self, is_up: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
        """Wait until the program is up; fails with its output when it ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while not is_up():
            if self.process.poll() is not None:
                raise AssertionError(f"The program ended with {self.process.returncode}: {self.output()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"The program is not up after {timeout_s} s: {self.output()}")
            time.sleep(0.03)

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()
        self._release()

    def stop(self, *, timeout_s: float = 15.0) -> int:
        """End it in order; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._release()
        return status

    def _release(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self._output.close()


class SocketFileConnection(http.client.HTTPConnection):
    """HTTP to a program's socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("device", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask_json(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    """Send a command and return its JSON answer; fails on any status but 200."""
    try:
        connection.request(
            method,
            path,
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    assert response.status == 200, f"{method} {path}: {response.status} {answer!r}"
    return json.loads(answer)


def is_listening(port: int) -> bool:
    """Tell whether something takes connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
