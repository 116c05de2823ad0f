"""Who may enter what: the rows that every view, socket and API verb of ours must have, and how a row is tried.

Each room writes `tests/access_rows/<room>.py` with a list ROWS:

    ROWS = [
        Row("desk/", "/desk/", {"clerk": 200, "supervisor": 200, "stranger": 403, "anonymous": SIGN_IN}),
        Row("desk/cases/<str:number>/", lambda case: f"/desk/cases/{case.number}/", {...}, prepare=make_case),
        Row("points.geojson", "/points.geojson", PUBLIC),
        Row("ws/desk/<str:centre>/", lambda cast: f"/ws/desk/{cast.centre.code}/", {"clerk": OPENS, "stranger": 4403},
            kind="socket"),
        Row("/api/v1/tickets", "/api/v1/tickets", {"clerk": 201, "other_clerk": 403, "anonymous": 401},
            kind="api", method="post", data=lambda cast: {...}),
    ]

`route` is the pattern as the URL conf writes it (for the API: the path of openapi.json). Keys of `who` are members of
the cast, or `anonymous`; for the API a member stands for a token with that member's role at that member's place.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.base.accounts import services as accounts
from tests.cast import Cast

SIGN_IN = "sign in"
OPENS = "opens"
PUBLIC = {"anonymous": 200, "stranger": 200}
OURS = ("portal.", "content.", "servicedesk.")


@dataclass(frozen=True)
class Row:
    """One view, socket or API verb with what each member of the cast gets there."""

    route: str
    url: str | Callable[[Any], str]
    who: Mapping[str, int | str]
    kind: Literal["page", "socket", "api"] = "page"
    method: str = "get"
    data: Callable[[Any], Any] | None = None
    prepare: Callable[[Cast], Any] | None = None
    headers: Callable[[Any], dict[str, str]] | None = None

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route}"


def all_rows() -> list[Row]:
    """The rows of every room."""
    import tests.access_rows as package

    rows: list[Row] = []
    for module in pkgutil.iter_modules(package.__path__):
        rows += importlib.import_module(f"{package.__name__}.{module.name}").ROWS
    return rows


def address(row: Row, subject: Any) -> str:
    return row.url(subject) if callable(row.url) else row.url


def try_page(row: Row, *, cast: Cast, client_factory: Callable[[Any], Client], member: str) -> None:
    """Ask for the page as one member and compare."""
    subject = row.prepare(cast) if row.prepare else cast
    client = client_factory(None if member == "anonymous" else getattr(cast, member))
    data = row.data(subject) if row.data else None
    headers = row.headers(subject) if row.headers else {}
    response = getattr(client, row.method)(address(row, subject), data, headers=headers)
    expected = row.who[member]
    if expected == SIGN_IN:
        assert response.status_code == 302, f"{row} as {member}: {response.status_code}, not sent to sign in"
        assert response["Location"].startswith(reverse("account_login")), f"{row} as {member}: {response['Location']}"
        return
    assert response.status_code == expected, f"{row} as {member}: {response.status_code}, not {expected}"
    if expected in (301, 302):
        assert not response["Location"].startswith(reverse("account_login")), f"{row} as {member}: sent to sign in"


def token_of(cast: Cast, member: str) -> str:
    """A token with the first role of a member of the cast at its place; a stranger's has no desk's role."""
    assignment = getattr(cast, member).role_assignments.first()
    role, place = (assignment.role, assignment.place) if assignment else ("adviser", cast.point)
    _token, text = accounts.issue_token(role=role, place=place, name=f"api.{member}")
    return text


def try_api(row: Row, *, cast: Cast, member: str) -> None:
    """Call the API as one member and compare."""
    subject = row.prepare(cast) if row.prepare else cast
    headers = row.headers(subject) if row.headers else {}
    if member != "anonymous":
        headers = headers | {"Authorization": f"Bearer {token_of(cast, member)}"}
    body = json.dumps(row.data(subject)) if row.data else ""
    response = Client().generic(
        row.method.upper(), address(row, subject), body, content_type="application/json", headers=headers
    )
    expected = row.who[member]
    assert response.status_code == expected, f"{row} as {member}: {response.status_code}, not {expected}"


async def try_socket(row: Row, communicator: Any, *, member: str) -> None:
    """Open the socket, made for one member: it opens and speaks, or closes with the row's code."""
    accepted, code = await communicator.connect(timeout=10)
    expected = row.who[member]
    try:
        if row.data is not None:
            # Programs prove themselves by their first message; this one is not theirs.
            await communicator.send_json_to(row.data(None))
        if expected == OPENS:
            assert accepted, f"{row} as {member}: closed with {code}"
            first = await communicator.receive_output(timeout=10)
            assert first["type"] == "websocket.send", f"{row} as {member}: {first}"
            return
        if accepted:
            # Ours accept first and then close, since a browser shows no code of a refused handshake.
            output = await communicator.receive_output(timeout=10)
            assert output["type"] == "websocket.close", f"{row} as {member}: {output['type']}"
            code = output.get("code")
        assert code == expected, f"{row} as {member}: {code}, not {expected}"
    finally:
        await communicator.disconnect(timeout=10)


def assert_access(
    client_factory: Callable[[Any], Client],
    url: str,
    *,
    allowed: list[Any],
    stranger: Any,
    other_office: Any = None,
    method: str = "get",
    data: Any = None,
) -> None:
    """The short form for one page: these accounts get in, those do not, a visitor is sent to sign in."""
    for user in allowed:
        status = getattr(client_factory(user), method)(url, data).status_code
        assert status < 400, f"{user.username} should get into {url}, got {status}"
    for user in filter(None, [stranger, other_office]):
        status = getattr(client_factory(user), method)(url, data).status_code
        assert status in (403, 404), f"{user.username} should not get into {url}, got {status}"
    response = getattr(client_factory(None), method)(url, data)
    assert response.status_code in (302, 401, 403), f"a visitor got {response.status_code} at {url}"


def _patterns(patterns: list, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, route)
        else:
            yield route, entry


def page_routes() -> set[str]:
    """Every address that a view of ours answers.

    The views of snippets come by the dozen with every model that is registered; tests/content/editing/test_bounds.py
    tries them all, whichever models there are.
    """
    routes = set()
    for route, entry in _patterns(get_resolver().url_patterns):
        if route.startswith("cms/snippets/"):
            continue
        view = getattr(entry.callback, "view_class", entry.callback)
        if view.__module__.startswith(OURS):
            routes.add(route)
    return routes


def socket_routes() -> set[str]:
    """Every address that a consumer of ours answers."""
    from portal.asgi import programs, screens

    found: set[str] = set()

    def walk(application: Any) -> None:
        while application is not None and not hasattr(application, "routes"):
            application = getattr(application, "inner", None) or getattr(application, "application", None)
        for entry in getattr(application, "routes", []):
            if hasattr(entry.callback, "consumer_class"):
                found.add(str(entry.pattern))
            else:
                walk(entry.callback)

    for root in (programs, screens):
        walk(root)
    return found


def api_verbs() -> set[tuple[str, str]]:
    """Every (method, path) of the API."""
    schema = Client().get("/api/v1/openapi.json").json()
    return {(method, path) for path, methods in schema["paths"].items() for method in methods}
