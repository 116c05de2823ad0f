"""A node that is killed loses at most two seconds; one that is asked to end closes its peers and ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from servicedesk.remote.media.sealing import measure_track, open_track, verify_track

from .conftest import KEY
from .peers import MadeUpBrowser, until
from .portal_double import PortalDouble

LONGEST_LOSS_S = 2.0
started: list[subprocess.Popen[bytes]] = []


@pytest.fixture
async def portal():
    portal = PortalDouble(17701, key=KEY)
    await portal.start()
    yield portal
    for process in started:
        if process.poll() is None:
            process.kill()
    started.clear()
    await portal.stop()


async def begin_call(portal: PortalDouble, root: Path) -> tuple[subprocess.Popen[bytes], list[MadeUpBrowser]]:
    hellos = len(portal.hellos) + 1
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servicedesk.remote.media.node_process", portal.url, str(root)]
    )
    started.append(process)
    await portal.node_arrives(hellos)
    await portal.open_session("s1")
    browsers = [MadeUpBrowser(side) for side in ("kiosk", "clerk")]
    for browser in browsers:
        leg = f"{browser.side}-{hellos}"
        await browser.accept(await portal.offer("s1", side=browser.side, leg=leg, sdp=await browser.offer()))
    kiosk, clerk = browsers
    await until(lambda: min(clerk.decoded["document"], kiosk.decoded["voice"]) > 5, what="the call")
    return process, browsers


def seconds_recorded(path: Path, tmp_path: Path) -> float:
    """The time from the first to the last frame; every frame must decode."""
    plain = tmp_path / "plain.mkv"
    plain.write_bytes(open_track(path, KEY))
    with av.open(str(plain)) as container:
        times = [frame.time for frame in container.decode(container.streams[0])]
    return times[-1] - times[0]


async def kill_once(portal: PortalDouble, tmp_path: Path, turn: int, record_s: float) -> None:
    root = tmp_path / f"recordings-{turn}"
    process, browsers = await begin_call(portal, root)
    files = [f"{name}.seg" for name in ("voice-kiosk", "face-kiosk", "document-kiosk", "voice-clerk", "face-clerk")]
    await until(lambda: all((root / "s1" / name).exists() for name in files), what="the track files")
    began = time.monotonic()
    await asyncio.sleep(record_s)
    lasted = time.monotonic() - began
    process.kill()
    process.wait(10)
    await asyncio.gather(*(browser.close() for browser in browsers))
    for name in files:
        path = root / "s1" / name
        position = measure_track(path)
        assert verify_track(path, KEY, position.count, position.head, is_final=False) == []
        lost_s = lasted - seconds_recorded(path, tmp_path)
        assert lost_s <= LONGEST_LOSS_S, f"{name} lost {lost_s:.2f} s"
        told = portal.told("checkpoint", track=name.removesuffix(".seg"))[-1]
        assert verify_track(path, None, told["count"], told["head"], is_final=False) == []


async def test_a_kill_loses_at_most_two_seconds(portal: PortalDouble, tmp_path: Path):
    await kill_once(portal, tmp_path, 0, 4.3)


@pytest.mark.slow
@pytest.mark.alone
async def test_many_kills_lose_at_most_two_seconds_each(portal: PortalDouble, tmp_path: Path):
    for turn in range(10):
        portal.received.clear()
        await kill_once(portal, tmp_path, turn, 3.0 + turn * 0.37)


async def test_after_a_kill_the_session_goes_on_in_new_files_and_all_are_reported(portal: PortalDouble, tmp_path: Path):
    process, browsers = await begin_call(portal, tmp_path)
    await until(lambda: portal.told("checkpoint", track="face-kiosk"), what="a check-point")
    process.kill()
    process.wait(10)
    await asyncio.gather(*(browser.close() for browser in browsers))
    portal.received.clear()
    process, browsers = await begin_call(portal, tmp_path)
    await until(lambda: portal.told("checkpoint", track="face-kiosk-2"), what="a check-point of the second file")
    await portal.send({"type": "session.close", "session": "s1"})
    await until(lambda: portal.told("session.closed"), what="session.closed")
    tracks = {t["track"]: t for t in portal.told("session.closed")[0]["tracks"]}
    assert {"face-kiosk", "face-kiosk-2", "voice-clerk", "voice-clerk-2"} <= set(tracks)
    for name, track in tracks.items():
        # Of a file that a kill ended, the last segment may be torn: a check-point on the way.
        is_final = name.endswith("-2")
        path = tmp_path / "s1" / f"{name}.seg"
        assert verify_track(path, KEY, track["count"], track["head"], is_final=is_final) == []
    process.terminate()
    assert await asyncio.to_thread(process.wait, 10) == 0
    await asyncio.gather(*(browser.close() for browser in browsers))


async def test_sigterm_with_live_peers_ends_the_process(portal: PortalDouble, tmp_path: Path):
    process, browsers = await begin_call(portal, tmp_path)
    os.kill(process.pid, signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 10) == 0
    assert portal.told("session.closed", session="s1")[0]["tracks"]
    await asyncio.gather(*(browser.close() for browser in browsers))
