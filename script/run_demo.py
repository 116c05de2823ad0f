"""Starts the demo's processes after migrating and loading the demo district once, and ends them together.

The shell script beside it (script/demo) makes the environment; this file uses the standard library alone.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from demo_environment import DATA, ROOT, read_demo_environment

LOGS = DATA / "logs"
BRIDGE_CONFIG = DATA / "kiosk_bridge.toml"
READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 12
PR_SET_PDEATHSIG = 1
ROOMS = ("portal", "content", "servicedesk")
# The bridge's own defaults; beside another demo each start moves all of them on by so many.
PORT_STEP = 20
DEFAULT_VIRTUAL_PORTS = {"control": 17690, "receipt": 17691, "ipp": 17692, "page_ws": 17680}
FIRST_STEPS = [
    ("1. 打开「登录」，选一位窗口人员，进入受理工作台。", "Open “Sign in”, become a clerk, and open the desk."),
    (
        "2. 另开窗口打开自助终端，在「虚拟设备」页放上一张身份证。",
        "Open the kiosk in another window, and put a card on the reader at the virtual devices' page.",
    ),
    ("3. 选事项，取远程号，看小票打印出来。", "Choose an item, draw a remote ticket, and see the slip printed."),
    (
        "4. 在工作台点「下一位」，两边都允许摄像头和麦克风。",
        "Press “next” at the desk; allow camera and microphone on both sides.",
    ),
    (
        "5. 开办件、填表、签名、打印、结束，再评价。",
        "Open a case, fill a form, sign, print, end the meeting, and rate it.",
    ),
]


class DemoError(Exception):
    """Something stops the demo; the message says what it is and what to do."""


def shown(path: Path) -> str:
    """The path as a person in the checkout would write it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check_port(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise DemoError(f"Port {port} needs root. Choose one above 1023: script/demo --port 8000") from error
        except OSError as error:
            advice = f"Choose another one: script/demo --port {port + 1}"
            raise DemoError(f"端口 {port} 已被占用。Port {port} is taken by another program. {advice}") from error


def take_lock() -> int:
    """Only one demo runs on one folder; the open descriptor holds the lock until this process ends."""
    DATA.mkdir(parents=True, exist_ok=True)
    lock = os.open(DATA / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(lock, 200).decode("utf-8", "replace").strip()
        raise DemoError(
            f"演示已在运行。The demo already runs in this checkout ({owner}); end it there first."
        ) from error
    return lock


def _die_with_parent() -> None:
    # A demo that is killed outright must leave no process behind (Linux only; elsewhere Ctrl-C still ends them).
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _digest_of_schema(environment: dict[str, str]) -> str:
    digest = hashlib.sha256()
    digest.update((ROOT / "uv.lock").read_bytes())
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(environment.get("DATABASE_URL", "sqlite").encode())
    return digest.hexdigest()


def _run(step: str, arguments: list[str], environment: dict[str, str]) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{step}.log"
    started = time.monotonic()
    with log.open("wb") as output:
        code = subprocess.call([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output)
    if code:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise DemoError(f"{tail}\n\n'{' '.join(arguments)}' failed; the whole output is in {shown(log)}.")
    say(f"    {time.monotonic() - started:.0f} s")


def prepare(environment: dict[str, str], portal: str) -> None:
    """Migrate when the schema moved; load the demo district once for each database, and again for another address."""
    schema = _digest_of_schema(environment)
    migrated, loaded = DATA / "migrated.stamp", DATA / "loaded.stamp"
    is_own_file = not environment.get("DATABASE_URL")
    if is_own_file and not (DATA / "linban.sqlite3").exists():
        migrated.unlink(missing_ok=True)
    if not (_says(migrated, schema) and BRIDGE_CONFIG.exists()):
        say("准备数据库 · Preparing the database (the first time takes a minute or two)")
        _run("migrate", ["manage.py", "migrate", "--no-input"], environment)
        migrated.write_text(schema)
        loaded.unlink(missing_ok=True)
    if not _says(loaded, schema + portal):
        say("载入演示区 · Loading the demo district")
        _run("demo", ["manage.py", "demo"], environment)
        if shutil.which("espeak-ng"):
            say("合成叫号语音 · Making the hall display's voice")
            _run("voice", ["manage.py", "make_clips"], environment)
        else:
            say("未安装 espeak-ng · Without espeak-ng the hall display has the browser's voice alone.")
        loaded.write_text(schema + portal)


def _says(stamp: Path, text: str) -> bool:
    return stamp.exists() and stamp.read_text() == text


def start(name: str, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen:
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _check_alive(processes: dict[str, subprocess.Popen]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = LOGS / f"{name}.log"
            tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
            where = shown(log)
            raise DemoError(f"{tail}\n\n{name} ended by itself (code {process.returncode}); see {where}.")


def wait_until_ready(url: str, processes: dict[str, subprocess.Popen]) -> list[str]:
    """What the portal warns of, once it is ready."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    answer = "no answer"
    # A proxy meant for the outside must not be asked for this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        _check_alive(processes)
        try:
            with opener.open(url, timeout=5) as response:
                if response.status == 200:
                    return list(json.load(response).get("warnings", []))
        except urllib.error.HTTPError as error:
            answer = f"{error.code}: {error.read(300).decode('utf-8', 'replace')}"
        except OSError as error:
            answer = str(error)
        time.sleep(0.25)
    log = shown(LOGS / "portal.log")
    raise DemoError(f"The portal did not become ready in {READY_TIMEOUT_S} s ({answer}); see {log}.")


def wait_until_taken(port: int, processes: dict[str, subprocess.Popen]) -> None:
    """Wait for the virtual devices' page, which comes up last, so that every address on the screen answers."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while is_free(port):
        _check_alive(processes)
        if time.monotonic() > deadline:
            log = shown(LOGS / "kiosk_bridge.log")
            raise DemoError(f"The virtual devices did not start in {READY_TIMEOUT_S} s; see {log}.")
        time.sleep(0.1)


def stop(processes: dict[str, subprocess.Popen]) -> None:
    for process in reversed(processes.values()):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in processes.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _addresses() -> dict[str, str]:
    """Paths that `manage.py demo` chose for this district, one `name path` a line in var/demo/addresses."""
    path = DATA / "addresses"
    entries = path.read_text("utf-8").splitlines() if path.exists() else []
    return dict(line.split(maxsplit=1) for line in entries if line.strip())


def screen(portal: str, ports: dict[str, int], seconds: float, warnings: list[str]) -> str:
    """The one screen that the demo ends its start with."""
    # The kiosk's page knows the usual port by itself.
    bridge = f"?bridge={ports['page_ws']}" if ports["page_ws"] != DEFAULT_VIRTUAL_PORTS["page_ws"] else ""
    paths = {"kiosk": "/kiosk/", "second": "/kiosk/second/", "board": "/board/", "inbox": "/inbox/"} | _addresses()
    rows = [
        ("门户 Portal", portal + "/"),
        ("自助终端 Kiosk (main screen)", portal + paths["kiosk"] + bridge),
        ("自助终端副屏 Kiosk, second screen", portal + paths["second"] + bridge),
        ("大厅叫号屏 Hall display", portal + paths["board"]),
        ("受理工作台 Clerk's desk", portal + "/desk/"),
        ("办件进度 Track a case", portal + "/track/"),
        ("虚拟设备 Virtual devices (card, printers)", f"http://127.0.0.1:{ports['control']}/"),
        ("短信收件箱 Inbox (SMS of the demo)", portal + paths["inbox"]),
        ("内容管理 Editing", portal + "/cms/"),
        ("登录 Sign in as anyone", portal + "/accounts/demo/"),
    ]
    width = max(_columns(label) for label, _url in rows)
    table = [f"  {label}{' ' * (width - _columns(label))}  {url}" for label, url in rows]
    return "\n".join(
        [
            "",
            f"邻办演示已就绪，用时 {seconds:.0f} 秒；人员均为虚构。Linban's demo is ready; everybody is made up.",
            *(f"!! 外人可以登录演示。{warning}" for warning in warnings),
            "",
            *table,
            "",
            "先做什么 · What to do first",
            *(line for chinese, english in FIRST_STEPS for line in (f"  {chinese}", f"     {english}")),
            "",
            f"Ctrl-C 结束全部程序 · ends all of it.   日志 Logs: {shown(LOGS)}/   重来 Afresh: rm -r {shown(DATA)}",
        ]
    )


def _columns(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return True
    return False


def choose_ports(wanted: dict[str, int]) -> dict[str, int]:
    """The bridge's and the devices' ports, all moved on together when another program (another demo) has one of them.

    Raises:
        DemoError: there is no room for them at all.
    """
    for step in range(0, 40 * PORT_STEP, PORT_STEP):
        ports = {name: port + step for name, port in wanted.items()}
        if all(is_free(port) for port in ports.values()):
            return ports
    raise DemoError(f"No free ports for the virtual devices from {min(wanted.values())} on; end another program first.")


def point_bridge_at(portal: str) -> dict[str, int]:
    """Write this start's portal address and ports into the bridge's configuration; the ports."""
    text = BRIDGE_CONFIG.read_text("utf-8")
    text = re.sub(r"(?m)^portal_url\s*=.*$", f'portal_url = "{portal}"', text)
    text = re.sub(r"(?m)^allowed_origins\s*=.*$", f'allowed_origins = ["{portal}"]', text)
    text = re.sub(r"(?ms)^\[virtual\]\n.*?(?=^\[|\Z)", "", text).rstrip()
    ports = choose_ports(DEFAULT_VIRTUAL_PORTS)
    lines = [f"{name} = {port}" for name, port in ports.items()]
    BRIDGE_CONFIG.write_text("\n".join([text, "", "[virtual]", *lines, ""]), "utf-8")
    return ports


def run(port: int) -> None:
    started = time.monotonic()
    check_port(port)
    lock = take_lock()
    portal = f"http://127.0.0.1:{port}"
    environment = dict(os.environ) | read_demo_environment() | {"PYTHONUNBUFFERED": "1"}
    environment.setdefault("PORTAL_URL", portal)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()}, {portal}".encode(), 0)
    portal = environment["PORTAL_URL"].rstrip("/")
    prepare(environment, portal)
    ports = point_bridge_at(portal)
    processes: dict[str, subprocess.Popen] = {}
    try:
        processes["portal"] = start("portal", ["-m", "portal.embedded", "--port", str(port)], environment)
        warnings = wait_until_ready(f"http://127.0.0.1:{port}/readyz", processes)
        processes["kiosk_bridge"] = start(
            "kiosk_bridge", ["-m", "kiosk_bridge", "--config", str(BRIDGE_CONFIG), "--virtual"], environment
        )
        wait_until_taken(ports["control"], processes)
        say(screen(portal, ports, time.monotonic() - started, warnings))
        while True:
            time.sleep(1)
            _check_alive(processes)
    finally:
        # A second Ctrl-C must not leave half of the programs running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop(processes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/demo", description="Starts the whole demo of Linban on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="the portal's port (default 8000)")
    arguments = parser.parse_args()
    # A shell that starts the demo in the background leaves SIGINT ignored; it must end the demo all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    try:
        run(arguments.port)
    except KeyboardInterrupt:
        say(f"\n已结束，数据保留在 {shown(DATA)}。Ended; what you did is kept there, and the next start is quick.")
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
