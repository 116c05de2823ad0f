"""The kiosk page's end of the bridge: who is let in, the device's proof, and cards while the reader is armed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from kiosk_bridge.messages import (
    CardRead,
    bridge_hello_bytes,
    card_read_bytes,
    decode_base64url,
    decode_payload,
    device_proof_bytes,
    parse,
)
from kiosk_bridge.virtual.residents import DEMO_RESIDENTS
from tests.equipment.bridge import Bridge
from tests.equipment.samv_card import ReaderOnPty
from tests.kiosk_bridge.conftest import free_port

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def bridge(tmp_path: Path, reader: ReaderOnPty) -> Iterator[Bridge]:
    section = {"port": str(reader.port), "poll_interval_s": 0.03}
    with Bridge(
        tmp_path, portal_url=f"http://127.0.0.1:{free_port()}", page_port=free_port(), reader=section
    ) as running:
        yield running


class Page:
    """A kiosk page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, type_: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": type_, **fields}))

    async def hear(self) -> dict[str, Any]:
        """Return the next message that is no news of the peripherals."""
        async with asyncio.timeout(10):
            while True:
                message = json.loads(await self._socket.recv())
                if message["type"] != "peripherals":
                    return message

    async def hear_types(self, count: int) -> list[str]:
        return [(await self.hear())["type"] for _ in range(count)]

    async def hears_nothing_for(self, seconds: float) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                pytest.fail(f"unexpected {await self.hear()}")


@asynccontextmanager
async def page_at(bridge: Bridge, *, origin: str | None = ORIGIN, host: str = "127.0.0.1"):
    async with connect(f"ws://{host}:{bridge.page_port}/", origin=origin, proxy=None) as socket:
        yield Page(socket)


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://127.0.0.1:8001", "null"])
async def test_other_origins_are_refused(bridge: Bridge, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with page_at(bridge, origin=origin):
            pytest.fail("let in")
    assert caught.value.response.status_code == 403


async def test_a_rebound_name_is_refused(bridge: Bridge) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://evil.example:{bridge.page_port}/", host="127.0.0.1", origin=ORIGIN, proxy=None):
            pytest.fail("let in")
    assert caught.value.response.status_code == 403


async def test_it_greets_and_proves_the_device(bridge: Bridge) -> None:
    async with page_at(bridge) as page:
        hello = await page.hear()
        assert (hello["type"], hello["device"], hello["virtual"]) == ("bridge.hello", "kiosk-test", False)
        assert hello["peripherals"]["reader"]["state"] == "ok"
        await page.say("device.prove", id="1", nonce="from-the-portal")
        proof = await page.hear()
        assert (proof["id"], proof["device"], proof["nonce"]) == ("1", "kiosk-test", "from-the-portal")
        signature = decode_base64url(proof["signature"])
        bridge.public_key.verify(signature, device_proof_bytes("from-the-portal"))
        with pytest.raises(InvalidSignature):
            bridge.public_key.verify(signature, bridge_hello_bytes("from-the-portal"))


async def test_a_card_is_read_signed_and_forgotten(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with page_at(bridge) as page:
        await page.hear()
        await page.say("reader.arm", id="1", nonce="n-1")
        reader.place(1)
        assert await page.hear_types(2) == ["card.present", "card.reading"]
        read = parse(await page.hear())
        assert isinstance(read, CardRead)
        bridge.public_key.verify(decode_base64url(read.signature), card_read_bytes(read.payload))
        card = decode_payload(read.payload)
        first = DEMO_RESIDENTS[0]
        assert (card.nonce, card.device, card.name, card.number) == ("n-1", "kiosk-test", first.name, first.number)
        assert (card.kind, card.valid_to, card.photo) == ("resident_id", "long", None)
        assert card.read_at.endswith("+00:00")
        reader.remove()
        assert await page.hear_types(1) == ["card.removed"]
        await page.say("wipe", id="2")
        assert await page.hear() == {"type": "wiped", "id": "2"}
    bridge.stop()
    for path in (path for path in bridge.folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for trace in (first.name, first.number, read.payload):
            assert trace.encode() not in content, path


async def test_errors_reach_the_page(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with page_at(bridge) as page:
        await page.hear()
        await page.say("reader.arm", id="1", nonce="n")
        reader.place(1, mode="pulled_early")
        assert await page.hear_types(2) == ["card.present", "card.reading"]
        assert await page.hear() == {"type": "card.error", "code": "pulled_early"}
        assert await page.hear_types(1) == ["card.removed"]
        reader.set_mode("unplugged")
        assert await page.hear() == {"type": "card.error", "code": "reader_absent"}


async def test_nothing_is_read_before_arming_nor_after_wiping(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with page_at(bridge) as page:
        await page.hear()
        reader.place(1)
        await page.hears_nothing_for(0.5)
        await page.say("reader.arm", id="1", nonce="n")
        assert await page.hear_types(3) == ["card.present", "card.reading", "card.read"]
        await page.say("wipe", id="2")
        assert await page.hear_types(1) == ["wiped"]
        reader.remove()
        assert await page.hear_types(1) == ["card.removed"]
        reader.place(2)
        await page.hears_nothing_for(0.5)


async def test_only_the_page_that_armed_hears_the_card(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with page_at(bridge) as first, page_at(bridge) as second:
        await first.hear()
        await second.hear()
        await first.say("reader.arm", id="1", nonce="n")
        # A page that did not arm the reader cannot disarm it.
        await second.say("reader.disarm", id="2")
        await second.say("wipe", id="3")
        assert await second.hear_types(1) == ["wiped"]
        reader.place(1)
        assert await first.hear_types(3) == ["card.present", "card.reading", "card.read"]
        await second.hears_nothing_for(0.3)


async def test_a_page_that_goes_away_disarms_the_reader(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with page_at(bridge) as page:
        await page.hear()
        await page.say("reader.arm", id="1", nonce="n")
    await asyncio.sleep(0.3)
    reader.place(1)
    await asyncio.sleep(0.5)
    assert reader.state()["was_read"] is False


async def test_it_answers_what_is_malformed(bridge: Bridge) -> None:
    async with page_at(bridge) as page:
        await page.hear()
        await page.say("from.the.future")
        await page.say("reader.arm", id="1")
        assert await page.hear() == {"type": "error", "code": "malformed", "message": "reader.arm: nonce is missing."}


async def test_the_page_hears_when_a_device_changes(bridge: Bridge, reader: ReaderOnPty) -> None:
    async with connect(f"ws://127.0.0.1:{bridge.page_port}/", origin=ORIGIN, proxy=None) as socket:
        await socket.recv()
        reader.set_mode("unplugged")
        async with asyncio.timeout(15):
            message = json.loads(await socket.recv())
        assert message["type"] == "peripherals"
        assert message["peripherals"]["reader"]["state"] == "absent"
        assert "cannot be opened" in message["peripherals"]["reader"]["detail"]
