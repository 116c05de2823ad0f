"""The media node's settings, taken from the portal's environment."""

import socket

from django.conf import settings

from servicedesk.remote.media.node import NodeSettings


def node_settings(*, portal_url: str | None = None, name: str | None = None, capacity: int = 8) -> NodeSettings:
    """What a node needs to run beside this portal."""
    return NodeSettings(
        portal_url=portal_url or settings.PORTAL_URL,
        node=name or socket.gethostname(),
        token=settings.NODE_TOKEN,
        capacity=capacity,
        recordings_root=settings.RECORDINGS_DIR,
        udp_ports=settings.MEDIA_UDP_PORTS,
        address=settings.MEDIA_ADDRESS,
    )
