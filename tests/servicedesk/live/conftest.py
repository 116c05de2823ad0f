"""The portal as it serves browsers, on the test's own database, and a Chromium beside it."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from tests.servicedesk.live.browser import Player
from tests.servicedesk.live.places import Point

START_WITHIN_S = 20


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    chromium = Player()
    yield chromium
    chromium.stop()


@pytest.fixture
def portal(transactional_db) -> Iterator[str]:
    """The address of the ASGI application: pages, files and sockets."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    config = uvicorn.Config(
        "portal.asgi:application", port=port, log_level="warning", lifespan="on", ws="websockets-sansio",
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_WITHIN_S
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the portal did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def point(transactional_db) -> Point:
    return Point()
