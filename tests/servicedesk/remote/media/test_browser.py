"""Real Chromium on both sides of a node, through the product's own call-media.js."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from servicedesk.remote.media.peer import LegRefused
from servicedesk.remote.media.sealing import open_track

from .conftest import KEY, RunningNode
from .peers import until
from .test_relay import probe

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

PORT = 17710
SCRIPT = Path(__file__).parents[4] / "themes/base/static/linban/js/call-media.js"
ARGUMENTS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox"]


@pytest.fixture
async def site(running: RunningNode) -> AsyncIterator[str]:
    """Serves the page and hands its offers to the node, as the portal will."""
    legs = itertools.count(1)

    async def offer(request: web.Request) -> web.Response:
        side = request.query["side"]
        try:
            answer = await running.node.answer_leg(
                "s1", side=side, leg=f"{side}-{next(legs)}", sdp=await request.text()
            )
        except LegRefused as error:
            return web.Response(status=503, text=str(error))
        return web.Response(text=answer)

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(Path(__file__).with_name("call_page.html"))

    async def script(request: web.Request) -> web.FileResponse:
        return web.FileResponse(SCRIPT)

    app = web.Application()
    app.router.add_post("/offer", offer)
    app.router.add_get("/", page)
    app.router.add_get("/call-media.js", script)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", PORT).start()
    yield f"http://127.0.0.1:{PORT}/"
    await runner.cleanup()


@pytest.fixture
async def open_page(site: str) -> AsyncIterator:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)

        async def open_page(side: str) -> Page:
            page = await browser.new_page()
            await page.goto(f"{site}?side={side}")
            await page.evaluate("window.begun")
            return page

        yield open_page
        await browser.close()


async def decodes(page: Page, kind: str, count: int) -> None:
    """Wait until `count` further frames of `kind` were decoded."""
    await page.evaluate(
        """async ([kind, count]) => {
            const seen = async () => (await window.call.stats()).framesDecoded[kind] ?? 0;
            const first = await seen();
            const deadline = performance.now() + 25000;
            while ((await seen()) < first + count) {
                if (performance.now() > deadline) throw new Error(`${kind}: ${await seen()} after ${first}`);
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        }""",
        [kind, count],
    )


async def hears(page: Page) -> float:
    """The share of sound that the browser had to make up, after at least two seconds of it came."""
    return await page.evaluate(
        """async () => {
            await document.querySelector("[data-voice]").play();
            const peer = document.querySelector("[data-voice]").srcObject.getAudioTracks()[0];
            const deadline = performance.now() + 20000;
            for (;;) {
                for (const entry of (await window.inboundAudio()).values()) {
                    if (entry.type !== "inbound-rtp" || entry.kind !== "audio") continue;
                    if (entry.totalSamplesReceived > 96000) return entry.concealedSamples / entry.totalSamplesReceived;
                }
                if (performance.now() > deadline) throw new Error(`no sound of ${peer.id}`);
                await new Promise((resolve) => setTimeout(resolve, 200));
            }
        }"""
    )


REMEMBER_PEERS = """
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
        constructor(...args) { super(...args); window.lastPeer = this; }
    };
    window.inboundAudio = () => window.lastPeer.getStats();
"""


async def test_both_browsers_see_each_other_and_the_document(running: RunningNode, open_page, node_settings, tmp_path):
    running.node.open_session("s1")
    running.node.give_key("s1", KEY, recording=True)
    kiosk, clerk = await open_page("kiosk"), await open_page("clerk")
    await decodes(kiosk, "face", 30)
    await decodes(clerk, "face", 30)
    stats = await clerk.evaluate("window.call.stats()")
    assert stats["framesDecoded"].get("document", 0) == 0
    await kiosk.evaluate("window.showDocument()")
    await decodes(clerk, "document", 30)
    assert await clerk.evaluate("window.states.at(-1)") == "connected"
    shown = await clerk.evaluate("[...document.querySelectorAll('video')].map((v) => v.videoWidth)")
    assert min(shown) >= 320

    await running.node.close_session("s1")
    tracks = running.told("session.closed")[0]["tracks"]
    assert len(tracks) == 5
    for track in tracks:
        plain = tmp_path / f"{track['track']}.mkv"
        plain.write_bytes(open_track(node_settings.recordings_root / "s1" / f"{track['track']}.seg", KEY))
        assert int(probe(plain)[0]["nb_read_frames"]) >= 20


async def test_sound_arrives_whole(running: RunningNode, site: str):
    running.node.open_session("s1")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        pages = []
        for side in ("kiosk", "clerk"):
            page = await browser.new_page()
            await page.add_init_script(REMEMBER_PEERS)
            await page.goto(f"{site}?side={side}")
            await page.evaluate("window.begun")
            pages.append(page)
        for page in pages:
            assert await hears(page) < 0.2
        await browser.close()


async def test_a_side_comes_back_by_a_new_peer_connection(running: RunningNode, open_page):
    running.node.open_session("s1")
    kiosk, clerk = await open_page("kiosk"), await open_page("clerk")
    await decodes(clerk, "face", 10)
    await kiosk.evaluate("window.call.reconnect()")
    await decodes(clerk, "face", 30)
    await decodes(kiosk, "face", 30)
    assert await kiosk.evaluate("window.states") == ["connecting", "connected", "reconnecting", "connected"]
    assert await clerk.evaluate("window.states") == ["connecting", "connected"]
    assert ("kiosk-3", "connected") in [(m["leg"], m["state"]) for m in running.told("leg.state")]
    # The node drops the clerk's leg: the page notices by itself and returns.
    await running.node.close_leg("s1", "clerk-2")
    await clerk.wait_for_function("window.states.at(-1) === 'connected' && window.states.includes('reconnecting')")
    await decodes(clerk, "face", 10)


async def test_muting_and_stopping_are_the_pages_own(running: RunningNode, open_page):
    running.node.open_session("s1")
    kiosk = await open_page("kiosk")
    await kiosk.wait_for_function("window.states.at(-1) === 'connected'")
    await kiosk.evaluate("window.call.mute('voice')")
    enabled = "window.localStream.getTracks().map((track) => [track.kind, track.enabled])"
    assert dict(await kiosk.evaluate(enabled)) == {"audio": False, "video": True}
    await kiosk.evaluate("window.call.mute('voice', false)")
    assert dict(await kiosk.evaluate(enabled)) == {"audio": True, "video": True}
    await kiosk.evaluate("window.call.stop()")
    assert await kiosk.evaluate("window.states.at(-1)") == "stopped"
    await kiosk.evaluate("window.call.stop()")
    live = await kiosk.evaluate("window.localStream.getTracks().map((track) => track.readyState)")
    assert live == ["live", "live"]
    await until(lambda: running.told("leg.state")[-1]["state"] == "closed", what="the leg's end")
    assert running.node.sessions == ["s1"]
