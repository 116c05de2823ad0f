"""Runs the tiers of the tests against a PostgreSQL and a Redis, which it starts when none runs."""

import argparse
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from demo_environment import ROOT

REPORTS = ROOT / "var/reports"
WORKERS = "2"
START_TIMEOUT_S = 60
# The inner loop: of each room what decides whether it stands, without browsers and without programs to start.
QUICK = (
    "tests/base/test_journal.py",
    "tests/base/test_keyring.py",
    "tests/base/test_rights.py",
    "tests/base/test_idempotency.py",
    "tests/content/test_taking.py",
    "tests/servicedesk/residents/test_certificate_numbers.py",
    "tests/servicedesk/devices/test_pairing.py",
    "tests/servicedesk/queueing/test_policy.py",
    "tests/servicedesk/queueing/test_issue.py",
    "tests/servicedesk/cases/test_forms_and_signatures.py",
    "tests/servicedesk/printouts/test_papers_drawn.py",
    "tests/servicedesk/remote/media/test_reassembly.py",
    "tests/servicedesk/remote/media/test_feed.py",
    "tests/servicedesk/api/test_tickets.py",
    "tests/kiosk_bridge/test_samv.py",
    "tests/kiosk_bridge/test_messages.py",
    "tests/test_docs.py",
)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen, how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- PostgreSQL ---------------------------------------------------------------------------------------------------
def _postgres_answers(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            role = connection.execute("select rolcreatedb or rolsuper from pg_roles where rolname = current_user")
            return bool((role.fetchone() or [False])[0])
    except psycopg.Error:
        return False


def _postgres_program(name: str) -> str:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if not found:
        raise SystemExit(f"{name} is missing. Run: sudo apt-get install postgresql")
    return found


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address of a server on which databases can be made; one of our own in a temporary folder if none runs."""
    given = os.environ.get("DATABASE_URL", "")
    for url in filter(
        None, [given if given.startswith("postgres") else "", "postgres://postgres@127.0.0.1:5432/postgres"]
    ):
        if _postgres_answers(url):
            yield url.rsplit("/", 1)[0] + "/linban"
            return
    if given.startswith("postgres"):
        raise SystemExit("DATABASE_URL names a PostgreSQL that does not answer, or whose user may not make databases.")
    port = _free_port()
    # initdb refuses root, and PostgreSQL's own user cannot enter a checkout in /root: hence a folder in /tmp.
    folder = Path(tempfile.mkdtemp(prefix="linban-postgres-"))
    as_user: dict = {}
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            owner = pwd.getpwnam("nobody")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    plain = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    data = str(folder / "data")
    say(f"Starting PostgreSQL on port {port} in {folder}")
    subprocess.run(
        [_postgres_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, cwd=folder, env=plain, stdout=subprocess.DEVNULL, **as_user,
    )  # fmt: skip
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200,
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [_postgres_program("postgres"), "-D", data, *options],
            cwd=folder, env=plain, stdout=log, stderr=log, start_new_session=True, **as_user,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _postgres_answers(f"postgres://postgres@127.0.0.1:{port}/postgres"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"PostgreSQL did not start:\n{(folder / 'log').read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.2)
        yield f"postgres://postgres@127.0.0.1:{port}/linban"
    finally:
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions that a broken test left open.
        _end(server, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


# --- Redis --------------------------------------------------------------------------------------------------------
def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.settimeout(2)
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis without a password; one of our own if none runs."""
    if _redis_answers(6379):
        yield "redis://127.0.0.1:6379/13"
        return
    program = shutil.which("redis-server")
    if not program:
        raise SystemExit("redis-server is missing. Run: sudo apt-get install redis-server")
    port = _free_port()
    say(f"Starting Redis on port {port}")
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _redis_answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("Redis did not start.")
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/13"
    finally:
        _end(server, signal.SIGTERM)


# --- tiers --------------------------------------------------------------------------------------------------------
def skipped_tests(report: Path) -> list[str]:
    """Names of tests that skipped themselves, from pytest's report.

    What cannot happen on SQLite at all (two writers at once) may be skipped there: that is no missing part.
    """
    names = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        marks = [mark for mark in case.iter("skipped") if mark.get("type") == "pytest.skip"]
        if any(not mark.get("message", "").startswith("SQLite ") for mark in marks):
            names.append(f"{case.get('classname')}.{case.get('name')}")
    return names


def database_choice() -> str:
    """pytest's option: keep the last run's database as long as no migration has changed since it was made."""
    digest = hashlib.sha256()
    for path in sorted(path for room in ("portal", "content", "servicedesk") for path in (ROOT / room).rglob("*.py")):
        if path.parent.name == "migrations" or path.name == "triggers.py":
            digest.update(path.name.encode() + path.read_bytes())
    stamp = ROOT / "var/quick-database.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return "--reuse-db"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())
    # Both: made anew now, and kept for the next run.
    return "--create-db"


def run_tier(name: str, arguments: list[str], environment: dict[str, str]) -> bool:
    """Run pytest once; whether it ran tests, all passed and none skipped itself."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    say(f"=== {name}")
    started = time.monotonic()
    code = subprocess.call(
        [sys.executable, "-m", "pytest", "-q", "--durations=12", f"--junitxml={report}", *arguments],
        cwd=ROOT,
        env=environment,
    )
    skipped = skipped_tests(report) if report.exists() else []
    for test in skipped:
        say(f"{test} skipped itself; a missing real part is a failure here.")
    say(f"=== {name}: {'ok' if not code and not skipped else 'FAILED'} in {time.monotonic() - started:.0f} s")
    return code == 0 and not skipped


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/test", description="Runs the tests of Linban.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--quick", action="store_true", help="the inner loop, under a minute")
    choice.add_argument("--slow", action="store_true", help="the long tier")
    parser.add_argument("pytest_arguments", nargs="*", help="after --: for pytest, in the PostgreSQL tier alone")
    options = parser.parse_args()
    # The tests bring their own secrets; what the caller's shell holds for a demo must not leak into them.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"SECRET_KEY", "KEYRING", "DATA_DIR", "DEMO", "PORTAL_URL", "DATABASE_URL", "REDIS_URL"}
    }
    started = time.monotonic()
    with postgres() as postgres_url, redis() as redis_url:
        parts = {"E2E_POSTGRES": postgres_url.rsplit("/", 1)[0], "E2E_REDIS": redis_url.rsplit("/", 1)[0] + "/7"}
        on_postgres = inherited | parts | {"DATABASE_URL": postgres_url}
        on_sqlite = (
            inherited | parts | {"DATABASE_URL": "sqlite:///var/tests/linban.sqlite3", "TEST_DB_SUFFIX": "_sqlite"}
        )
        if options.pytest_arguments:
            outcomes = [run_tier("postgresql", options.pytest_arguments, on_postgres)]
        elif options.quick:
            outcomes = [
                run_tier(
                    "quick", ["--reuse-db", database_choice(), "-x", "-m", "not slow and not e2e", *QUICK], on_postgres
                )
            ]
        elif options.slow:
            outcomes = [
                run_tier("slow", ["-n", WORKERS, "-m", "slow and not alone", "--create-db", "tests"], on_postgres),
                run_tier("slow-alone", ["-m", "slow and alone", "--timeout=1500", "tests"], on_postgres),
            ]
        else:
            outcomes = [
                run_tier(
                    "postgresql",
                    ["-n", WORKERS, "-m", "not slow and not e2e", "--reuse-db", "--create-db", "tests"],
                    on_postgres,
                ),
                run_tier("sqlite", ["-n", WORKERS, "-m", "sqlite and not slow and not e2e", "tests"], on_sqlite),
                # The two databases that the first tier made.
                run_tier(
                    "browsers",
                    ["-n", WORKERS, "-m", "e2e and not slow and not alone", "--reuse-db", "tests"],
                    on_postgres,
                ),
                run_tier("calls", ["-m", "e2e and not slow and alone", "tests"], on_postgres),
            ]
    say(f"script/test: {'ok' if all(outcomes) else 'FAILED'} in {time.monotonic() - started:.0f} s")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
