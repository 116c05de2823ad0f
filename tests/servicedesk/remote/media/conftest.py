"""A media node on its own and its settings, for the tests of relaying and recording."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servicedesk.remote.media.node import MediaNode, NodeSettings

from .peers import MadeUpBrowser

KEY = bytes(range(32))
UDP_PORTS = (40000, 40200)


@pytest.fixture
def node_settings(tmp_path: Path) -> NodeSettings:
    return NodeSettings(
        node="node-1",
        portal_url="http://127.0.0.1:17700",
        token="node-token",
        recordings_root=tmp_path / "recordings",
        udp_ports=UDP_PORTS,
        capacity=2,
    )


@dataclass
class RunningNode:
    node: MediaNode
    messages: list[dict[str, Any]]
    browsers: list[MadeUpBrowser] = field(default_factory=list)

    async def join(self, session: str, side: str, leg: str) -> MadeUpBrowser:
        browser = MadeUpBrowser(side)
        self.browsers.append(browser)
        await browser.accept(await self.node.answer_leg(session, side=side, leg=leg, sdp=await browser.offer()))
        return browser

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]


@pytest.fixture
async def running(node_settings: NodeSettings) -> AsyncIterator[RunningNode]:
    messages: list[dict[str, Any]] = []
    node = MediaNode(node_settings, emit=messages.append)
    care = asyncio.create_task(node.run())
    running = RunningNode(node, messages)
    yield running
    await asyncio.gather(*(browser.close() for browser in running.browsers))
    await node.close()
    care.cancel()
    with suppress(asyncio.CancelledError):
        await care
