"""How every virtual program serves HTTP and ends: on SIGTERM, or when the one that started it is gone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web


async def serve_until_stopped(
    app: web.Application, *, unix_socket: Path | None = None, port: int | None = None
) -> None:
    """Serve on a socket file or on a loopback port until the program is to end.

    A program that was started with a pipe as its standard input ends when that pipe closes, so that a bridge that was
    killed leaves nothing behind.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    site: web.BaseSite
    if unix_socket is not None:
        unix_socket.unlink(missing_ok=True)
        site = web.UnixSite(runner, str(unix_socket))
    else:
        site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        await _stopped()
    finally:
        await runner.cleanup()


async def _stopped() -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if "--owned" in sys.argv:
        loop.add_reader(sys.stdin.fileno(), _end_at_close, stopped)
    await stopped.wait()


def _end_at_close(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopped.set()
