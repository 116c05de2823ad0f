"""The ASGI application: HTTP to Django, WebSockets to the consumers of the rooms."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

import asyncio  # noqa: E402
import logging  # noqa: E402

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from content.search import services as search  # noqa: E402
from portal import checks  # noqa: E402
from portal.base.accounts.middleware import StaffSocketMiddleware  # noqa: E402
from portal.base.streams.services import remember_portal_loop  # noqa: E402
from portal.page_cache import PageCache, rule_for  # noqa: E402
from portal.static_files import StaticFiles  # noqa: E402
from servicedesk.desk.routing import websocket_urlpatterns as desk_sockets  # noqa: E402
from servicedesk.devices.routing import websocket_urlpatterns as device_sockets  # noqa: E402
from servicedesk.kiosk.routing import websocket_urlpatterns as kiosk_sockets  # noqa: E402
from servicedesk.queueing.routing import websocket_urlpatterns as queue_sockets  # noqa: E402
from servicedesk.remote.routing import websocket_urlpatterns as node_sockets  # noqa: E402

# Bridges and nodes are programs: they prove themselves by key or token and send no Origin.
programs = URLRouter([*device_sockets, *node_sockets])
screens = AllowedHostsOriginValidator(
    AuthMiddlewareStack(StaffSocketMiddleware(URLRouter([*queue_sockets, *desk_sockets, *kiosk_sockets])))
)


async def sockets(scope, receive, send):
    """Programs and screens differ in how they prove themselves, and in nothing else."""
    is_program = scope["path"] in ("/ws/bridge/", "/ws/node/")
    await (programs if is_program else screens)(scope, receive, send)


pages = PageCache(django_application, most_bytes=settings.PAGE_CACHE_MB * 1024 * 1024)
routed = ProtocolTypeRouter({"http": StaticFiles(pages), "websocket": sockets})


async def application(scope, receive, send):
    """Answers the server's lifespan (where the portal's loop is remembered and the search gets ready) and passes all else on."""
    if scope["type"] == "lifespan":
        remember_portal_loop(asyncio.get_running_loop())
        search.warm()
        # Reads all addresses before the first visitor asks for one.
        rule_for("/")
        for sentence in checks.exposures():
            logging.getLogger("linban.start").critical("%s %s", sentence, checks.ADVICE)
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await routed(scope, receive, send)
