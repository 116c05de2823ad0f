"""Runs a media node as a process of its own: python -m tests.servicedesk.remote.media.node_process PORTAL_URL ROOT."""

import asyncio
import logging
import sys
from pathlib import Path

from servicedesk.remote.media.client import run
from servicedesk.remote.media.node import NodeSettings

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    settings = NodeSettings(
        node="node-process",
        portal_url=sys.argv[1],
        token="node-token",
        recordings_root=Path(sys.argv[2]),
        udp_ports=(40000, 40200),
        capacity=6,
    )
    asyncio.run(run(settings, handles_signals=True))
