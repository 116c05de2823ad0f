"""The whole product as it runs, in one of its two shapes, with the kiosk's bridge and device programs beside it."""

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.equipment.bridge import Bridge
from tests.equipment.ipp_printer import ipp_eve_printer
from tests.equipment.programs import REPOSITORY, Program, is_listening
from tests.equipment.receipt_printer import receipt_printer
from tests.equipment.samv_card import reader_on_pty

KIOSK = "JA-DN-01"
CENTRE = "310106019000-C"
POSTGRES = os.environ.get("E2E_POSTGRES", "postgres://postgres@127.0.0.1:5432")
REDIS = os.environ.get("E2E_REDIS", "redis://127.0.0.1:6379/7")
START_TIMEOUT_S = 240
PREPARED = REPOSITORY / "var/e2e"
KEYRING = [
    {"id": f"{purpose}-1", "purpose": purpose, "secret": base64.b64encode(bytes([n]) * 32).decode()}
    for n, purpose in enumerate(("field", "index", "recording", "signing"), start=1)
]


def content_of_the_demo() -> str:
    """A digest of what a prepared database is made of; it is made anew when any of it changes."""
    digest = hashlib.sha256()
    for room in ("portal", "content", "servicedesk"):
        for pattern in ("**/migrations/*.py", "**/data/*", "**/commands/demo.py", "**/district.py", "**/importing*.py"):
            for path in sorted((REPOSITORY / room).glob(pattern)):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


