"""The keyring: sealed values name their key, belong to one row, and old keys still open."""

import base64

import pytest

from portal.base.keyring import services as keyring

pytestmark = pytest.mark.sqlite


def entry(key_id: str, purpose: str, byte: int) -> dict[str, str]:
    return {"id": key_id, "purpose": purpose, "secret": base64.b64encode(bytes([byte]) * 32).decode()}


def test_what_is_sealed_opens_with_the_same_aad_alone():
    sealed = keyring.seal("field", b"secret", aad=b"resident.number:1")
    assert keyring.open_sealed(sealed, aad=b"resident.number:1") == b"secret"
    with pytest.raises(keyring.KeyringError):
        keyring.open_sealed(sealed, aad=b"resident.number:2")


def test_a_changed_byte_is_noticed():
    sealed = bytearray(keyring.seal("field", b"secret", aad=b"a"))
    sealed[-1] ^= 1
    with pytest.raises(keyring.KeyringError):
        keyring.open_sealed(bytes(sealed), aad=b"a")


def test_after_rotation_new_values_take_the_new_key_and_old_ones_open(settings):
    settings.KEYRING = [entry("field-1", "field", 1)]
    old = keyring.seal("field", b"x", aad=b"a")
    settings.KEYRING = [entry("field-1", "field", 1), entry("field-2", "field", 2)]
    new = keyring.seal("field", b"x", aad=b"a")
    assert old.startswith(b"field-1\0") and new.startswith(b"field-2\0")
    assert keyring.open_sealed(old, aad=b"a") == keyring.open_sealed(new, aad=b"a") == b"x"
    settings.KEYRING = [entry("field-2", "field", 2)]
    with pytest.raises(keyring.KeyringError, match="field-1"):
        keyring.open_sealed(old, aad=b"a")


def test_a_blind_index_depends_on_value_and_key(settings):
    first = keyring.blind_index("resident_id:1")
    assert first == keyring.blind_index("resident_id:1") != keyring.blind_index("resident_id:2")
    settings.KEYRING = [entry("index-2", "index", 9)]
    assert keyring.blind_index("resident_id:1") != first


def test_a_signature_is_one_keys_over_one_message():
    private, public = keyring.new_signing_key()
    signature = keyring.sign(private, b"message")
    assert keyring.public_of(private) == public
    assert keyring.is_signed_by(public, b"message", signature)
    assert not keyring.is_signed_by(public, b"other", signature)
    assert not keyring.is_signed_by(keyring.new_signing_key()[1], b"message", signature)
    assert not keyring.is_signed_by(b"short", b"message", signature)
