"""The bridge's configuration: one TOML file, in which every wrong key is named."""

import base64
import binascii
import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class ConfigError(Exception):
    """The configuration cannot be used; the message names the key and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class PageConfig:
    """Where the kiosk's page reaches the bridge; only these origins are let in."""

    allowed_origins: list[str]
    host: str = "127.0.0.1"
    port: int = 17680


@dataclass(frozen=True, kw_only=True)
class ReaderConfig:
    """The serial port of the SAM-V card reader."""

    port: str
    reply_timeout_s: float = 3.0
    poll_interval_s: float = 0.2


@dataclass(frozen=True, kw_only=True)
class ReceiptConfig:
    """The receipt printer: ESC/POS over TCP."""

    host: str
    port: int = 9100
    answer_timeout_s: float = 3.0
    finish_timeout_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class A4Config:
    """The A4 printer: IPP, such as ipp://192.168.1.20/ipp/print."""

    uri: str
    request_timeout_s: float = 8.0
    finish_timeout_s: float = 120.0
    paper_wait_s: float = 20.0


@dataclass(frozen=True, kw_only=True)
class VirtualConfig:
    """Ports of the virtual devices, used with --virtual."""

    control: int = 17690
    receipt: int = 17691
    ipp: int = 17692
    page_ws: int = 17680
    spool: str = ""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole file; a device that is left out is reported as absent."""

    device: str
    portal_url: str
    state_dir: str
    page: PageConfig
    private_key: str = dataclasses.field(default="", repr=False)
    private_key_file: str = ""
    language: str = "zh_Hans"
    reader: ReaderConfig | None = None
    receipt: ReceiptConfig | None = None
    a4: A4Config | None = None
    virtual: VirtualConfig = dataclasses.field(default_factory=VirtualConfig)


_SECTIONS: Final[dict[str, type]] = {
    "page": PageConfig,
    "reader": ReaderConfig,
    "receipt": ReceiptConfig,
    "a4": A4Config,
    "virtual": VirtualConfig,
}
_KIND_NAMES: Final = {str: "a text in quotes", int: "a whole number", float: "a number", list: "a list of texts"}


def load_config(path: Path) -> Config:
    """Read and check the file. Raises `ConfigError` naming the file, the key and what is allowed."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the file cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not TOML: {error}.") from error
    try:
        config = _config_from(raw)
        _check_values(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def load_private_key(config: Config) -> Ed25519PrivateKey:
    """Return the device's key: 32 raw bytes in base64 in the file itself, or in a file of its own.

    Raises `ConfigError`, which never shows the key.
    """
    text, key = config.private_key, "private_key"
    if not text:
        key = "private_key_file"
        try:
            text = Path(config.private_key_file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"private_key_file: {config.private_key_file} cannot be read.") from error
    try:
        seed = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==")
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{key}: this must be a 32-byte Ed25519 key in base64.") from error


def _config_from(raw: dict[str, Any]) -> Config:
    values = dict(raw)
    for name, cls in _SECTIONS.items():
        if name in values:
            if not isinstance(values[name], dict):
                raise ConfigError(f"{name}: this must be a section [{name}].")
            values[name] = _section(cls, values[name], prefix=f"{name}.")
    config: Config = _section(Config, values, prefix="")
    return config


def _section(cls: type, values: dict[str, Any], *, prefix: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(cls)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigError(f"{prefix}{unknown[0]}: there is no such key; allowed are {', '.join(fields)}.")
    hints = get_type_hints(cls)
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if name not in values and required:
            raise ConfigError(f"{prefix}{name}: this key is missing.")
        if name in values and name not in (_SECTIONS if not prefix else ()):
            values[name] = _value(values[name], hints[name], key=prefix + name)
    return cls(**values)


def _value(value: Any, hint: Any, *, key: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kind = list if hint == list[str] else hint
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(f"{key}: this must be {_KIND_NAMES[kind]}.")
    if kind is list and not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{key}: this must be a list of texts.")
    return value


def _check_values(config: Config) -> None:
    if not config.device:
        raise ConfigError("device: this must not be empty.")
    if bool(config.private_key) == bool(config.private_key_file):
        raise ConfigError("private_key: give either private_key or private_key_file.")
    url = urlsplit(config.portal_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigError("portal_url: this must begin with http:// or https://.")
    for origin in config.page.allowed_origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ConfigError(f"page.allowed_origins: {origin} is no origin such as https://portal.example.")
    if config.page.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("page.host: the page's socket stays on this machine; allowed are 127.0.0.1, ::1, localhost.")
    if config.a4 and not config.a4.uri.startswith(("ipp://", "ipps://")):
        raise ConfigError("a4.uri: this must begin with ipp:// or ipps://.")
    ports = {"page.port": config.page.port}
    ports |= {f"virtual.{name}": getattr(config.virtual, name) for name in ("control", "receipt", "ipp", "page_ws")}
    if config.receipt:
        ports["receipt.port"] = config.receipt.port
    for key, port in ports.items():
        if not 1 <= port <= 65535:
            raise ConfigError(f"{key}: this must be a port between 1 and 65535.")
