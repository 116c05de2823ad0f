"""Sealed track files: opening, and every kind of change that verification must tell."""

import hashlib
import json
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from servicedesk.remote.media.sealing import (
    MAX_SEGMENT_BYTES,
    SealBroken,
    SealedWriter,
    describe_track,
    measure_track,
    open_track,
    verify_track,
)

from .conftest import KEY

DESCRIPTION = {"session": "s1", "track": "face-kiosk", "kind": "face", "side": "kiosk", "codec": "vp8"}
CHUNKS = [b"first" * 100, b"second" * 200, b"third" * 300]


@pytest.fixture
def sealed(tmp_path: Path):
    path = tmp_path / "face-kiosk.seg"
    writer = SealedWriter(path, key=KEY, description=DESCRIPTION)
    for chunk in CHUNKS:
        writer.write(chunk)
        writer.cut()
    writer.close()
    return path, writer.position


def codes(faults) -> list[str]:
    return [fault.code for fault in faults]


def test_a_whole_file_opens_and_verifies(sealed):
    path, position = sealed
    assert position.count == 3 and position.bytes == path.stat().st_size
    assert measure_track(path) == position
    assert open_track(path, KEY) == b"".join(CHUNKS)
    assert verify_track(path, None, position.count, position.head) == []
    assert verify_track(path, KEY, position.count, position.head) == []
    assert describe_track(path) == DESCRIPTION
    assert CHUNKS[0] not in path.read_bytes()


def test_every_flipped_byte_is_noticed_without_the_key(sealed):
    path, position = sealed
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x40
        path.write_bytes(changed)
        assert verify_track(path, None, position.count, position.head) != [], f"byte {place}"


def test_the_key_tells_which_segment_was_changed(sealed):
    path, position = sealed
    whole = bytearray(path.read_bytes())
    place = whole.rindex(b"SEGM") + 60
    whole[place] ^= 1
    path.write_bytes(whole)
    faults = verify_track(path, KEY, position.count, position.head)
    assert [(fault.code, fault.segment) for fault in faults] == [("altered", 2)]
    with pytest.raises(SealBroken, match="segment 2"):
        open_track(path, KEY)


def test_a_cut_last_segment_is_noticed(sealed):
    path, position = sealed
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"SEGM")])
    assert codes(verify_track(path, None, position.count, position.head)) == ["cut"]
    assert codes(verify_track(path, None, position.count, position.head, is_final=False)) == ["cut"]
    assert open_track(path, KEY) == b"".join(CHUNKS[:2])


def test_a_torn_end_after_a_kill_is_right_only_behind_the_checkpoint(sealed):
    path, _ = sealed
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    before = measure_track(path)
    assert before.count == 2
    assert verify_track(path, KEY, before.count, before.head, is_final=False) == []
    assert codes(verify_track(path, KEY, before.count, before.head)) == ["torn"]
    assert open_track(path, KEY) == b"".join(CHUNKS[:2])


def test_segments_after_the_last_checkpoint_are_surplus(sealed):
    path, _ = sealed
    head_after_two = None
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"SEGM")])
    head_after_two = measure_track(path).head
    path.write_bytes(whole)
    assert codes(verify_track(path, None, 2, head_after_two)) == ["surplus"]
    assert verify_track(path, None, 2, head_after_two, is_final=False) == []


def test_swapped_segments_are_noticed(sealed):
    path, position = sealed
    whole = path.read_bytes()
    starts = [i for i in range(len(whole)) if whole.startswith(b"SEGM", i)]
    swapped = whole[: starts[0]] + whole[starts[1] : starts[2]] + whole[starts[0] : starts[1]] + whole[starts[2] :]
    path.write_bytes(swapped)
    assert "altered" in codes(verify_track(path, None, position.count, position.head))


def test_a_segment_of_another_track_does_not_open(sealed, tmp_path: Path):
    path, _ = sealed
    other = SealedWriter(tmp_path / "other.seg", key=KEY, description=DESCRIPTION | {"track": "voice-kiosk"})
    other.write(b"from elsewhere")
    other.close()
    stolen = (tmp_path / "other.seg").read_bytes()
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"SEGM")] + stolen[stolen.index(b"SEGM") :])
    with pytest.raises(SealBroken):
        open_track(path, KEY)


def test_another_key_does_not_open_and_a_missing_file_is_said(sealed, tmp_path: Path):
    path, position = sealed
    with pytest.raises(SealBroken):
        open_track(path, bytes(32))
    assert codes(verify_track(path, bytes(32), position.count, position.head)) == ["altered"] * 3
    assert codes(verify_track(tmp_path / "gone.seg", None, 1, "00")) == ["missing"]
    path.write_bytes(b"something else")
    assert codes(verify_track(path, None, 1, "00")) == ["unreadable"]


def test_much_at_once_is_cut_into_segments_of_256_kib(tmp_path: Path):
    writer = SealedWriter(tmp_path / "t.seg", key=KEY, description=DESCRIPTION)
    writer.write(bytes(MAX_SEGMENT_BYTES * 2 + 10))
    writer.close()
    assert writer.position.count == 3
    assert len(open_track(tmp_path / "t.seg", KEY)) == MAX_SEGMENT_BYTES * 2 + 10


def test_an_existing_file_is_never_written_over(sealed):
    path, _ = sealed
    with pytest.raises(FileExistsError):
        SealedWriter(path, key=KEY, description=DESCRIPTION)


def test_the_file_is_what_the_documentation_says(sealed):
    """Read with nothing but docs/media.md's description, as an offline verifier does."""
    path, position = sealed
    raw = path.read_bytes()
    assert raw[:8] == b"LINBANS1"
    length = struct.unpack(">I", raw[8:12])[0]
    opening = raw[: 12 + length]
    assert json.loads(opening[12:]) == DESCRIPTION
    head = hashlib.sha256(opening).digest()
    plain, offset, count = b"", len(opening), 0
    while offset < len(raw):
        header = raw[offset : offset + 32]
        magic, index, size, written_ms, nonce = struct.unpack(">4sIIQ12s", header)
        assert (magic, index) == (b"SEGM", count) and written_ms > 1_600_000_000_000
        ciphertext = raw[offset + 32 : offset + 32 + size + 16]
        plain += AESGCM(KEY).decrypt(nonce, ciphertext, hashlib.sha256(opening).digest() + header)
        head = hashlib.sha256(head + header + ciphertext).digest()
        offset += 32 + size + 16
        count += 1
    assert (count, head.hex()) == (position.count, position.head)
    assert plain == b"".join(CHUNKS)
