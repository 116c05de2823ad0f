"""Sealed track files: encrypted, hash-chained segments that survive a kill and show every change (docs/media.md)."""

import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"LINBANS1"
SEGMENT_MAGIC = b"SEGM"
SEGMENT_HEADER = struct.Struct(">4sIIQ12s")
MAX_SEGMENT_BYTES = 256 * 1024
MAX_DESCRIPTION_BYTES = 64 * 1024
TAG_BYTES = 16
KEY_BYTES = 32


class SealBroken(Exception):
    """A track file can't be opened: it was changed, or the key is another session's."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a track file is safely on disk: segments, the chain's head (hex SHA-256), bytes of the file."""

    count: int
    head: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a track file; `segment` counts from 0, None concerns the whole file."""

    code: str
    message: str
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    index: int
    header: bytes
    length: int
    nonce: bytes
    ciphertext: bytes
    head: bytes


class SealedWriter:
    """
    Appends to a new track file: `write` collects, `cut` seals what was collected and returns when it is on disk.

    Raises:
        FileExistsError: the file is there already; a resumed session takes another name.
        OSError: the disk refused; what was cut before stays valid.
    """

    def __init__(self, path: Path, *, key: bytes, description: dict[str, Any]) -> None:
        text = json.dumps(description, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        opening = MAGIC + struct.pack(">I", len(text)) + text
        self._cipher = AESGCM(check_key(key))
        self._opening_hash = hashlib.sha256(opening).digest()
        self._head = self._opening_hash
        self._count = 0
        self._pending = bytearray()
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115 - closed by close().
        self._file.write(opening)
        os.fsync(self._file.fileno())
        _sync_directory(path.parent)
        self._bytes = len(opening)
        self.position = Position(0, self._head.hex(), self._bytes)

    @property
    def pending_bytes(self) -> int:
        return len(self._pending)

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def cut(self) -> None:
        if not self._pending:
            return
        head, count, sealed = self._head, self._count, bytearray()
        for start in range(0, len(self._pending), MAX_SEGMENT_BYTES):
            plaintext = bytes(self._pending[start : start + MAX_SEGMENT_BYTES])
            nonce = os.urandom(12)
            header = SEGMENT_HEADER.pack(SEGMENT_MAGIC, count, len(plaintext), time.time_ns() // 1_000_000, nonce)
            ciphertext = self._cipher.encrypt(nonce, plaintext, self._opening_hash + header)
            head = hashlib.sha256(head + header + ciphertext).digest()
            count += 1
            sealed += header + ciphertext
        self._append(bytes(sealed))
        os.fsync(self._file.fileno())
        self._pending.clear()
        self._head, self._count = head, count
        self._bytes += len(sealed)
        self.position = Position(count, head.hex(), self._bytes)

    def close(self) -> None:
        try:
            self.cut()
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close without writing what is pending, after the disk has refused."""
        self._pending.clear()
        self._file.close()

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def describe_track(path: Path) -> dict[str, Any]:
    """What the file says of itself: session, track, kind, side, codec, started_at."""
    with open(path, "rb") as file:
        return _read_opening(file)[1]


def measure_track(path: Path) -> Position:
    """Count, head and bytes of the whole segments, to take up a file that a killed node left; it proves nothing."""
    with open(path, "rb") as file:
        opening, _ = _read_opening(file)
        head = hashlib.sha256(opening).digest()
        count, size = 0, len(opening)
        for segment in _read_segments(file, head):
            if isinstance(segment, Fault):
                break
            count, head = count + 1, segment.head
            size += len(segment.header) + len(segment.ciphertext)
    return Position(count, head.hex(), size)


def open_track(path: Path, key: bytes) -> bytes:
    """
    The Matroska bytes of a track; a torn last segment (the node was killed while writing) is left out.

    Raises:
        SealBroken: a segment was changed, or the key is not this session's.
    """
    cipher = AESGCM(check_key(key))
    with open(path, "rb") as file:
        opening, _ = _read_opening(file)
        opening_hash = hashlib.sha256(opening).digest()
        plain = bytearray()
        for segment in _read_segments(file, opening_hash):
            if isinstance(segment, Fault):
                if segment.code == "torn":
                    break
                raise SealBroken(f"{path.name}: {segment.message}")
            try:
                plain += cipher.decrypt(segment.nonce, segment.ciphertext, opening_hash + segment.header)
            except InvalidTag as error:
                raise SealBroken(f"{path.name}: segment {segment.index} was changed or the key is wrong.") from error
    return bytes(plain)


