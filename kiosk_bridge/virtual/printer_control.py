"""The commands that both virtual printers take: what they did, what they printed, and their mode."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web


class Printer(Protocol):
    """A printer as its commands see it."""

    def state(self) -> dict[str, Any]: ...

    async def set_mode(self, mode: str) -> None: ...


def printer_control(printer: Printer, spool: Path, *, modes: Collection[str], printed: str) -> web.Application:
    """Return the commands as an HTTP application.

    :param modes: every mode that the printer knows.
    :param printed: the route of what it printed; its {name} is a file in the spool folder.
    """

    async def state(_request: web.Request) -> web.Response:
        return web.json_response(printer.state())

    async def mode(request: web.Request) -> web.Response:
        try:
            wanted = (await request.json()).get("mode")
        except (ValueError, AttributeError):
            wanted = None
        if wanted not in modes:
            return web.json_response({"error": f"mode must be one of {', '.join(modes)}"}, status=400)
        await printer.set_mode(wanted)
        return web.json_response(printer.state())

    async def file(request: web.Request) -> web.StreamResponse:
        path = spool / request.match_info["name"]
        return web.FileResponse(path) if path.is_file() else web.Response(status=404)

    app = web.Application()
    app.add_routes([web.get("/state", state), web.post("/mode", mode), web.get(printed, file)])
    return app
