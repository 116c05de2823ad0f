"""The demo's virtual devices: one bridge starts them, its page drives them, and they end with it."""

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright
from websockets.asyncio.client import connect

from kiosk_bridge.messages import decode_payload
from kiosk_bridge.virtual.residents import DEMO_RESIDENTS
from tests.equipment.bridge import Bridge
from tests.equipment.escpos_decoder import decode_escpos
from tests.equipment.portal import listening_portal
from tests.equipment.programs import is_listening
from tests.kiosk_bridge.conftest import free_port
from tests.kiosk_bridge.papers import pdf, slip

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def portal_port() -> int:
    return free_port()


@pytest.fixture
def bridge(tmp_path: Path, portal_port: int) -> Iterator[Bridge]:
    ports = {name: free_port() for name in ("control", "receipt", "ipp")}
    with Bridge(
        tmp_path, portal_url=f"http://127.0.0.1:{portal_port}", page_port=free_port(), virtual_ports=ports
    ) as running:
        yield running


def fetch(
    bridge: Bridge, path: str, *, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", bridge.virtual_ports["control"], timeout=10)
    try:
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


async def test_a_card_slip_and_sheet_go_all_the_way(bridge: Bridge, portal_port: int) -> None:
    async with (
        listening_portal(bridge.public_key, port=portal_port) as portal,
        connect(f"ws://127.0.0.1:{bridge.page_port}/", origin=ORIGIN, proxy=None) as page,
    ):
        hello = json.loads(await page.recv())
        assert hello["virtual"] is True
        assert {(device["state"], device["virtual"]) for device in hello["peripherals"].values()} == {("ok", True)}
        await page.send('{"type":"reader.arm","id":"1","nonce":"n"}')
        await asyncio.to_thread(bridge.control, "/place", {"card": 4})
        async with asyncio.timeout(10):
            while (message := json.loads(await page.recv()))["type"] != "card.read":
                pass
        assert decode_payload(message["payload"]).number == DEMO_RESIDENTS[3].number
        await portal.print("slip-1", slip("https://portal.example/t/A017"))
        await portal.print("sheet-1", pdf("form"), printer="a4")
        assert (await portal.outcome_of("slip-1")).outcome == "printed"
        assert (await portal.outcome_of("sheet-1")).outcome == "printed"
        assert portal.hellos[0].virtual is True
    state = await asyncio.to_thread(bridge.control, "/state")
    (printed_slip,) = state["receipt"]["slips"]
    (printed_sheet,) = state["a4"]["prints"]
    status, raw = await asyncio.to_thread(fetch, bridge, f"/slips/{printed_slip['name']}.bin")
    assert (status, decode_escpos(raw)[0].qr_codes) == (200, ["https://portal.example/t/A017"])
    assert (await asyncio.to_thread(fetch, bridge, f"/slips/{printed_slip['name']}.png"))[1][:4] == b"\x89PNG"
    assert (await asyncio.to_thread(fetch, bridge, f"/prints/{printed_sheet['file']}"))[1] == pdf("form")


def test_custom_cards_are_checked(bridge: Bridge) -> None:
    state = bridge.control("/place", {"card": {"name": "示例", "number": "11010519491231002X"}})
    assert state["card"]["number"] == "11010519491231002X"
    for card in (9, True, {"nam": "x"}, {"sex": "x"}, {"name": "名" * 40}, None):
        with pytest.raises(AssertionError, match="400"):
            bridge.control("/place", {"card": card})
    with pytest.raises(AssertionError, match="400"):
        bridge.control("/mode", {"mode": "other"})


def test_other_sites_cannot_use_the_page(bridge: Bridge) -> None:
    own = f"http://127.0.0.1:{bridge.virtual_ports['control']}"
    assert fetch(bridge, "/remove", method="POST", headers={"Origin": own})[0] == 200
    assert fetch(bridge, "/remove", method="POST", headers={"Origin": "https://evil.example"})[0] == 403
    assert fetch(bridge, "/state", headers={"Host": "evil.example"})[0] == 403


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_devices_end_with_the_bridge(bridge: Bridge, end: str) -> None:
    ports = list(bridge.virtual_ports.values())
    assert all(is_listening(port) for port in ports)
    getattr(bridge, end)()
    for _look in range(100):
        if not any(is_listening(port) for port in ports):
            break
        time.sleep(0.1)
    assert not any(is_listening(port) for port in ports)


@pytest.mark.e2e
async def test_a_person_can_place_a_card_on_the_page(bridge: Bridge) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            errors: list[str] = []
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            await page.goto(f"http://127.0.0.1:{bridge.virtual_ports['control']}/")
            assert await page.title() == "虚拟设备 (virtual devices)"
            await page.get_by_role("button", name="放周秀英的卡").click()
            await page.get_by_text("放着周秀英的卡。").wait_for()
            assert (await asyncio.to_thread(bridge.control, "/state"))["reader"]["card"]["name"] == "周秀英"
            for width in (1280, 390):
                await page.set_viewport_size({"width": width, "height": 900})
                results = await Axe().run(page)
                assert results.violations_count == 0, results.generate_report()
                is_too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                assert not await page.evaluate(is_too_wide)
            await page.get_by_role("button", name="拿走身份证").click()
            await page.get_by_text("没有放卡。").wait_for()
            assert errors == []
        finally:
            await browser.close()
