"""Moving a stream on, and telling the portal's own processes about it after commit."""

import asyncio
import logging
from collections.abc import Callable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.db.models import F

from portal.base.streams.models import Stream

log = logging.getLogger("linban.streams")
_portal_loop: asyncio.AbstractEventLoop | None = None
# Called with the names of streams that this process itself has moved, after the commit.
on_moved: list[Callable[[tuple[str, ...]], None]] = []


def remember_portal_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Called once by the serving process: announcements from threads go through its loop, where they are prompt."""
    global _portal_loop
    _portal_loop = loop


def group_name(stream: str) -> str:
    """The channel-layer group of a stream (only ASCII letters, digits, hyphens and full stops are allowed there)."""
    return "stream." + "".join(char if char.isalnum() and char.isascii() else "-" for char in stream)


def bump(*names: str) -> None:
    """Move streams on by one in the caller's transaction, and announce after it commits.

    A hint that gets lost is made up for: every process looks for changed streams each second.
    """
    for name in sorted(set(names)):
        if not Stream.objects.filter(name=name).update(seq=F("seq") + 1):
            Stream.objects.get_or_create(name=name, defaults={"seq": 1})

    def tell() -> None:
        for follow in on_moved:
            follow(names)
        for name in names:
            announce(group_name(name), {"type": "stream.moved", "name": name})

    transaction.on_commit(tell)


def seq_of(name: str) -> int:
    """The stream's number; 0 when nothing has happened on it yet."""
    return Stream.objects.filter(name=name).values_list("seq", flat=True).first() or 0


def announce(group: str, message: dict) -> None:
    """Send a hint to a group from sync code, without waiting for it and without ever failing the caller."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        if _portal_loop is not None and _portal_loop.is_running():
            asyncio.run_coroutine_threadsafe(layer.group_send(group, message), _portal_loop)
        elif settings.REDIS_URL:
            async_to_sync(layer.group_send)(group, message)
    except Exception:  # A hint must not undo what was committed; screens find the change by its number.
        log.warning("a hint was not delivered", exc_info=True, extra={"fields": {"group": group}})