class Stack:
    """A running portal on the demo district; `shape` is "embedded" or "scaled"."""

    def __init__(self, folder: Path, *, shape: str) -> None:
        self.folder, self.shape = folder, shape
        self.port, self.second_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        udp = 41000 if shape == "embedded" else 42000
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DEBUG")},
            "DJANGO_SETTINGS_MODULE": "portal.settings", "DEMO": "1", "DATA_DIR": str(folder / "data"),
            "SECRET_KEY": "end-to-end-tests-only-0123456789-0123456789-0123456789", "PORTAL_URL": self.url,
            "KEYRING": json.dumps(KEYRING),
            "MEDIA_UDP_PORTS": f"{udp}-{udp + 500}", "ALLOWED_HOSTS": "127.0.0.1",
        }  # fmt: skip
        # An empty variable counts as none; leaving it out would let the tests' own database through.
        self.environment |= {"DATABASE_URL": "", "REDIS_URL": ""}
        if shape == "scaled":
            self.environment |= {"DATABASE_URL": f"{POSTGRES}/linban_e2e", "REDIS_URL": REDIS, "DATABASE_POOL": "8"}
        self.programs: dict[str, Program] = {}

    # --- processes ----------------------------------------------------------------------------------------------------
    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command in this stack's environment."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=self.environment, capture_output=True,
            text=True, timeout=600, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done

    def ask(self, code: str) -> Any:
        """Run Python inside the portal's environment; what it assigns to `answer` comes back as JSON."""
        program = f"import json\n{code}\nprint('ANSWER ' + json.dumps(answer, default=str))"
        done = self.manage("shell", "--no-imports", "-c", program)
        return json.loads(re.findall(r"^ANSWER (.*)$", done.stdout, re.M)[-1])

    def prepare(self) -> None:
        """Take over a database with the demo district; it is loaded once and then copied."""
        kept = PREPARED / f"{self.shape}-{content_of_the_demo()}"
        template = f"linban_e2e_{kept.name[-16:]}"
        if not (kept / "complete").exists():
            shutil.rmtree(kept, ignore_errors=True)
            if self.shape == "scaled":
                self._sql(f"DROP DATABASE IF EXISTS {template} WITH (FORCE)", f"CREATE DATABASE {template}")
            self._load(kept, database=f"{POSTGRES}/{template}")
            (kept / "complete").touch()
        shutil.copytree(kept, self.folder / "data")
        if self.shape == "scaled":
            statements = (
                "DROP DATABASE IF EXISTS linban_e2e WITH (FORCE)",
                f"CREATE DATABASE linban_e2e TEMPLATE {template}",
            )
            self._sql(*statements)
            subprocess.run(["redis-cli", "-u", REDIS, "flushdb"], check=True, capture_output=True)

    def _sql(self, *statements: str) -> None:
        for statement in statements:
            subprocess.run(["psql", f"{POSTGRES}/postgres", "-qc", statement], check=True, capture_output=True)

    def _load(self, folder: Path, *, database: str) -> None:
        own = dict(self.environment)
        self.environment["DATA_DIR"] = str(folder)
        if self.shape == "scaled":
            self.environment["DATABASE_URL"] = database
        folder.mkdir(parents=True)
        self.manage("migrate", "--no-input", "-v0", "--skip-checks")
        self.manage("demo")
        # The district's hours are real; the test must pass at any hour of the day.
        self.ask(
            "from portal.base.places.models import Place, OpeningInterval\n"
            "from datetime import time\n"
            f"places = Place.objects.filter(code__in=['{CENTRE}', '310106019000-P01'])\n"
            "OpeningInterval.objects.filter(place__in=places).delete()\n"
            "[OpeningInterval.objects.create(place=p, weekday=d, opens=time.min, closes=time.max)"
            " for p in places for d in range(7)]\n"
            "answer = places.count()"
        )
        self.environment = own

    def start(self) -> None:
        """Start the shape's processes and wait until it is ready."""
        if self.shape == "embedded":
            self._start("portal", "-m", "portal.embedded", "--port", str(self.port))
        else:
            for name, port in (("web1", self.port), ("web2", self.second_port)):
                self._start(
                    name, "-m", "uvicorn", "portal.asgi:application", "--port", str(port), "--ws", "websockets-sansio",
                    "--ws-per-message-deflate", "false", "--log-level", "warning",
                )  # fmt: skip
            self._start("worker", "manage.py", "db_worker")
            self._start("clock", "manage.py", "clock")
            self._start("media", "manage.py", "media_node", "--name", "node1")
        first = next(iter(self.programs.values()))
        first.wait_until(self._is_ready, timeout_s=START_TIMEOUT_S)

    def _start(self, name: str, *arguments: str) -> None:
        log = self.folder / f"{name}.log"
        self.programs[name] = Program([sys.executable, *arguments], log=log, env=self.environment)

    def _is_ready(self) -> bool:
        if not is_listening(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                body = json.load(answer)
        except (OSError, ValueError):
            return False
        return "media" not in json.dumps(body) or self._has_node()

    def _has_node(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            return answer.status == 200

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        self.programs.pop(name).kill()

    def stop(self) -> None:
        for program in reversed(list(self.programs.values())):
            program.stop()
        self.programs.clear()

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *, shape: str) -> Iterator["Stack"]:
        """A stack that is ready, for as long as the block lasts; what it started is ended however the block ends."""
        stack = cls(folder, shape=shape)
        stack.prepare()
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in sorted(self.folder.glob("*.log"))
        )

    # --- the kiosk's bridge and devices ---------------------------------------------------------------------------
    @contextmanager
    def kiosk(self) -> Iterator["KioskEquipment"]:
        """The bridge with a reader on a pty, a receipt printer and a real IPP printer."""
        config = (self.folder / "data/kiosk_bridge.toml").read_text()
        seed = base64.b64decode(re.search(r'private_key = "([^"]+)"', config).group(1))
        with ExitStack() as stack:
            reader = stack.enter_context(reader_on_pty())
            receipt = stack.enter_context(receipt_printer(port=free_port()))
            a4 = stack.enter_context(ipp_eve_printer(port=free_port()))
            bridge = Bridge(
                self.folder / "bridge", portal_url=self.url, page_port=free_port(), device=KIOSK, seed=seed,
                allowed_origins=(self.url,), reader={"port": str(reader.port)},
                receipt={"host": "127.0.0.1", "port": receipt.port}, a4={"uri": a4.uri},
            )  # fmt: skip
            stack.enter_context(bridge)
            yield KioskEquipment(reader=reader, receipt=receipt, a4=a4, bridge=bridge)


class KioskEquipment:
    """What stands at the point."""

    def __init__(self, *, reader, receipt, a4, bridge) -> None:
        self.reader, self.receipt, self.a4, self.bridge = reader, receipt, a4, bridge


def wait_for(condition, *, timeout_s: float = 30, what: str = "the condition") -> Any:
    """Ask again until there is an answer that counts; the answer."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {timeout_s} s")
        time.sleep(0.2)