def verify_track(path: Path, key: bytes | None, count: int, head: str, *, is_final: bool = True) -> list[Fault]:
    """
    Compare a track file with its last check-point (`count` segments, chain `head` in hex); no fault gives [].

    The chain is verified without the key; with it each segment is authenticated too, which tells the one changed.
    `is_final=False`: the check-point is one on the way (the node was killed): later segments, a torn end are right.
    Fault codes: missing, unreadable, altered, cut, torn, surplus.
    """
    try:
        with open(path, "rb") as file:
            try:
                opening, _ = _read_opening(file)
            except SealBroken as error:
                return [Fault("unreadable", str(error))]
            return _verify_segments(file, opening, key, count=count, head=head, is_final=is_final)
    except FileNotFoundError:
        return [Fault("missing", f"{path.name} is not there.")]


def _verify_segments(
    file: BinaryIO, opening: bytes, key: bytes | None, *, count: int, head: str, is_final: bool
) -> list[Fault]:
    opening_hash = hashlib.sha256(opening).digest()
    cipher = AESGCM(check_key(key)) if key is not None else None
    faults: list[Fault] = []
    seen, head_at_count = 0, opening_hash if count == 0 else None
    for segment in _read_segments(file, opening_hash):
        if isinstance(segment, Fault):
            if segment.code != "torn" or is_final:
                faults.append(segment)
            break
        seen += 1
        if seen == count:
            head_at_count = segment.head
        if cipher is not None:
            try:
                cipher.decrypt(segment.nonce, segment.ciphertext, opening_hash + segment.header)
            except InvalidTag:
                faults.append(Fault("altered", f"Segment {segment.index} was changed.", segment.index))
    if head_at_count is None:
        faults.append(Fault("cut", f"{seen} of {count} segments are there.", seen))
    elif head_at_count.hex() != head.lower() and not any(f.code == "altered" for f in faults):
        faults.append(Fault("altered", f"The chain over the first {count} segments differs from the check-point."))
    if is_final and seen > count:
        faults.append(Fault("surplus", f"{seen - count} segments follow the last check-point.", count))
    return faults


def check_key(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A recording key has {KEY_BYTES} bytes; this one has {len(key)}.")
    return key


def _read_opening(file: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    start = file.read(len(MAGIC) + 4)
    if len(start) < len(MAGIC) + 4 or not start.startswith(MAGIC):
        raise SealBroken("This is no sealed track file.")
    length = struct.unpack(">I", start[len(MAGIC) :])[0]
    text = file.read(length) if length <= MAX_DESCRIPTION_BYTES else b""
    if len(text) < length or not text:
        raise SealBroken("The beginning of the file is damaged.")
    try:
        return start + text, json.loads(text)
    except ValueError as error:
        raise SealBroken("The beginning of the file is damaged.") from error


def _read_segments(file: BinaryIO, opening_hash: bytes) -> Iterator[Segment | Fault]:
    """Yield the segments in order; ends after a Fault: what follows a broken header can't be told apart."""
    head, index = opening_hash, 0
    while header := file.read(SEGMENT_HEADER.size):
        if len(header) < SEGMENT_HEADER.size:
            yield Fault("torn", f"Segment {index} is incomplete.", index)
            return
        magic, stated, length, _, nonce = SEGMENT_HEADER.unpack(header)
        if magic != SEGMENT_MAGIC or stated != index or not 0 < length <= MAX_SEGMENT_BYTES:
            yield Fault("altered", f"The header of segment {index} was changed.", index)
            return
        ciphertext = file.read(length + TAG_BYTES)
        if len(ciphertext) < length + TAG_BYTES:
            yield Fault("torn", f"Segment {index} is incomplete.", index)
            return
        head = hashlib.sha256(head + header + ciphertext).digest()
        yield Segment(index, header, length, nonce, ciphertext, head)
        index += 1


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
