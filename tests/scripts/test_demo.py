"""script/demo: one screen at the end of the start, ports beside another demo, and nothing left behind after Ctrl-C."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "script"))

import demo_environment  # noqa: E402
import run_demo  # noqa: E402

FIRST_START_S, SECOND_START_S = 600, 150


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kiosk_bridge.toml"
    path.write_text('device = "K"\nportal_url = "x"\n\n[page]\nallowed_origins = ["x"]\n')
    monkeypatch.setattr(run_demo, "BRIDGE_CONFIG", path)
    return path


def test_ports_that_another_demo_has_are_moved_on_together(config: Path):
    import tomllib

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        ports = run_demo.choose_ports({"control": taken, "receipt": taken + 1})
        assert ports["control"] > taken and ports["receipt"] - ports["control"] == 1
    first = run_demo.point_bridge_at("http://127.0.0.1:8180")
    assert run_demo.point_bridge_at("http://127.0.0.1:8181") == first
    told = tomllib.loads(config.read_text())
    assert told["virtual"] == first and told["portal_url"] == "http://127.0.0.1:8181"
    assert told["page"]["allowed_origins"] == ["http://127.0.0.1:8181"]


def test_the_screen_names_addresses_accounts_and_what_to_do_first():
    usual = run_demo.screen("http://127.0.0.1:8000", run_demo.DEFAULT_VIRTUAL_PORTS, 12, [])
    for path in ("/kiosk/", "/kiosk/second/", "/desk/", "/track/", "/cms/", "/accounts/demo/", "/inbox/"):
        assert f"http://127.0.0.1:8000{path}\n" in usual + "\n", path
    assert "Ctrl-C" in usual and "?bridge=" not in usual and "!!" not in usual
    assert len(usual.splitlines()) <= 40, "one screen"
    moved = {name: port + 20 for name, port in run_demo.DEFAULT_VIRTUAL_PORTS.items()}
    beside = run_demo.screen("http://127.0.0.1:8000", moved, 12, ["DEMO=1 lets anybody sign in."])
    assert "/kiosk/?bridge=17700" in beside and "!! " in beside


def test_a_taken_port_is_said_with_the_next_one():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(run_demo.DemoError, match=f"script/demo --port {port + 1}"):
            run_demo.check_port(port)


def test_secrets_are_made_once_and_kept_to_oneself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(demo_environment, "ENV_FILE", tmp_path / "env")
    for name in ("SECRET_KEY", "KEYRING", "DEMO", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    first = demo_environment.read_demo_environment()
    assert first == demo_environment.read_demo_environment() and first["DEMO"] == "1"
    assert {entry["purpose"] for entry in json.loads(first["KEYRING"])} == {"field", "index", "recording", "signing"}
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SECRET_KEY", "of one's own")
    assert "SECRET_KEY" not in demo_environment.read_demo_environment()


# --- the whole of it ----------------------------------------------------------------------------------------------


def processes_with(variable: str) -> list[str]:
    """Command lines of all processes that hold this text in their environment: the demo's own and all its children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # A zombie has no environment left, so what is found here really runs.
            if variable.encode() in (folder / "environ").read_bytes() and int(folder.name) != os.getpid():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator:
    running: list[subprocess.Popen] = []
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"SECRET_KEY", "KEYRING", "DEMO", "DATABASE_URL", "REDIS_URL", "DEBUG", "ALLOWED_HOSTS"}
        and not name.startswith(("DJANGO_", "PYTEST_"))
    } | {"DATA_DIR": str(tmp_path / "demo"), "MEDIA_UDP_PORTS": "43000-43500"}

    def start(port: int, *, within_s: float) -> tuple[subprocess.Popen, str]:
        log = tmp_path / "screen"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "script/run_demo.py", "--port", str(port)],
                cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        running.append(process)
        deadline = time.monotonic() + within_s
        while "Ctrl-C" not in log.read_text("utf-8"):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, f"not ready in {within_s} s: {log.read_text('utf-8')}"
            time.sleep(0.2)
        return process, log.read_text("utf-8")

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(FIRST_START_S + SECOND_START_S + 60)
def test_two_starts_and_ctrl_c_leaves_no_process(demo, tmp_path: Path):
    port, mark = free_port(), f"DATA_DIR={tmp_path / 'demo'}"
    process, told = demo(port, within_s=FIRST_START_S)
    kiosk = re.search(r"http://\S+/kiosk/(?:\?bridge=\d+)?$", told, re.MULTILINE)
    assert kiosk, told
    for address in re.findall(rf"http://127\.0\.0\.1:{port}/\S*", told):
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200, address
    assert len(processes_with(mark)) >= 4, "the demo itself, the portal, the bridge and the devices' programs"
    for how in (signal.SIGINT, signal.SIGTERM):
        # Ctrl-C in a terminal reaches the whole group in the foreground; the children have groups of their own.
        os.killpg(process.pid, how)
        assert process.wait(40) == 0
        assert processes_with(mark) == []
        assert run_demo.is_free(port)
        if how is signal.SIGINT:
            began = time.monotonic()
            process, told = demo(port, within_s=SECOND_START_S)
            assert "Loading the demo district" not in told, "the second start loads nothing"
            assert time.monotonic() - began < SECOND_START_S
