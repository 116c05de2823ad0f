"""A device is trusted for its key alone: pairing, proof, session, cards, health."""

from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.utils import timezone

from kiosk_bridge import messages
from portal.base.journal.models import JournalEntry
from portal.base.streams.services import seq_of
from servicedesk.devices import services as devices
from servicedesk.devices.errors import BadKey, CardNotTrusted, NotPaired, StaleNonce
from servicedesk.devices.models import Device
from tests.cast import RESIDENT

pytestmark = pytest.mark.django_db
ALL_WELL = {kind: {"state": "ok", "detail": "", "virtual": True} for kind in ("reader", "receipt", "a4")}


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def device(cast, key) -> Device:
    return devices.pair(code="K1", name="自助机", place=cast.point, public_key=key.public_key().public_bytes_raw())


def signed(key: Ed25519PrivateKey, content: bytes) -> str:
    return messages.encode_base64url(key.sign(content))


def card_of(key, *, nonce: str, device: str = "K1") -> tuple[str, str]:
    card = messages.CardPayload(**RESIDENT.payload(nonce=nonce, device=device, read_at="2026-11-23T01:00:00Z"))
    payload = messages.encode_payload(card)
    return payload, signed(key, messages.card_read_bytes(payload))


@pytest.mark.sqlite
def test_a_device_proves_its_key_once_a_nonce(device, key):
    nonce = devices.new_nonce()
    proof = {"code": "K1", "nonce": nonce, "signature": signed(key, messages.device_proof_bytes(nonce))}
    assert devices.device_for_proof(**proof) == device
    with pytest.raises(StaleNonce):
        devices.device_for_proof(**proof)


def test_another_key_is_no_proof_and_does_not_use_up_the_nonce(device, key):
    nonce = devices.new_nonce()
    forged = signed(Ed25519PrivateKey.generate(), messages.device_proof_bytes(nonce))
    with pytest.raises(NotPaired):
        devices.device_for_proof(code="K1", nonce=nonce, signature=forged)
    mine = signed(key, messages.device_proof_bytes(nonce))
    assert devices.device_for_proof(code="K1", nonce=nonce, signature=mine) == device


def test_a_signature_for_another_purpose_is_no_proof(device, key):
    nonce = devices.new_nonce()
    with pytest.raises(NotPaired):
        devices.device_for_proof(code="K1", nonce=nonce, signature=signed(key, messages.bridge_hello_bytes(nonce)))


def test_a_foreign_or_old_nonce_is_refused(device, key, monkeypatch):
    with pytest.raises(StaleNonce):
        devices.device_for_proof(code="K1", nonce="mine", signature=signed(key, messages.device_proof_bytes("mine")))
    nonce = devices.new_nonce()
    monkeypatch.setattr(devices, "NONCE_MAX_AGE_S", -1)
    with pytest.raises(StaleNonce):
        devices.device_for_proof(code="K1", nonce=nonce, signature=signed(key, messages.device_proof_bytes(nonce)))


def test_the_page_gets_a_device_session(device, key, client):
    nonce = client.post("/kiosk/device/nonce").json()["nonce"]
    body = {"device": "K1", "nonce": nonce, "signature": signed(key, messages.device_proof_bytes(nonce))}
    answer = client.post("/kiosk/device/prove", body, content_type="application/json")
    assert (answer.status_code, answer.json()["device"]["code"]) == (200, "K1")
    assert devices.device_of(client.session) == device
    devices.revoke(device, actor="user:1", reason="stolen")
    assert devices.device_of(client.session) is None


