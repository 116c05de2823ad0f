"""A virtual card reader: a program that opens a pty, speaks SAM-V on it, and takes and gives back virtual cards.

Commands come as HTTP on a socket file: GET /state, POST /place {"card": number or card, "mode": …}, POST /remove,
POST /mode {"mode": …}. The mode of a placed card holds for that card alone; the reader's own mode stays until changed.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import logging
import os
import tty
from pathlib import Path
from typing import Any, Final, get_args

from aiohttp import web

from kiosk_bridge import samv
from kiosk_bridge.messages import CardKind
from kiosk_bridge.virtual.residents import DEMO_RESIDENTS
from kiosk_bridge.virtual.serving import serve_until_stopped

logger = logging.getLogger(__name__)

CARD_MODES: Final = ("normal", "unreadable", "pulled_early", "not_authorised", "mute")
READER_MODES: Final = (*CARD_MODES, "unplugged")
_LETTERS: Final[dict[CardKind, samv.TypeLetter]] = {
    "resident_id": "",
    "hmt_residence": "J",
    "foreign_residence": "Y",
}


class VirtualReader:
    """The reader with at most one card on it."""

    def __init__(self, link: Path, *, read_delay_s: float) -> None:
        self._link = link
        self._read_delay_s = read_delay_s
        self._mode = "normal"
        self._card: samv.CardText | None = None
        self._card_mode = "normal"
        self._is_found = self._is_selected = self._is_read = False
        self._buffer = bytearray()
        self._descriptors: tuple[int, int] | None = None
        self._answering: asyncio.Task[None] | None = None
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()

    def plug_in(self) -> None:
        """Open the pty and let the link point at it."""
        if self._descriptors is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        # The slave stays open here, so that the pty outlives a bridge that closes and opens it again.
        self._descriptors = (master, slave)
        staged = self._link.with_name(self._link.name + ".new")
        staged.unlink(missing_ok=True)
        staged.symlink_to(os.ttyname(slave))
        staged.replace(self._link)
        loop = asyncio.get_running_loop()
        loop.add_reader(master, self._receive, master)
        self._answering = loop.create_task(self._answer_all(master))

    def unplug(self) -> None:
        """Close the pty and remove the link."""
        if self._descriptors is None:
            return
        master, slave = self._descriptors
        self._descriptors = None
        asyncio.get_running_loop().remove_reader(master)
        if self._answering is not None:
            self._answering.cancel()
        self._link.unlink(missing_ok=True)
        os.close(master)
        os.close(slave)
        self._buffer.clear()
        self._requests = asyncio.Queue()

    def place(self, card: samv.CardText, mode: str) -> None:
        """Put a card on the reader; the one that lay there is taken away."""
        self._card, self._card_mode = card, mode
        self._is_found = self._is_selected = self._is_read = False

    def remove(self) -> None:
        """Take the card away."""
        self._card, self._card_mode = None, "normal"
        self._is_found = self._is_selected = self._is_read = False

    def set_mode(self, mode: str) -> None:
        """Set the reader's own behaviour."""
        self._mode = mode
        if mode == "unplugged":
            self.unplug()
        else:
            self.plug_in()

    def state(self) -> dict[str, Any]:
        """Return what lies on the reader; the cards are all made up, so they are named."""
        return {
            "virtual": True,
            "mode": self._mode,
            "card": dataclasses.asdict(self._card) if self._card else None,
            "was_read": self._is_read,
            "residents": [dataclasses.asdict(resident) for resident in DEMO_RESIDENTS],
        }

    def _receive(self, master: int) -> None:
        try:
            self._buffer += os.read(master, 4096)
        except OSError:
            return
        while (frame := samv.take_frame(self._buffer)) is not None:
            self._requests.put_nowait(frame)

    async def _answer_all(self, master: int) -> None:
        requests = self._requests
        while True:
            frame = await requests.get()
            with contextlib.suppress(samv.FrameError):
                command, _content = samv.decode_request(frame)
                reply = await self._answer(command)
                if reply is not None:
                    await _write_all(master, reply)

    async def _answer(self, command: bytes) -> bytes | None:
        mode = self._card_mode if self._card_mode != "normal" else self._mode
        if self._mode == "mute":
            return None
        if command == samv.FIND:
            await asyncio.sleep(0.02)
            self._is_found = self._card is not None and not self._is_read
            self._is_selected = False
            return (
                samv.encode_reply(samv.SW3_FOUND, bytes(4)) if self._is_found else samv.encode_reply(samv.SW3_NO_CARD)
            )
        if command == samv.SELECT:
            self._is_selected = self._card is not None and self._is_found
            if self._is_selected:
                return samv.encode_reply(samv.SW3_OK, bytes(8))
            return samv.encode_reply(samv.SW3_SELECT_FAILED)
        if command == samv.READ:
            return await self._answer_read(mode)
        if command == samv.READ_ADDITIONAL:
            is_there = self._card is not None and self._is_read
            return samv.encode_reply(samv.SW3_NO_CONTENT if is_there else samv.SW3_READ_FAILED)
        if command == samv.SAM_ID:
            return samv.encode_reply(samv.SW3_OK, bytes(16))
        if command in (samv.STATUS, samv.RESET):
            return samv.encode_reply(samv.SW3_OK)
        return samv.encode_reply(0x21)

    async def _answer_read(self, mode: str) -> bytes | None:
        await asyncio.sleep(self._read_delay_s)
        if mode == "pulled_early":
            self.remove()
        # The card may have been taken away while it was read.
        if self._card is None or not self._is_selected:
            return samv.encode_reply(samv.SW3_NO_CARD)
        if mode == "mute":
            return None
        if mode == "unreadable":
            return samv.encode_reply(samv.SW3_READ_FAILED)
        if mode == "not_authorised":
            return samv.encode_reply(samv.SW3_NOT_AUTHORISED)
        self._is_read = True
        text = samv.encode_text(self._card, letter=_LETTERS[self._card.kind])
        return samv.encode_reply(samv.SW3_OK, samv.encode_read(text))


