"""What rooms tell the cache in front of Django: which pages are the same for everybody, and that such pages changed.

    @for_everyone(parameters=("area", "page"), cookies=("point",))
    def point_list(request): return keep_for(render(...), seconds=30)

The mark says on which parameters and cookies the page may depend; the cache renders it with nothing else of the request.
The header says that this answer may be kept, and for how long. What carries neither is never kept (portal/page_cache.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase

from portal.base.streams import services as streams

PAGES_STREAM = "pages"
HEADER = "X-For-Everyone"


@dataclass(frozen=True)
class Rule:
    """What a page may depend on beside host, path, language and display mode; `typed` holds what people typed."""

    parameters: frozenset[str] = frozenset()
    cookies: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()


def for_everyone[View: Callable[..., Any]](
    *, parameters: Iterable[str] = (), cookies: Iterable[str] = (), typed: Iterable[str] = ()
) -> Callable[[View], View]:
    """Mark a view whose page is the same for everybody who asks with the same parameters and cookies."""

    def mark(view: View) -> View:
        view.for_everyone = Rule(frozenset(parameters), frozenset(cookies), frozenset(typed))  # type: ignore[attr-defined]
        return view

    return mark


def keep_for[Response: HttpResponseBase](response: Response, *, seconds: float) -> Response:
    """Let this answer be kept for everybody, for so long at most; it goes at once when what is published changes."""
    response[HEADER] = str(max(0, int(seconds)))
    return response


def pages_changed(*_args: object, **_kwargs: object) -> None:
    """Let kept pages go: something that they show has changed, and it is no item and no page of the site.

    The number moves after the caller's commit, in a transaction of its own and once for each: a long import must not
    hold the row that every change of a status wants.
    """
    waiting = transaction.get_connection().run_on_commit
    if not any(function is _move for _savepoints, function, _robust in waiting):
        transaction.on_commit(_move)


def _move() -> None:
    streams.bump(PAGES_STREAM)
