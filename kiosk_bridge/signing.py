"""Signatures of the device's key (Ed25519), each over bytes that say what they are for."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_bridge.messages import bridge_hello_bytes, card_read_bytes, device_proof_bytes, encode_base64url


def sign_device_proof(key: Ed25519PrivateKey, nonce: str) -> str:
    """Return the signature of `device.proof`."""
    return encode_base64url(key.sign(device_proof_bytes(nonce)))


def sign_bridge_hello(key: Ed25519PrivateKey, nonce: str) -> str:
    """Return the signature of the bridge's `hello`."""
    return encode_base64url(key.sign(bridge_hello_bytes(nonce)))


def sign_card_read(key: Ed25519PrivateKey, payload: str) -> str:
    """Return the signature of `card.read`."""
    return encode_base64url(key.sign(card_read_bytes(payload)))