async def _write_all(master: int, reply: bytes) -> None:
    while reply:
        try:
            reply = reply[os.write(master, reply) :]
        except BlockingIOError:
            await asyncio.sleep(0.005)
        except OSError:
            return


def card_from(raw: Any) -> samv.CardText:
    """Return the demo resident of this number (from 1), or a card from a dict; raises `ValueError` with the reason."""
    if isinstance(raw, bool) or not isinstance(raw, int | dict):
        raise ValueError("card must be a number or an object")
    if isinstance(raw, int):
        if not 1 <= raw <= len(DEMO_RESIDENTS):
            raise ValueError(f"card must be between 1 and {len(DEMO_RESIDENTS)}")
        return DEMO_RESIDENTS[raw - 1]
    names = [field.name for field in dataclasses.fields(samv.CardText)]
    unknown = sorted(set(raw) - set(names))
    if unknown:
        raise ValueError(f"card has no field {unknown[0]}; its fields are {', '.join(names)}")
    # What a test does not care about comes from the first resident.
    values = dataclasses.asdict(DEMO_RESIDENTS[0]) | raw
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("every field of a card is a text")
    if values["kind"] not in get_args(CardKind) or values["sex"] not in ("male", "female"):
        raise ValueError(f"kind is one of {', '.join(get_args(CardKind))}; sex is male or female")
    card = samv.CardText(**values)
    try:
        samv.encode_text(card, letter=_LETTERS[card.kind])
    except samv.CardTextError as error:
        raise ValueError(str(error)) from error
    return card


def control(reader: VirtualReader) -> web.Application:
    """Return the commands as an HTTP application."""

    def mode_from(body: dict[str, Any], allowed: tuple[str, ...]) -> str:
        mode = body.get("mode", "normal")
        if mode not in allowed:
            raise ValueError(f"mode must be one of {', '.join(allowed)}")
        return mode

    async def state(_request: web.Request) -> web.Response:
        return web.json_response(reader.state())

    async def place(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            reader.place(card_from(body.get("card")), mode_from(body, CARD_MODES))
        except (ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(reader.state())

    async def remove(_request: web.Request) -> web.Response:
        reader.remove()
        return web.json_response(reader.state())

    async def mode(request: web.Request) -> web.Response:
        try:
            reader.set_mode(mode_from(await request.json(), READER_MODES))
        except (ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(reader.state())

    app = web.Application()
    app.add_routes(
        [web.get("/state", state), web.post("/place", place), web.post("/remove", remove), web.post("/mode", mode)]
    )
    return app


async def _main(arguments: argparse.Namespace) -> None:
    reader = VirtualReader(arguments.link, read_delay_s=arguments.read_delay)
    reader.plug_in()
    try:
        await serve_until_stopped(control(reader), unix_socket=arguments.socket)
    finally:
        reader.unplug()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--link", type=Path, required=True, help="the path at which the reader's port appears")
    parser.add_argument("--socket", type=Path, required=True, help="the socket file for commands")
    parser.add_argument("--read-delay", type=float, default=0.3, help="seconds that reading a card takes")
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    asyncio.run(_main(parser.parse_args()))
