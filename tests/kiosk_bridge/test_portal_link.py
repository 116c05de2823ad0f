"""The bridge as a program, at the other end of its link to the portal."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_bridge import __version__
from kiosk_bridge.messages import Error, PrintOutcome
from kiosk_bridge.portal_link import bridge_url
from tests.equipment.bridge import Bridge
from tests.equipment.portal import listening_portal
from tests.equipment.receipt_printer import ReceiptPrinter
from tests.kiosk_bridge.conftest import free_port
from tests.kiosk_bridge.papers import slip


@pytest.mark.parametrize(
    ("portal_url", "url"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/bridge/"),
        ("https://portal.example/", "wss://portal.example/ws/bridge/"),
    ],
)
def test_it_finds_the_bridges_socket(portal_url: str, url: str) -> None:
    assert bridge_url(portal_url) == url


def bridge_for(folder: Path, *, portal_port: int, receipt: ReceiptPrinter | None = None, **changes) -> Bridge:
    section = {"host": "127.0.0.1", "port": receipt.port} if receipt else None
    return Bridge(
        folder, portal_url=f"http://127.0.0.1:{portal_port}", page_port=free_port(), receipt=section, **changes
    )


async def test_it_proves_itself_prints_and_tells_health(tmp_path: Path, receipt: ReceiptPrinter) -> None:
    portal_port = free_port()
    bridge = bridge_for(tmp_path, portal_port=portal_port, receipt=receipt)
    async with listening_portal(bridge.public_key, port=portal_port, heartbeat_s=0.3) as portal:
        with bridge:
            await portal.print("job-1", slip("A017"))
            assert await portal.outcome_of("job-1") == PrintOutcome(id="job-1", outcome="printed")
            hello = portal.hellos[0]
            assert (hello.device, hello.version, hello.virtual) == ("kiosk-test", __version__, False)
            # Paper that runs out is told without waiting for somebody to print.
            beats = len(portal.health)
            await portal.wait_for(lambda: len(portal.health) >= beats + 2)
            assert portal.health[-1].peripherals.receipt.state == "ok"
            assert portal.health[-1].peripherals.a4.state == "absent"
            receipt.set_mode("out")
            await portal.print("job-2", slip("A018"))
            assert (await portal.outcome_of("job-2")).code == "paper_out"
            await portal.wait_for(lambda: portal.health[-1].peripherals.receipt.state == "paper_out")
    assert receipt.slips() == [slip("A017")]


async def test_an_outcome_that_nobody_heard_is_told_after_reconnecting(tmp_path: Path, receipt: ReceiptPrinter) -> None:
    portal_port = free_port()
    bridge = bridge_for(tmp_path, portal_port=portal_port, receipt=receipt)
    async with listening_portal(bridge.public_key, port=portal_port) as portal:
        portal.acknowledges = False
        with bridge:
            await portal.print("job-1", slip("A017"))
            await portal.outcome_of("job-1")
            await portal.drop()
            await portal.wait_for(lambda: len(portal.outcomes) == 2)
            portal.acknowledges = True
            await portal.print("job-1", slip("A017"))
            await portal.wait_for(lambda: len(portal.outcomes) == 3)
            await portal.drop()
            await portal.wait_for(lambda: len(portal.hellos) == 3)
            await portal.print("job-2", slip("A018"))
            await portal.outcome_of("job-2")
    assert [outcome.id for outcome in portal.outcomes] == ["job-1"] * 3 + ["job-2"]
    assert receipt.slips() == [slip("A017"), slip("A018")]


async def test_malformed_messages_are_answered_and_unknown_ones_left(tmp_path: Path) -> None:
    portal_port = free_port()
    bridge = bridge_for(tmp_path, portal_port=portal_port)
    async with listening_portal(bridge.public_key, port=portal_port) as portal:
        with bridge:
            await portal.wait_for(lambda: bool(portal.hellos))
            await portal.send_text('{"type":"from.the.future"}')
            await portal.send_text('{"type":"print.job","id":"x"}')
            await portal.wait_for(lambda: bool(portal.others))
    assert portal.others == [Error(code="malformed", message="print.job: printer is missing.")]


async def test_a_device_that_is_not_paired_is_told_so_in_the_log(tmp_path: Path) -> None:
    portal_port = free_port()
    bridge = bridge_for(tmp_path, portal_port=portal_port, seed=os.urandom(32))
    stranger = Ed25519PrivateKey.generate().public_key()
    async with listening_portal(stranger, port=portal_port) as portal:
        with bridge:
            async with asyncio.timeout(10):
                while "is it paired?" not in bridge.log:
                    await asyncio.sleep(0.05)
    assert portal.hellos == []


async def test_it_waits_for_a_portal_that_comes_later(tmp_path: Path) -> None:
    portal_port = free_port()
    bridge = bridge_for(tmp_path, portal_port=portal_port)
    with bridge:
        async with listening_portal(bridge.public_key, port=portal_port) as portal:
            await portal.wait_for(lambda: bool(portal.health))
    assert json.loads(portal.health[0].to_json())["peripherals"]["reader"]["state"] == "absent"
