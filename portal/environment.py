"""What the portal reads from the environment; a wrong value stops the start with its name and what is allowed."""

import base64
import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def text(name: str, default: str | None = None) -> str:
    """The variable as text.

    Raises:
        ImproperlyConfigured: it is missing and has no default.
    """
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment; docs/environment.md says to what.")
    return default


def flag(name: str, default: str = "0") -> bool:
    value = text(name, default).lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; allowed are 1 and 0.")
    return value in {"1", "true", "yes"}


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be an IANA time zone such as {default}.") from error
    return value


def url(name: str, default: str | None, schemes: tuple[str, ...]) -> str:
    value = text(name, default)
    if value and value.split("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must start with one of: {', '.join(schemes)} (and ://).")
    return value


def mailer(address: str) -> dict[str, object]:
    """Django's mailer for `smtp://user:password@host:port` (also smtps, smtp+tls); without an address none is asked."""
    if not address:
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(address)
    options = {
        "host": parts.hostname or "localhost",
        "port": parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp+tls",
        "timeout": 10,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


def keyring(name: str) -> list[dict[str, str]]:
    """The list of {id, purpose, secret}, secret being 32 bytes in base64; every purpose must have a key.

    Raises:
        ImproperlyConfigured: it is not such a list.
    """
    allowed = (
        'a JSON list of {"id", "purpose", "secret"}; purposes: field, index, recording, signing; '
        "secret: 32 bytes in base64"
    )
    try:
        entries = json.loads(text(name))
        purposes = {entry["purpose"] for entry in entries}
        lengths = {len(base64.b64decode(entry["secret"], validate=True)) for entry in entries}
        ids = [entry["id"] for entry in entries]
    except (ValueError, TypeError, KeyError) as error:
        raise ImproperlyConfigured(f"{name} cannot be read; it must be {allowed}.") from error
    missing = {"field", "index", "recording", "signing"} - purposes
    if missing or lengths != {32} or len(set(ids)) != len(ids):
        raise ImproperlyConfigured(
            f"{name} lacks {sorted(missing) or 'proper secrets or unique ids'}; it must be {allowed}."
        )
    return entries


def whole_number(name: str, default: int, *, least: int = 0, most: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number from {least} to {most}.")
    return int(value)


def port_range(name: str, default: str) -> tuple[int, int]:
    value = text(name, default)
    try:
        low, high = (int(part) for part in value.split("-"))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must look like {default}.") from error
    if not 1024 <= low < high <= 65535:
        raise ImproperlyConfigured(f"{name} is {value!r}; two ports between 1024 and 65535, the lower first.")
    return low, high