def test_the_page_is_told_why_it_is_refused(device, client):
    nonce = client.post("/kiosk/device/nonce").json()["nonce"]
    refused = client.post(
        "/kiosk/device/prove", {"device": "K1", "nonce": nonce, "signature": "x"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "device_not_paired")
    assert client.post("/kiosk/device/prove", "[", content_type="application/json").status_code == 400
    assert client.get("/kiosk/device/nonce").status_code == 405
    assert devices.device_of(client.session) is None


def test_a_card_is_trusted_from_its_own_device_and_nonce_once(device, key):
    nonce = devices.new_nonce()
    payload, signature = card_of(key, nonce=nonce)
    card = devices.verify_card(device, nonce=nonce, payload=payload, signature=signature)
    assert (card["name"], card["number"]) == (RESIDENT.name, RESIDENT.number)
    assert not {"nonce", "device", "read_at"} & set(card)
    with pytest.raises(StaleNonce):
        devices.verify_card(device, nonce=nonce, payload=payload, signature=signature)


def test_a_card_that_was_changed_or_moved_is_refused(device, key):
    nonce, other_nonce = devices.new_nonce(), devices.new_nonce()
    payload, signature = card_of(key, nonce=nonce)
    with pytest.raises(CardNotTrusted):
        devices.verify_card(device, nonce=nonce, payload=payload[:-2] + "AA", signature=signature)
    with pytest.raises(CardNotTrusted):
        devices.verify_card(device, nonce=other_nonce, payload=payload, signature=signature)
    elsewhere, its_signature = card_of(key, nonce=nonce, device="K2")
    with pytest.raises(CardNotTrusted):
        devices.verify_card(device, nonce=nonce, payload=elsewhere, signature=its_signature)


def test_a_revoked_device_reads_no_cards(device, key):
    revoked = devices.revoke(device, actor="user:1", reason="stolen")
    nonce = devices.new_nonce()
    payload, signature = card_of(key, nonce=nonce)
    with pytest.raises(CardNotTrusted):
        devices.verify_card(revoked, nonce=nonce, payload=payload, signature=signature)


def test_pairing_again_gives_a_new_key_and_is_journalled(device, cast):
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    again = devices.pair(code="K1", name="新自助机", place=cast.second_point, public_key=other)
    assert (again.pk, bytes(again.public_key), again.place) == (device.pk, other, cast.second_point)
    assert JournalEntry.objects.filter(subject_type="device", subject_id=str(device.pk), action="pair").count() == 2
    with pytest.raises(BadKey):
        devices.pair(code="K1", name="x", place=cast.point, public_key=b"short")


def test_the_command_registers_a_key_or_makes_one(cast, key):
    out = StringIO()
    public = key.public_key().public_bytes_raw().hex()
    call_command("pair_device", code="K9", place=cast.point.code, name="九号机", key=public, stdout=out)
    assert bytes(Device.objects.get(code="K9").public_key).hex() == public
    out = StringIO()
    call_command("pair_device", code="K8", place=cast.point.code, name="八号机", stdout=out)
    import base64

    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(out.getvalue().strip()))
    assert bytes(Device.objects.get(code="K8").public_key) == private.public_key().public_bytes_raw()


def test_the_command_names_what_is_wrong(cast):
    with pytest.raises(CommandError, match="no place X"):
        call_command("pair_device", code="K9", place="X", name="九号机")
    with pytest.raises(CommandError, match="neither"):
        call_command("pair_device", code="K9", place=cast.point.code, name="九号机", key="§")
    with pytest.raises(CommandError, match="32"):
        call_command("pair_device", code="K9", place=cast.point.code, name="九号机", key="AAAA")


def test_health_is_kept_and_told_when_it_changes(device):
    devices.record_health(device, ALL_WELL)
    told = seq_of(f"device:{device.pk}")
    devices.record_health(device, ALL_WELL)
    assert seq_of(f"device:{device.pk}") == told
    devices.record_health(device, ALL_WELL | {"receipt": {"state": "paper_out", "detail": "卷筒空了", "virtual": True}})
    assert seq_of(f"device:{device.pk}") == told + 1
    assert devices.peripherals(device)["receipt"] == {"state": "paper_out", "detail": "卷筒空了", "virtual": True}


def test_a_silent_bridge_makes_its_peripherals_faulty_until_it_speaks(device):
    devices.record_health(device, ALL_WELL)
    Device.objects.update(bridge_seen_at=timezone.now() - timedelta(minutes=2))
    assert devices.mark_silent_bridges() == 1
    assert devices.mark_silent_bridges() == 0
    assert {state["state"] for state in devices.peripherals(device).values()} == {"fault"}
    device.refresh_from_db()
    devices.record_health(device, ALL_WELL)
    assert {state["state"] for state in devices.peripherals(device).values()} == {"ok"}


def test_a_device_of_which_nothing_was_heard_has_nothing(device):
    assert {state["state"] for state in devices.peripherals(device).values()} == {"absent"}


def test_the_only_kiosk_of_a_point_is_found(device, cast, key):
    assert devices.only_device_at(cast.point) == device
    devices.pair(code="K2", name="二号机", place=cast.point, public_key=bytes(32))
    assert devices.only_device_at(cast.point) is None
