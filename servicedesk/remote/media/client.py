"""The node's WebSocket to the portal: numbered, acknowledged, sent again after a break; it commands the node."""

import asyncio
import base64
import binascii
import json
import logging
import signal
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from .node import MediaNode, NodeSettings, SessionRefused
from .peer import LegRefused

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 15.0
STATS_EVERY_S = 5.0
FAREWELL_S = 3.0
REMEMBERED_ANSWERS = 200
MAX_MESSAGE_BYTES = 1 << 20


class Outbox:
    """Messages until the portal has acknowledged them; of stats and check-points only the latest is worth keeping."""

    def __init__(self) -> None:
        self._number = 0
        self._waiting: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self.changed = asyncio.Event()
        self._sent_up_to = 0

    def put(self, message: dict[str, Any]) -> None:
        if message["type"] in ("stats", "checkpoint"):
            for number, old in list(self._waiting.items()):
                if _subject(old) == _subject(message):
                    del self._waiting[number]
        self._number += 1
        self._waiting[self._number] = message | {"n": self._number}
        self.changed.set()

    def acknowledge(self, number: int) -> None:
        self._waiting.pop(number, None)
        self.changed.set()

    def start_again(self) -> None:
        """A new connection: what was not acknowledged counts as not sent."""
        self._sent_up_to = 0
        self.changed.set()

    def take_unsent(self) -> list[dict[str, Any]]:
        unsent = [message for number, message in self._waiting.items() if number > self._sent_up_to]
        if unsent:
            self._sent_up_to = unsent[-1]["n"]
        return unsent

    @property
    def is_empty(self) -> bool:
        return not self._waiting


def _subject(message: dict[str, Any]) -> tuple[Any, ...]:
    return message["type"], message.get("session"), message.get("track")


