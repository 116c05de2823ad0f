"""A feed's clock, its requests for keyframes and what a viewer's track hands out."""

import asyncio

import pytest

from servicedesk.remote.media.frames import MAX_QUEUED_FRAMES, Feed, RelayTrack, Timeline


def test_timestamps_run_on_when_the_publisher_comes_back():
    clock = Timeline(rate=90_000, epoch=100.0, settle=False)
    assert clock.stamp(4_294_960_000, 101.0) == 90_000
    assert clock.stamp((4_294_960_000 + 9_000) & 0xFFFFFFFF, 101.1) == 99_000
    clock.restart()
    assert clock.stamp(12, 103.0) == 270_000
    assert clock.stamp(12 + 3_000, 103.05) == 273_000


def test_a_jump_of_the_publishers_clock_is_taken_back_to_the_arrival():
    clock = Timeline(rate=48_000, epoch=0.0, settle=False)
    clock.stamp(0, 1.0)
    assert clock.stamp(48_000 * 3600, 1.02) == int(1.02 * 48_000)
    assert clock.stamp(48_000 * 3600 + 960, 1.04) == int(1.02 * 48_000) + 960


def test_the_recordings_clock_settles_on_the_least_delay_and_never_runs_back():
    clock = Timeline(rate=1000, epoch=0.0, settle=True)
    assert clock.stamp(0, 0.080) == 80
    assert clock.stamp(20, 0.100) == 100
    assert clock.stamp(40, 0.105) == 105
    assert clock.stamp(60, 0.170) == 125
    assert clock.stamp(61, 0.100) == 126
    assert clock.stamp(62, 0.099) == 127


@pytest.fixture
async def feed() -> Feed:
    return Feed(side="kiosk", kind="face", epoch=asyncio.get_running_loop().time())


def show(feed: Feed, timestamp: int, *, is_keyframe: bool = False) -> None:
    now = asyncio.get_running_loop().time()
    feed.publish(timestamp=timestamp, payload=b"%d" % timestamp, is_keyframe=is_keyframe, arrived_at=now)


async def test_keyframes_are_asked_for_at_most_twice_a_second(feed: Feed):
    asked: list[float] = []
    loop = asyncio.get_running_loop()
    feed.attach(lambda: asked.append(loop.time()))
    end = loop.time() + 1.3
    while loop.time() < end:
        feed.request_keyframe()
        await asyncio.sleep(0.01)
    assert 2 <= len(asked) <= 4
    assert all(b - a >= 0.49 for a, b in zip(asked, asked[1:], strict=False))
    feed.close()


async def test_a_request_that_came_too_early_is_not_lost(feed: Feed):
    asked: list[int] = []
    feed.attach(lambda: asked.append(1))
    feed.request_keyframe()
    feed.request_keyframe()
    assert len(asked) == 1
    await asyncio.sleep(0.6)
    assert len(asked) == 2
    feed.close()


async def test_nothing_is_asked_of_one_who_left(feed: Feed):
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)

    feed.attach(ask)
    feed.detach(ask)
    feed.request_keyframe()
    assert asked == []


async def test_a_viewer_begins_with_a_keyframe(feed: Feed):
    asked: list[int] = []
    feed.attach(lambda: asked.append(1))
    track = RelayTrack(feed)
    show(feed, 0, is_keyframe=True)
    first = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    assert asked == [1]
    show(feed, 3000)
    show(feed, 6000, is_keyframe=True)
    show(feed, 9000)
    assert bytes(await first) == b"6000"
    assert bytes(await track.recv()) == b"9000"
    track.stop()
    assert feed.sinks == []
    feed.close()


async def test_a_viewer_who_takes_nothing_goes_on_from_a_fresh_keyframe(feed: Feed):
    track = RelayTrack(feed)
    first = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    show(feed, 0, is_keyframe=True)
    await first
    for n in range(1, MAX_QUEUED_FRAMES + 5):
        show(feed, n * 3000)
    show(feed, 999_000, is_keyframe=True)
    assert bytes(await track.recv()) == b"999000"
    feed.close()


async def test_a_line_that_nobody_reads_asks_for_nothing(feed: Feed):
    asked: list[int] = []
    feed.attach(lambda: asked.append(1))
    RelayTrack(feed)
    for n in range(MAX_QUEUED_FRAMES * 2):
        show(feed, n * 3000)
    await asyncio.sleep(0.6)
    assert asked == []
    feed.close()
