"""The reader's driver against the virtual reader on a pty."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk_bridge.config import ReaderConfig
from kiosk_bridge.messages import Peripheral
from kiosk_bridge.reader import CardReader, Failed, Present, Read, ReaderEvent, Reading, Removed, check_reader
from kiosk_bridge.virtual.residents import DEMO_RESIDENTS
from tests.equipment.samv_card import ReaderOnPty, reader_on_pty


class Heard:
    """What the driver said."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.states: list[Peripheral] = []

    async def next(self, count: int) -> list[ReaderEvent]:
        async with asyncio.timeout(10):
            return [await self.events.get() for _ in range(count)]

    async def nothing_for(self, seconds: float) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                pytest.fail(f"unexpected {await self.events.get()}")


@asynccontextmanager
async def driving(port: Path, **settings: float) -> AsyncIterator[tuple[CardReader, Heard]]:
    heard = Heard()
    config = ReaderConfig(port=str(port), **{"reply_timeout_s": 1.0, "poll_interval_s": 0.03, **settings})
    driver = CardReader(config, on_event=heard.events.put, on_state=heard.states.append)
    task = asyncio.create_task(driver.run())
    try:
        yield driver, heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_it_reads_a_card_once_until_it_leaves(reader: ReaderOnPty) -> None:
    async with driving(reader.port) as (driver, heard):
        driver.arm()
        reader.place(1)
        assert await heard.next(3) == [Present(), Reading(), Read(DEMO_RESIDENTS[0])]
        await heard.nothing_for(0.4)
        reader.remove()
        assert await heard.next(1) == [Removed()]
        reader.place(3)
        assert (await heard.next(3))[2] == Read(DEMO_RESIDENTS[2])
    assert heard.states[-1].state == "ok"


@pytest.mark.parametrize(
    ("mode", "code"),
    [("unreadable", "unreadable"), ("pulled_early", "pulled_early"), ("not_authorised", "not_authorised")],
)
async def test_it_tells_why_a_card_was_not_read(reader: ReaderOnPty, mode: str, code: str) -> None:
    async with driving(reader.port) as (driver, heard):
        driver.arm()
        reader.place(1, mode=mode)
        assert await heard.next(3) == [Present(), Reading(), Failed(code)]
        reader.remove()
        assert await heard.next(1) == [Removed()]


async def test_a_card_taken_away_in_the_middle_is_pulled_early() -> None:
    with reader_on_pty(read_delay_s=0.6) as reader:
        async with driving(reader.port) as (driver, heard):
            driver.arm()
            reader.place(2)
            assert await heard.next(2) == [Present(), Reading()]
            await asyncio.to_thread(reader.remove)
            assert await heard.next(2) == [Failed("pulled_early"), Removed()]


async def test_a_reader_that_falls_silent_while_reading_is_pulled_early(reader: ReaderOnPty) -> None:
    async with driving(reader.port, reply_timeout_s=0.3) as (driver, heard):
        driver.arm()
        reader.place(1, mode="mute")
        assert await heard.next(3) == [Present(), Reading(), Failed("pulled_early")]


async def test_a_card_that_stays_unreadable_is_tried_again(reader: ReaderOnPty, monkeypatch) -> None:
    monkeypatch.setattr("kiosk_bridge.reader.RETRY_REFUSED_S", 0.2)
    async with driving(reader.port) as (driver, heard):
        driver.arm()
        reader.place(1, mode="unreadable")
        assert await heard.next(6) == [Present(), Reading(), Failed("unreadable")] * 2


async def test_it_reads_nothing_while_disarmed(reader: ReaderOnPty) -> None:
    async with driving(reader.port) as (driver, heard):
        reader.place(1)
        await heard.nothing_for(0.4)
        assert reader.state()["was_read"] is False
        driver.arm()
        assert (await heard.next(3))[2] == Read(DEMO_RESIDENTS[0])
        driver.disarm()
        reader.remove()
        assert await heard.next(1) == [Removed()]
        reader.place(2)
        await heard.nothing_for(0.4)


async def test_an_absent_reader_is_told_once_and_comes_back(reader: ReaderOnPty) -> None:
    reader.set_mode("unplugged")
    async with driving(reader.port) as (driver, heard):
        driver.arm()
        assert await heard.next(1) == [Failed("reader_absent")]
        assert heard.states[-1].state == "absent"
        await heard.nothing_for(1.0)
        reader.place(1)
        reader.set_mode("normal")
        assert (await heard.next(3))[2] == Read(DEMO_RESIDENTS[0])
        reader.set_mode("unplugged")
        assert await heard.next(2) == [Removed(), Failed("reader_absent")]


async def test_a_mute_reader_is_a_fault(reader: ReaderOnPty) -> None:
    reader.set_mode("mute")
    state = await check_reader(ReaderConfig(port=str(reader.port), reply_timeout_s=0.2))
    assert state.state == "fault"
    reader.set_mode("normal")
    assert (await check_reader(ReaderConfig(port=str(reader.port)))).state == "ok"


async def test_other_certificates_are_read_too(reader: ReaderOnPty) -> None:
    async with driving(reader.port) as (driver, heard):
        driver.arm()
        reader.place({"kind": "hmt_residence", "name": "李示例", "number": "999999199001010015"})
        read = (await heard.next(3))[2]
        assert isinstance(read, Read)
        assert (read.card.kind, read.card.name, read.card.nation) == ("hmt_residence", "李示例", "")
