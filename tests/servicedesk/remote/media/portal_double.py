"""A portal as far as a media node sees it: the node's WebSocket, numbered and acknowledged as in the wire contract."""

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .peers import until


class PortalDouble:
    """
    Keeps all that a node says; `send` numbers a command. While `is_deaf` nothing is acknowledged.

    `offer` plays the page's part: it asks the node for the answer to an offer.
    """

    def __init__(self, port: int, *, key: bytes, is_recording: bool = True) -> None:
        self.port = port
        self.received: list[dict[str, Any]] = []
        self.hellos: list[dict[str, Any]] = []
        self.acknowledged: list[int] = []
        self.is_deaf = False
        self._key = key
        self._is_recording = is_recording
        self._number = 0
        self._socket: ServerConnection | None = None
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await serve(self._talk, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def hang_up(self) -> None:
        assert self._socket is not None
        await self._socket.close(1011)

    async def node_arrives(self, hellos: int = 1) -> None:
        await until(lambda: len(self.hellos) >= hellos and self._socket is not None, what="the node's hello")

    async def send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._number += 1
        await self._socket.send(json.dumps(message | {"n": self._number}))

    def told(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        return [
            m
            for m in self.received
            if m["type"] == kind and all(m.get(name) == value for name, value in fields.items())
        ]

    async def open_session(self, session: str) -> None:
        await self.send({"type": "session.open", "session": session})
        await until(lambda: self.told("session.opened", session=session), what="session.opened")

    async def offer(self, session: str, *, side: str, leg: str, sdp: str) -> str:
        request = f"request-{leg}"
        await self.send(
            {
                "type": "leg.offer",
                "request": request,
                "session": session,
                "side": side,
                "leg": leg,
                "sdp": sdp,
                "ice_servers": [],
            }
        )
        await until(
            lambda: self.told("leg.answer", request=request) or self.told("leg.error", request=request),
            what="an answer to the offer",
        )
        answers = self.told("leg.answer", request=request)
        assert answers, self.told("leg.error", request=request)
        return answers[0]["sdp"]

    async def _talk(self, socket: ServerConnection) -> None:
        if socket.request is None or socket.request.path != "/ws/node/":
            await socket.close(4404)
            return
        hello = json.loads(await socket.recv())
        if hello.get("type") != "hello" or hello.get("token") != "node-token":
            await socket.close(4401)
            return
        self.hellos.append(hello)
        await socket.send(json.dumps({"type": "welcome", "lease_s": 15}))
        self._socket = socket
        with suppress(ConnectionClosed, asyncio.CancelledError):
            async for text in socket:
                await self._hear(socket, json.loads(text))
        if self._socket is socket:
            self._socket = None

    async def _hear(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        if message["type"] == "ack":
            self.acknowledged.append(message["n"])
            return
        self.received.append(message)
        if self.is_deaf:
            return
        await socket.send(json.dumps({"type": "ack", "n": message["n"]}))
        if message["type"] == "key.request":
            key = base64.b64encode(self._key).decode()
            await self.send({"type": "key", "session": message["session"], "key": key, "recording": self._is_recording})
