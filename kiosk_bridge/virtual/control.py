"""The page of the virtual devices: place a card, look at slips and prints, empty a tray (loopback only)."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from kiosk_bridge.virtual.serving import serve_until_stopped

_PAGE: Final = Path(__file__).parent / "page"
_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: (our path, device, its path)
_COMMANDS: Final = (
    ("/place", "reader", "/place"),
    ("/remove", "reader", "/remove"),
    ("/mode", "reader", "/mode"),
    ("/receipt", "receipt", "/mode"),
    ("/a4", "ipp", "/mode"),
)


def control_page(spool: Path, *, port: int) -> web.Application:
    """Return the page and its JSON commands; each command goes on to its device's program."""
    own_hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def ask(device: str, method: str, path: str, body: Any = None) -> tuple[int, bytes, str]:
        connector = aiohttp.UnixConnector(path=str(spool / f"{device}.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"http://device{path}", json=body) as response,
        ):
            return response.status, await response.read(), response.content_type

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        # Another site's page in the same browser must not place cards here.
        origin = request.headers.get("Origin")
        if request.host not in own_hosts or (origin is not None and origin.removeprefix("http://") not in own_hosts):
            return web.Response(status=403, text="This page is for this machine only.\n")
        try:
            response: web.StreamResponse = await handler(request)
        except aiohttp.ClientError:
            response = web.json_response({"error": "The virtual device does not run."}, status=502)
        response.headers.update(_SECURITY_HEADERS)
        return response

    async def index(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE / "index.html")

    async def state(_request: web.Request) -> web.Response:
        answers = await asyncio.gather(*(ask(device, "GET", "/state") for device in ("reader", "receipt", "ipp")))
        reader, receipt, a4 = (json.loads(body) for _status, body, _kind in answers)
        return web.json_response({"reader": reader, "receipt": receipt, "a4": a4})

    def passed_on(device: str, path: str) -> Any:
        async def command(request: web.Request) -> web.Response:
            try:
                body = await request.json() if request.can_read_body else {}
            except ValueError:
                return web.json_response({"error": "The body is not JSON."}, status=400)
            status, answer, kind = await ask(device, "POST", path, body)
            return web.Response(status=status, body=answer, content_type=kind)

        return command

    def fetched(device: str, folder: str) -> Any:
        async def document(request: web.Request) -> web.Response:
            status, body, kind = await ask(device, "GET", f"/{folder}/{request.match_info['name']}")
            return web.Response(status=status, body=body, content_type=kind)

        return document

    app = web.Application(middlewares=[guard])
    app.add_routes(
        [
            web.get("/", index),
            web.get("/state", state),
            *(web.post(path, passed_on(device, device_path)) for path, device, device_path in _COMMANDS),
            web.get(r"/slips/{name:slip-\d+\.(?:png|bin)}", fetched("receipt", "slips")),
            web.get(r"/prints/{name:print-\d+\.pdf}", fetched("ipp", "prints")),
            web.static("/static", _PAGE),
        ]
    )
    return app


async def _main(arguments: argparse.Namespace) -> None:
    await serve_until_stopped(control_page(arguments.spool, port=arguments.port), port=arguments.port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True, help="the loopback port of the page")
    parser.add_argument("--spool", type=Path, required=True, help="the folder with the devices' socket files")
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    asyncio.run(_main(parser.parse_args()))
