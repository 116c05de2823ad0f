"""Who may enter the hall displays, the devices' door and the API."""

from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from tests.access import OPENS, PUBLIC, Row
from tests.cast import Cast
from tests.servicedesk.cases import at_desk


def waiting_ticket(cast: Cast) -> Ticket:
    ticket, _is_new = queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="resident")
    return ticket


def called_ticket(cast: Cast) -> Ticket:
    waiting_ticket(cast)
    ticket = queueing.call_next(cast.counter, actor="user:1")
    assert ticket is not None
    return ticket


def a_case(cast: Cast):
    item = at_desk.an_item()
    ticket = at_desk.a_ticket(cast, person=at_desk.a_person(cast.resident), item=item, device=None)
    return at_desk.a_case(cast, at_desk.served(ticket, cast.counter), item)


ANY_TOKEN = {"clerk": 200, "other_clerk": 200, "auditor": 200, "anonymous": 401}
AT_DESK = {"clerk": 200, "supervisor": 200, "other_clerk": 403, "stranger": 403, "editor": 403, "anonymous": 401}

ROWS = [
    # What is no address of the API refuses everybody in the API's own way.
    Row("api/v1/<path:rest>", "/api/v1/none", {"anonymous": 404, "clerk": 404, "stranger": 404}),
    Row("board/", "/board/", PUBLIC),
    Row("board/<str:centre>/", lambda cast: f"/board/{cast.centre.code}/", PUBLIC),
    # Without clips, as in the tests, there is nothing to play; nobody is kept out.
    Row("board/clips/<slug:name>.wav", "/board/clips/none.wav", {"anonymous": 404, "stranger": 404}),
    Row(
        "ws/board/<str:centre>/",
        lambda cast: f"/ws/board/{cast.centre.code}/",
        {"anonymous": OPENS, "stranger": OPENS},
        kind="socket",
    ),
    # The bridge's socket opens for its challenge; who cannot answer it is closed out with 4401 (test_bridge_socket).
    Row("ws/bridge/", "/ws/bridge/", {"anonymous": OPENS}, kind="socket"),
    Row("kiosk/device/nonce", "/kiosk/device/nonce", PUBLIC, method="post"),
    Row("kiosk/device/prove", "/kiosk/device/prove", {"anonymous": 400, "stranger": 400}, method="post"),
    Row("/api/v1/centres", "/api/v1/centres", ANY_TOKEN, kind="api"),
    Row("/api/v1/items", "/api/v1/items", ANY_TOKEN, kind="api"),
    Row("/api/v1/points", "/api/v1/points", ANY_TOKEN, kind="api"),
    Row(
        "/api/v1/centres/{code}/queue",
        lambda cast: f"/api/v1/centres/{cast.centre.code}/queue",
        AT_DESK | {"manager": 200},
        kind="api",
    ),
    Row(
        "/api/v1/tickets",
        "/api/v1/tickets",
        {"clerk": 201, "manager": 201, "other_clerk": 403, "stranger": 403, "auditor": 403, "anonymous": 401},
        kind="api",
        method="post",
        data=lambda cast: {"centre": cast.centre.code, "channel": "onsite", "item": None, "classes": []},
    ),
    Row(
        "/api/v1/tickets/{ticket_id}",
        lambda ticket: f"/api/v1/tickets/{ticket.pk}",
        AT_DESK,
        kind="api",
        prepare=waiting_ticket,
    ),
    Row(
        "/api/v1/tickets/{ticket_id}/{verb}",
        lambda ticket: f"/api/v1/tickets/{ticket.pk}/start",
        AT_DESK,
        kind="api",
        method="post",
        prepare=called_ticket,
    ),
    Row(
        "/api/v1/counters/{counter_id}/next",
        lambda ticket: f"/api/v1/counters/{ticket.centre.counters.get(number=1).pk}/next",
        AT_DESK,
        kind="api",
        method="post",
        prepare=waiting_ticket,
    ),
    Row(
        "/api/v1/cases/{number}",
        lambda case: f"/api/v1/cases/{case.number}",
        {"clerk": 200, "auditor": 200, "other_clerk": 403, "other_auditor": 403, "stranger": 403, "anonymous": 401},
        kind="api",
        prepare=a_case,
    ),
    Row(
        "/api/v1/cases/{number}/events",
        lambda case: f"/api/v1/cases/{case.number}/events",
        {"clerk": 200, "other_clerk": 403, "auditor": 403, "stranger": 403, "anonymous": 401},
        kind="api",
        method="post",
        prepare=a_case,
        data=lambda case: {"action": "accept"},
    ),
]
