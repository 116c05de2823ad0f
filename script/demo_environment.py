"""The demo's environment: secrets made once and kept in var/demo/env (DATA_DIR); what the environment has set wins.

Usage: demo_environment.py --export     (prints lines for a shell)
"""

import base64
import json
import os
import secrets
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where a demo keeps what is its own; another folder is another demo, beside the first.
FOLDER = os.environ.get("DATA_DIR") or "var/demo"
DATA = ROOT / FOLDER
ENV_FILE = DATA / "env"


def new_keyring() -> str:
    return json.dumps(
        [
            {"id": f"{purpose}-1", "purpose": purpose, "secret": base64.b64encode(secrets.token_bytes(32)).decode()}
            for purpose in ("field", "index", "recording", "signing")
        ]
    )


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {"DEMO": "1", "DATA_DIR": FOLDER, "SECRET_KEY": secrets.token_urlsafe(48), "KEYRING": new_keyring()}
    lines = ["# Made by script/demo, for this demo alone. Losing KEYRING makes the demo's encrypted rows unreadable."]
    lines += [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    unfinished = path.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.rename(path)


def read_demo_environment() -> dict[str, str]:
    """Name to value from var/demo/env, which is made when it is missing; without what the environment already sets."""
    if not ENV_FILE.exists():
        _create(ENV_FILE)
    entries = {}
    for line in ENV_FILE.read_text(encoding="utf-8").splitlines():
        for word in shlex.split(line, comments=True):
            name, _separator, value = word.partition("=")
            entries[name] = value
    return {name: value for name, value in entries.items() if not os.environ.get(name)}


if __name__ == "__main__":
    for name, value in read_demo_environment().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