class PortalLink:
    """Speaks the wire for one MediaNode; lives as long as the node, across connections."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self.outbox = Outbox()
        self.node = MediaNode(settings, emit=self.outbox.put)
        self._answers: OrderedDict[str, asyncio.Task[dict[str, Any]]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._retry_s = FIRST_RETRY_S
        self.is_connected = asyncio.Event()
        self._commands: dict[str, Callable[[dict[str, Any]], Any]] = {
            "session.open": self._session_open,
            "session.close": self._session_close,
            "key": self._key,
            "recording.start": self._recording_start,
            "leg.offer": self._leg_offer,
            "leg.close": self._leg_close,
        }

    async def stay_connected(self) -> None:
        """Connect, and again after each break, waiting longer each time up to 15 s; runs until cancelled."""
        url = portal_socket(self._settings.portal_url)
        while True:
            try:
                async with connect(
                    url, max_size=MAX_MESSAGE_BYTES, open_timeout=10, ping_interval=10, close_timeout=2
                ) as socket:
                    await self._converse(socket)
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake) as error:
                log.warning("The portal's socket broke: %s", error)
            except InvalidURI as error:
                raise ValueError(f"PORTAL_URL is no address of a portal: {error}") from error
            finally:
                self.is_connected.clear()
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)

    async def send_stats(self) -> None:
        while True:
            self.outbox.put({"type": "stats", **self.node.stats()})
            await asyncio.sleep(STATS_EVERY_S)

    async def close(self) -> None:
        """Close the node, and tell the portal while it still listens."""
        for task in list(self._tasks):
            task.cancel()
        await self.node.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S if self.is_connected.is_set() else 0):
                while not self.outbox.is_empty:
                    self.outbox.changed.clear()
                    await self.outbox.changed.wait()

    async def _converse(self, socket: ClientConnection) -> None:
        await socket.send(
            json.dumps(
                {
                    "type": "hello",
                    "node": self._settings.node,
                    "token": self._settings.token,
                    "capacity": self._settings.capacity,
                    "sessions": self.node.sessions,
                }
            )
        )
        sender: asyncio.Task[None] | None = None
        try:
            async for text in socket:
                message = _parse(text)
                if message is None:
                    continue
                if message["type"] == "welcome" and sender is None:
                    self._retry_s = FIRST_RETRY_S
                    self.outbox.start_again()
                    self.is_connected.set()
                    sender = asyncio.create_task(self._send_waiting(socket))
                elif message["type"] == "ack":
                    self.outbox.acknowledge(message.get("n", 0))
                else:
                    if "n" in message:
                        await socket.send(json.dumps({"type": "ack", "n": message["n"]}))
                    await self._obey(message)
        finally:
            if sender is not None:
                sender.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await sender

    async def _send_waiting(self, socket: ClientConnection) -> None:
        while True:
            self.outbox.changed.clear()
            for message in self.outbox.take_unsent():
                await socket.send(json.dumps(message))
            await self.outbox.changed.wait()

    async def _obey(self, message: dict[str, Any]) -> None:
        command = self._commands.get(message["type"])
        if command is None:
            log.info("The portal's message %r is not known here and was ignored.", message["type"])
            return
        try:
            slow = command(message)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            log.warning("The portal's %s is malformed: %r", message["type"], error)
            self.outbox.put({"type": "error", "code": "malformed", "message": f"{message['type']}: {error!r}"})
            return
        if slow is not None:
            task = asyncio.create_task(slow)
            self._tasks.add(task)
            task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A command of the portal failed.", exc_info=task.exception())

    def _session_open(self, message: dict[str, Any]) -> None:
        session = str(message["session"])
        try:
            self.node.open_session(session)
        except SessionRefused as error:
            self.outbox.put({"type": "session.refused", "session": session, "code": error.code})
            return
        self.outbox.put({"type": "session.opened", "session": session})
        self.outbox.put({"type": "key.request", "session": session})

    def _key(self, message: dict[str, Any]) -> None:
        key = base64.b64decode(message["key"], validate=True)
        self.node.give_key(str(message["session"]), key, recording=message.get("recording") is True)

    def _recording_start(self, message: dict[str, Any]) -> None:
        self.node.start_recording(str(message["session"]))

    async def _session_close(self, message: dict[str, Any]) -> None:
        await self.node.close_session(str(message["session"]))

    async def _leg_close(self, message: dict[str, Any]) -> None:
        await self.node.close_leg(str(message["session"]), str(message["leg"]))

    async def _leg_offer(self, message: dict[str, Any]) -> None:
        request = str(message["request"])
        answering = self._answers.get(request)
        if answering is None:
            answering = self._answers[request] = asyncio.create_task(self._answer(message, request))
            while len(self._answers) > REMEMBERED_ANSWERS:
                self._answers.popitem(last=False)
        # An offer that is sent twice gets the same answer twice, never a second peer connection.
        self.outbox.put(await answering)

    async def _answer(self, message: dict[str, Any], request: str) -> dict[str, Any]:
        try:
            session, leg = str(message["session"]), str(message["leg"])
            sdp = await self.node.answer_leg(
                session, side=message["side"], leg=leg, sdp=message["sdp"], ice_servers=message.get("ice_servers")
            )
        except LegRefused as error:
            return {"type": "leg.error", "request": request, "code": error.code, "message": str(error)}
        except (KeyError, TypeError) as error:
            return {"type": "leg.error", "request": request, "code": "malformed", "message": repr(error)}
        return {"type": "leg.answer", "request": request, "session": session, "leg": leg, "sdp": sdp}


def portal_socket(portal_url: str) -> str:
    """The node's WebSocket address under the portal's http(s) address."""
    scheme, separator, rest = portal_url.partition("://")
    if scheme not in ("http", "https") or not separator or not rest:
        raise ValueError(f"PORTAL_URL must begin with http:// or https://; it is {portal_url!r}.")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest.rstrip('/')}/ws/node/"


def _parse(text: str | bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        log.warning("A message of the portal is no JSON object with a type.")
        return None
    return message


async def run(settings: NodeSettings, *, stop: asyncio.Event | None = None, handles_signals: bool = False) -> None:
    """
    Serve until `stop` is set, the task is cancelled, or (with `handles_signals`, main thread only) SIGTERM or SIGINT.

    Ends with all peers closed and all files finished. An embedding process runs it in a thread of its own:
    `asyncio.run(run(settings, stop=stop))`, and sets `stop` through `loop.call_soon_threadsafe`.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    if handles_signals:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
    link = PortalLink(settings)
    waiting = [asyncio.create_task(part) for part in (link.stay_connected(), link.node.run(), link.send_stats())]
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopped, *waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()
    finally:
        await link.close()
        for task in [stopped, *waiting]:
            task.cancel()
        await asyncio.gather(stopped, *waiting, return_exceptions=True)
        if handles_signals:
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(name)
