"""The configuration: every wrong key is named with what is allowed; --check says how each device is."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk_bridge.config import ConfigError, load_config, load_private_key
from tests.equipment.bridge import Bridge
from tests.equipment.programs import REPOSITORY
from tests.equipment.receipt_printer import ReceiptPrinter
from tests.equipment.samv_card import ReaderOnPty
from tests.kiosk_bridge.conftest import free_port

GOOD = f"""device = "k"
portal_url = "https://portal.example"
private_key = "{base64.b64encode(bytes(32)).decode()}"
state_dir = "/var/lib/linban-bridge"
[page]
allowed_origins = ["https://portal.example"]
[receipt]
host = "192.0.2.1"
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "bridge.toml"
    path.write_text(text)
    return load_config(path)


def test_it_reads_a_good_file(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config.receipt is not None
    assert (config.receipt.port, config.page.port, config.reader, config.virtual.control) == (9100, 17680, None, 17690)
    assert config.private_key not in repr(config)


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ('device = "k"\n', "", "device: this key is missing"),
        ('device = "k"', "device = 7", "device: this must be a text"),
        ('device = "k"', 'device = ""', "device: this must not be empty"),
        ('device = "k"', 'devise = "k"', "devise: there is no such key; allowed are device"),
        ('https://portal.example"\npriv', 'portal.example"\npriv', "portal_url: this must begin with http"),
        ('["https://portal.example"]', '["https://portal.example/kiosk/"]', "is no origin"),
        ('["https://portal.example"]', '["*"]', "is no origin"),
        ("allowed_origins", 'host = "0.0.0.0"\nallowed_origins', "stays on this machine"),
        ('host = "192.0.2.1"', 'host = "192.0.2.1"\nport = "9100"', "receipt.port: this must be a whole number"),
        ('host = "192.0.2.1"', 'host = "192.0.2.1"\nport = 99999', "receipt.port: this must be a port"),
        ('host = "192.0.2.1"', 'hosts = "192.0.2.1"', "receipt.hosts: there is no such key"),
        ("[receipt]", '[a4]\nuri = "http://x"\n[receipt]', "a4.uri: this must begin with ipp"),
        ("private_key", 'private_key_file = "x"\nprivate_key', "give either"),
        ("[page]", "page", "not TOML"),
    ],
)
def test_it_names_the_wrong_key(tmp_path: Path, find: str, put: str, says: str) -> None:
    assert find in GOOD
    with pytest.raises(ConfigError, match=says.replace("(", r"\(")) as caught:
        load(tmp_path, GOOD.replace(find, put, 1))
    assert str(tmp_path) in str(caught.value)


def test_the_key_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    seed = bytes(range(32))
    (tmp_path / "key").write_text(base64.b64encode(seed).decode() + "\n")
    inline = load_private_key(
        load(tmp_path, GOOD.replace(base64.b64encode(bytes(32)).decode(), base64.b64encode(seed).decode()))
    )
    line = next(line for line in GOOD.splitlines() if line.startswith("private_key"))
    in_file = load_private_key(load(tmp_path, GOOD.replace(line, f'private_key_file = "{tmp_path / "key"}"')))
    raw = [key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for key in (inline, in_file)]
    assert raw[0] == raw[1]
    with pytest.raises(ConfigError, match="private_key: this must be a 32-byte"):
        load_private_key(load(tmp_path, GOOD.replace(base64.b64encode(bytes(32)).decode(), "c2hvcnQ=")))


def run(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk_bridge", "--config", str(config), *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_check_says_how_each_device_is(tmp_path: Path, receipt: ReceiptPrinter, reader: ReaderOnPty) -> None:
    bridge = Bridge(
        tmp_path,
        portal_url="http://127.0.0.1:1",
        page_port=free_port(),
        reader={"port": str(reader.port)},
        receipt={"host": "127.0.0.1", "port": receipt.port},
    )
    well = run(bridge.config, "--check")
    assert well.stdout.splitlines() == [
        "Card reader: The card reader is ready.",
        "Receipt printer: The receipt printer is ready.",
        "A4 printer: This kiosk has no A4 printer.",
        "All is well.",
    ]
    assert well.returncode == 0
    receipt.set_mode("out")
    reader.set_mode("unplugged")
    ill = run(bridge.config, "--check")
    assert ill.returncode == 1
    assert "cannot be opened" in ill.stdout
    assert "Receipt printer: The receipt printer has no paper. Please put in a new roll." in ill.stdout


def test_a_wrong_file_stops_the_start_plainly(tmp_path: Path) -> None:
    missing = run(tmp_path / "none.toml")
    assert missing.returncode == 2
    assert missing.stderr.strip() == f"{tmp_path / 'none.toml'}: the file cannot be read (No such file or directory)."
