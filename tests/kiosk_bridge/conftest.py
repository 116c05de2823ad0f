"""Ports, keys and running devices for the bridge's tests."""

import itertools
import os
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.equipment.ipp_printer import EvePrinter, ipp_eve_printer
from tests.equipment.programs import is_listening
from tests.equipment.receipt_printer import ReceiptPrinter, receipt_printer
from tests.equipment.samv_card import ReaderOnPty, reader_on_pty

_ports = itertools.cycle(range(17600, 17700))


def free_port() -> int:
    """Return a port of the range that these tests keep to."""
    return next(port for port in _ports if not is_listening(port))


@pytest.fixture
def seed() -> bytes:
    return os.urandom(32)


@pytest.fixture
def key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@pytest.fixture
def reader() -> Iterator[ReaderOnPty]:
    with reader_on_pty() as running:
        yield running


@pytest.fixture
def receipt() -> Iterator[ReceiptPrinter]:
    with receipt_printer(port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def eve() -> Iterator[EvePrinter]:
    with ipp_eve_printer(port=free_port()) as running:
        yield running
