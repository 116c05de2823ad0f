"""The whole portal in one process: web server, worker, clock and media node as owned threads.

`python -m portal.embedded --port 8000`; with `DATABASE_URL` and `REDIS_URL` set, run the commands as separate processes
instead (docs/deploy.md). Without `REDIS_URL` a second portal process on the same data refuses to start.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import socket
import sys
import threading
from typing import IO

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def take_data_lock() -> IO[str]:
    """Hold DATA_DIR/portal.lock for the life of the process; the kernel lets go of it at any kill."""
    from django.conf import settings

    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    lock = open(settings.DATA_DIR / "portal.lock", "w")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("Another portal process runs on this data. Set REDIS_URL to run several, or end the other one first.")
    return lock


def run_worker(stop: threading.Event) -> None:
    """Works the task queue until told to stop."""
    from django.db import close_old_connections
    from django.tasks import DEFAULT_TASK_BACKEND_ALIAS
    from django_tasks_db.management.commands.db_worker import Worker

    worker = Worker(
        queue_names=["default"], interval=1, batch=False, backend_name=DEFAULT_TASK_BACKEND_ALIAS,
        startup_delay=False, max_tasks=None, worker_id="embedded", excluded_queue_names=[],
    )  # fmt: skip

    def end_with_the_portal() -> None:
        stop.wait()
        worker.running = False

    threading.Thread(target=end_with_the_portal, daemon=True).start()
    worker.run()
    close_old_connections()


def run_media(stop: threading.Event, port: int) -> None:
    """Runs the media node in a loop of its own, talking to the portal as any node does."""
    from servicedesk.remote.media.client import run
    from servicedesk.remote.node_settings import node_settings

    async def until_stopped() -> None:
        node = asyncio.create_task(run(node_settings(portal_url=f"http://127.0.0.1:{port}", name="embedded")))
        while not stop.is_set() and not node.done():
            await asyncio.sleep(0.5)
        node.cancel()
        await asyncio.gather(node, return_exceptions=True)

    import uvloop

    uvloop.run(until_stopped())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()

    import django

    django.setup()
    import uvicorn
    from django.conf import settings

    lock = None if settings.REDIS_URL else take_data_lock()
    from portal.base.clock.services import run_clock

    stop = threading.Event()
    threads = [
        threading.Thread(target=run_worker, args=(stop,), name="worker", daemon=True),
        threading.Thread(target=run_clock, args=(stop,), name="clock", daemon=True),
        threading.Thread(target=run_media, args=(stop, options.port), name="media", daemon=True),
    ]

    class Server(uvicorn.Server):
        """Answers first: the others would load their packages at the same time, and the node would knock at a closed door."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            for thread in threads:
                thread.start()

    server = Server(
        uvicorn.Config(
            "portal.asgi:application", host=options.host, port=options.port, ws="websockets-sansio",
            ws_per_message_deflate=False, lifespan="on", log_level="warning", timeout_graceful_shutdown=3,
        )
    )  # fmt: skip
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run()
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join(timeout=5)
        if lock:
            lock.close()


if __name__ == "__main__":
    main()
