"""The one base of all live screens: snapshot with its number, again whenever the number moved, heartbeat every 5 s."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.utils import translation

from portal.base.accounts.models import User
from portal.base.streams import services

HEARTBEAT_S = 5
LOOK_EVERY_S = 1
log = logging.getLogger("linban.streams")


def in_database(function):
    """A service as a coroutine; on PostgreSQL calls run side by side."""
    return database_sync_to_async(function, thread_sensitive=settings.IS_SQLITE)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """A subclass gives `authorise`, `stream_names` and `snapshot`; `command` if it takes any.

    => {"type": "snapshot", "seq": 12, "data": {...}}     <- {"type": "reload"}
    => {"type": "heartbeat", "seq": 12}                   <- {"type": "<command>", "id": "7", ...}
    => {"type": "done", "id": "7", "data": {...}} or {"type": "refused", "id": "7", "code": "...", "message": "..."}
    """

    def authorise(self) -> bool:
        """Sync, in the database: may this connection see the screen? Called again every heartbeat."""
        raise NotImplementedError

    def stream_names(self) -> list[str]:
        """The streams that the snapshot depends on."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Sync, in the database: all that the screen shows."""
        raise NotImplementedError

    def command(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        """Sync, in the database: do one command; raise a domain error to refuse."""
        raise LookupError(kind)

    async def connect(self) -> None:
        self.seq = -1
        self.watcher: asyncio.Task | None = None
        self.sending = asyncio.Lock()
        self.language = self._language()
        if not await in_database(self._in_language)(self.authorise):
            await self.accept()
            await self.close(code=4403)
            return
        await self.accept()
        self.groups_joined = [services.group_name(name) for name in await in_database(self.stream_names)()]
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.send_snapshot()
        self.watcher = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        if self.watcher:
            self.watcher.cancel()
        for group in getattr(self, "groups_joined", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    def _language(self) -> str:
        cookies = self.scope.get("cookies", {})
        return cookies.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)

    def _in_language(self, function, *args):
        with translation.override(self.language):
            return function(*args)

    def _number(self) -> int:
        return sum(services.seq_of(name) for name in self.stream_names())

    def _numbered_snapshot(self) -> tuple[int, dict[str, Any]]:
        # The number is read before the data: a change in between shows as a higher number and loads again.
        return self._number(), self.snapshot()

    async def send_json(self, content: Any, close: bool = False) -> None:
        # A browser that has just gone gets nothing any more; it loads a snapshot when it is back.
        with suppress(OSError):
            await super().send_json(content, close)

    async def send_snapshot(self) -> None:
        async with self.sending:
            self.seq, data = await in_database(self._in_language)(self._numbered_snapshot)
            await self.send_json({"type": "snapshot", "seq": self.seq, "data": data})

    async def stream_moved(self, event: dict[str, Any]) -> None:
        if await in_database(self._number)() != self.seq:
            await self.send_snapshot()

    async def relay(self, event: dict[str, Any]) -> None:
        """A message that another process asks this screen to show as it is."""
        await self.send_json(event["message"])

    def _still_allowed(self) -> bool:
        user = self.scope.get("user")
        if user is not None and user.is_authenticated:
            self.scope["user"] = User.objects.filter(pk=user.pk, is_active=True).first() or user
        return self.authorise()

    async def _watch(self) -> None:
        passed = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            passed += LOOK_EVERY_S
            try:
                if await in_database(self._number)() != self.seq:
                    await self.send_snapshot()
                if passed >= HEARTBEAT_S:
                    passed = 0
                    if not await in_database(self._in_language)(self._still_allowed):
                        await self.close(code=4403)
                        return
                    await self.send_json({"type": "heartbeat", "seq": self.seq})
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a live screen could not be refreshed")

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            await self.send_json({"type": "refused", "id": None, "code": "malformed", "message": "type is missing"})
            return
        if content["type"] == "reload":
            await self.send_snapshot()
            return
        answer = await in_database(self._in_language)(self._run, content)
        await self.send_json(answer | {"id": content.get("id")})

    def _run(self, content: dict[str, Any]) -> dict[str, Any]:
        from portal.base.errors import DomainError

        try:
            if not self._still_allowed():
                raise PermissionDenied
            return {"type": "done", "data": self.command(content["type"], content)}
        except DomainError as error:
            return {"type": "refused", "code": error.code, "message": str(error)}
        except PermissionDenied as error:
            message = str(error) or translation.gettext("You may not do this here.")
            return {"type": "refused", "code": "forbidden", "message": message}
        except (LookupError, TypeError, ValueError, ObjectDoesNotExist, ValidationError) as error:
            log.warning("a malformed command", exc_info=True)
            return {"type": "refused", "code": "malformed", "message": str(error)}
