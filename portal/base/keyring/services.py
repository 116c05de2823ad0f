"""Encryption at rest: AES-256-GCM under named keys, keyed blind indexes, wrapped keys and Ed25519 signatures.

A sealed value is `key id | 0x00 | 12-byte nonce | ciphertext and tag`, so that it names its key and rotation is
possible.
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class KeyringError(Exception):
    """A sealed value cannot be opened: its key is not in KEYRING, or it was changed."""


def _secret(key_id: str) -> bytes:
    for entry in settings.KEYRING:
        if entry["id"] == key_id:
            return base64.b64decode(entry["secret"])
    raise KeyringError(f"The key {key_id!r} is not in KEYRING.")


def current_key_id(purpose: str) -> str:
    """The id of the purpose's newest key: the last one in the list."""
    ids = [entry["id"] for entry in settings.KEYRING if entry["purpose"] == purpose]
    if not ids:
        raise KeyringError(f"KEYRING has no key for {purpose!r}.")
    return ids[-1]


def seal_with(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """nonce + ciphertext under a raw 32-byte key."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_with(key: bytes, sealed: bytes | memoryview, *, aad: bytes) -> bytes:
    """The plaintext of `seal_with`.

    Raises:
        KeyringError: it was changed, or belongs elsewhere.
    """
    try:
        return AESGCM(key).decrypt(bytes(sealed[:12]), bytes(sealed[12:]), aad)
    except InvalidTag as error:
        raise KeyringError("A sealed value was changed, or belongs to another row.") from error


def seal(purpose: str, plaintext: bytes, *, aad: bytes) -> bytes:
    """Seal under the purpose's current key; `aad` names model, field and row."""
    key_id = current_key_id(purpose)
    return key_id.encode() + b"\0" + seal_with(_secret(key_id), plaintext, aad=aad)


def open_sealed(sealed: bytes | memoryview, *, aad: bytes) -> bytes:
    """The plaintext of `seal`.

    Raises:
        KeyringError: the key is gone, or the value was changed or moved.
    """
    key_id, _separator, rest = bytes(sealed).partition(b"\0")
    return open_with(_secret(key_id.decode("ascii", "replace")), rest, aad=aad)


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(32)


def blind_index(value: str) -> str:
    """A keyed hash (HMAC-SHA-256, hex) by which an encrypted value can be found but not read."""
    return _index_under(current_key_id("index"), value)


def blind_indexes(value: str) -> list[str]:
    """The value's index under every index key in KEYRING, so that it is found while a rotation is under way."""
    return [_index_under(entry["id"], value) for entry in settings.KEYRING if entry["purpose"] == "index"]


def _index_under(key_id: str, value: str) -> str:
    return hmac.new(_secret(key_id), value.encode(), hashlib.sha256).hexdigest()


def new_signing_key() -> tuple[bytes, bytes]:
    """A fresh Ed25519 pair as raw (private, public) bytes, 32 each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public half of a raw private key."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sign(private: bytes, message: bytes) -> bytes:
    """The Ed25519 signature (64 bytes, RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def is_signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature over the message is that key's."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes(public)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
