"""Runs every check that reads the code without running the product; two at a time, for two cores."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo_environment import ROOT

ROOMS = ["portal", "content", "servicedesk", "kiosk_bridge", "themes"]
BIN = Path(sys.executable).parent
LIMIT_S = 420


def _environment() -> dict[str, str]:
    dropped = {"SECRET_KEY", "KEYRING", "DATA_DIR", "DEMO", "PORTAL_URL", "REDIS_URL", "UV_DEFAULT_INDEX", "UV_INDEX"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    # No check needs a database server; makemigrations only looks whether one holds an inconsistent history.
    return kept | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": "sqlite://:memory:"}


def command(*arguments: str) -> Callable[[], str]:
    """A check that is a command: its output when it fails, else nothing."""

    def run() -> str:
        done = subprocess.run(
            list(arguments), cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"ended with {done.returncode}"

    return run


def lock_is_public() -> str:
    """The lock names one registry, reached by https, and agrees with pyproject.toml as the public index sees it."""
    lock = (ROOT / "uv.lock").read_text("utf-8")
    registries = set(re.findall(r'registry = "([^"]+)"', lock))
    faults = []
    if len(registries) != 1 or not all(registry.startswith("https://") for registry in registries):
        faults.append(f"uv.lock names other registries than the public one: {sorted(registries)}")
    if re.search(r'(?:url|path|directory|git|editable) = "(?!https://)', lock) or "source = { url" in lock:
        faults.append("uv.lock has a package from a path, a repository or an address of its own.")
    # The private one first: what is on PATH may be a version switcher's stand-in that refuses this folder.
    private = ROOT / ".tools/uv/bin/uv"
    uv = str(private) if private.exists() else shutil.which("uv") or "uv"
    # Without configuration uv knows the public index alone, and refuses a lock that was made against another one.
    public = _environment() | {"UV_NO_CONFIG": "1"}
    done = subprocess.run(
        [uv, "lock", "--check", "--python", sys.executable],
        cwd=ROOT, env=public, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        faults.append(done.stderr)
    return "\n".join(faults)


def shell_scripts_parse() -> str:
    faults = []
    for path in [*(ROOT / "script").iterdir(), ROOT / ".ci/run", *(ROOT / "deploy").rglob("*.sh")]:
        if path.is_file() and path.read_bytes()[:2] == b"#!" and b"sh" in path.read_bytes().split(b"\n", 1)[0]:
            shell = "bash" if b"bash" in path.read_bytes().split(b"\n", 1)[0] else "sh"
            done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
            if done.returncode:
                faults.append(done.stderr)
            if not os.access(path, os.X_OK):
                faults.append(f"{path.relative_to(ROOT)} is not executable.")
    return "\n".join(faults)


CHECKS: dict[str, Callable[[], str]] = {
    "types": command(str(BIN / "mypy"), *ROOMS),
    "style": command(str(BIN / "ruff"), "check", "--no-cache", "."),
    "import rules": command(str(BIN / "lint-imports"), "--no-cache"),
    "rooms keep to their doors": command(sys.executable, "script/room_doors.py"),
    "system check": command(sys.executable, "manage.py", "check", "--fail-level", "WARNING"),
    "migrations complete": command(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
    "translations complete": command(sys.executable, "script/merge_messages.py", "--check"),
    "templates": command(sys.executable, "script/template_rules.py"),
    "template lint": command(str(BIN / "djlint"), "--lint", "--quiet", *ROOMS),
    "lock clean": lock_is_public,
    "shell": shell_scripts_parse,
    "docs": command(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_docs.py", "tests/scripts"
    ),
}


def _timed(check: Callable[[], str]) -> tuple[str, float]:
    started = time.monotonic()
    try:
        output = check()
    except (OSError, subprocess.TimeoutExpired) as error:
        output = str(error)
    return output, time.monotonic() - started


def main(names: list[str]) -> int:
    unknown = set(names) - set(CHECKS)
    if unknown:
        sys.stderr.write(f"There is no check {sorted(unknown)[0]!r}; there are: {', '.join(CHECKS)}.\n")
        return 2
    failed = []
    with ThreadPoolExecutor(2) as pool:
        running = {name: pool.submit(_timed, CHECKS[name]) for name in names or CHECKS}
        for name, future in running.items():
            output, seconds = future.result()
            sys.stdout.write(f"{'FAILED' if output else 'ok':6} {name} ({seconds:.0f} s)\n")
            if output:
                failed.append(name)
                sys.stdout.write("\n".join(f"       {line}" for line in output.strip().splitlines()) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"script/check: {'FAILED: ' + ', '.join(failed) if failed else 'ok'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
