"""The bridge's socket speaks the wire: challenge, hello, welcome; health in, jobs out; nothing without the key."""

import json

import pytest
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_bridge import messages
from portal.asgi import routed
from portal.base.streams import services as streams
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from tests.cast import make_cast
from tests.sockets import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)
KEY = Ed25519PrivateKey.generate()
ALL_WELL = {kind: {"state": "ok", "detail": "", "virtual": True} for kind in ("reader", "receipt", "a4")}
JOB = {
    "type": "print.job", "id": "7", "printer": "receipt", "format": "escpos", "title": "Y001", "data": "", "copies": 1,
}  # fmt: skip


@pytest.fixture
async def device() -> Device:
    def make() -> Device:
        cast = make_cast()
        return devices.pair(code="K1", name="自助机", place=cast.point, public_key=KEY.public_key().public_bytes_raw())

    return await sync_to_async(make)()


async def challenged() -> tuple[WebsocketCommunicator, str]:
    socket = WebsocketCommunicator(routed, "/ws/bridge/")
    accepted, _code = await socket.connect()
    assert accepted
    challenge = await socket.receive_json_from(timeout=10)
    assert challenge["type"] == "challenge"
    return socket, challenge["nonce"]


def hello(nonce: str, *, key: Ed25519PrivateKey = KEY, device: str = "K1") -> dict:
    signature = messages.encode_base64url(key.sign(messages.bridge_hello_bytes(nonce)))
    return messages.Hello(device=device, version="0.1", virtual=True, signature=signature).to_dict()


async def welcomed() -> WebsocketCommunicator:
    socket, nonce = await challenged()
    await socket.send_json_to(hello(nonce))
    welcome = await socket.receive_json_from(timeout=10)
    assert welcome == {"type": "welcome", "heartbeat_s": devices.HEARTBEAT_S}
    return socket


async def closed_with(socket: WebsocketCommunicator) -> int:
    output = await socket.receive_output(timeout=10)
    assert output["type"] == "websocket.close"
    return output["code"]


async def test_a_bridge_with_its_key_is_welcome(device):
    socket = await welcomed()
    await sync_to_async(device.refresh_from_db)()
    assert (device.version, device.is_virtual) == ("0.1", True)
    await socket.disconnect()


@pytest.mark.parametrize("wrong", [{"key": Ed25519PrivateKey.generate()}, {"device": "K2"}])
async def test_a_bridge_without_it_is_closed_out(device, wrong):
    socket, nonce = await challenged()
    await socket.send_json_to(hello(nonce, **wrong))
    assert await closed_with(socket) == 4401


async def test_a_hello_for_another_challenge_is_closed_out(device):
    first, nonce = await challenged()
    second, _other = await challenged()
    await second.send_json_to(hello(nonce))
    assert await closed_with(second) == 4401
    await first.disconnect()


async def test_anything_before_hello_is_closed_out(device):
    socket, _nonce = await challenged()
    await socket.send_json_to({"type": "health", "peripherals": ALL_WELL})
    assert await closed_with(socket) == 4401
    assert await sync_to_async(lambda: device.peripherals.count())() == 0


async def test_health_is_kept(device):
    socket = await welcomed()
    await socket.send_json_to({"type": "health", "peripherals": ALL_WELL})
    # An answered message after it shows that it was handled: messages of one socket are handled in order.
    await socket.send_to(text_data="not json")
    assert (await socket.receive_json_from(timeout=10))["code"] == "malformed"
    states = await sync_to_async(devices.peripherals)(device)
    assert {state["state"] for state in states.values()} == {"ok"}
    await socket.disconnect()


async def test_malformed_messages_are_answered_and_unknown_ones_ignored(device):
    socket = await welcomed()
    await socket.send_json_to({"type": "of.tomorrow"})
    await socket.send_json_to({"type": "health", "peripherals": {"reader": "fine"}})
    answer = await socket.receive_json_from(timeout=10)
    assert (answer["type"], answer["code"]) == ("error", "malformed")
    await socket.disconnect()


async def test_a_dispatched_message_reaches_the_bridge(device):
    socket = await welcomed()
    import asyncio

    streams.remember_portal_loop(asyncio.get_running_loop())
    await sync_to_async(devices.dispatch)(device, JOB)
    assert await socket.receive_json_from(timeout=10) == JOB
    await socket.disconnect()


async def test_what_waited_is_sent_on_every_connection(device, monkeypatch):
    monkeypatch.setattr(devices, "_pending", [lambda one: [JOB] if one.code == "K1" else []])
    for _connection in range(2):
        socket = await welcomed()
        assert await socket.receive_json_from(timeout=10) == JOB
        await socket.disconnect()


async def test_an_outcome_goes_to_its_room_and_is_acknowledged(device, monkeypatch):
    taken = []

    def take(one: Device, message: dict) -> dict:
        taken.append((one.code, message["outcome"]))
        return {"type": "print.ack", "id": message["id"]}

    monkeypatch.setattr(devices, "_handlers", {"print.outcome": take})
    socket = await welcomed()
    await socket.send_json_to({"type": "print.outcome", "id": "7", "outcome": "printed", "code": "", "detail": ""})
    assert await socket.receive_json_from(timeout=10) == {"type": "print.ack", "id": "7"}
    assert taken == [("K1", "printed")]
    await socket.disconnect()


async def test_a_revoked_bridge_is_closed_at_its_next_word(device):
    socket = await welcomed()
    await sync_to_async(devices.revoke)(device, actor="user:1", reason="stolen")
    await socket.send_to(text_data=json.dumps({"type": "health", "peripherals": ALL_WELL}))
    assert await closed_with(socket) == 4401
