"""Who may enter the residents' pages: progress, rating and the privacy notice."""

from tests.access import PUBLIC, Row
from tests.cast import Cast
from tests.servicedesk.cases import at_desk


def a_visit(cast: Cast):
    item, person = at_desk.an_item(), at_desk.a_person(cast.resident)
    device, _private = at_desk.a_kiosk(cast.point)
    return at_desk.served(at_desk.a_ticket(cast, person=person, item=item, device=device), cast.counter)


def a_case(cast: Cast):
    ticket = a_visit(cast)
    return at_desk.a_case(cast, ticket, ticket.item)


NOT_FOUND = {"anonymous": 404, "stranger": 404, "clerk": 404}

ROWS = [
    Row("privacy/", "/privacy/", PUBLIC),
    Row("track/", "/track/", PUBLIC),
    Row("track/code/", "/track/code/", PUBLIC),
    Row("track/t/<str:code>/", lambda ticket: f"/track/t/{ticket.track_code}/", PUBLIC, prepare=a_visit),
    Row("track/t/<str:code>/", "/track/t/AAAAAAAAAAAAAAAA/", NOT_FOUND),
    Row("track/c/<str:code>/", lambda case: f"/track/c/{case.track_code}/", PUBLIC, prepare=a_case),
    Row("track/c/<str:code>/", "/track/c/AAAAAAAAAAAAAAAA/", NOT_FOUND),
    Row("rate/<str:token>/", lambda ticket: f"/rate/{ticket.track_code}/", PUBLIC, prepare=a_visit),
    Row("rate/<str:token>/", "/rate/AAAAAAAAAAAAAAAA/", NOT_FOUND),
]
