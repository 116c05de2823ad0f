"""Who may enter the pages of booking, the desk's list of the day, and the API's two verbs."""

from datetime import timedelta

from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking, SlotPlan
from tests.access import PUBLIC, SIGN_IN, Row
from tests.cast import Cast
from tests.servicedesk.booking.conftest import starts_in, tomorrow


def planned(cast: Cast) -> Cast:
    SlotPlan.objects.create(place=cast.centre, capacity=4)
    return cast


def a_booking(cast: Cast) -> Booking:
    return booking.book_at_once(planned(cast).centre, tomorrow(), actor="resident")


def a_hold(cast: Cast) -> Booking:
    return booking.hold(planned(cast).centre, tomorrow(), actor="resident")


def one_that_is_due(cast: Cast) -> Booking:
    return starts_in(a_booking(cast), timedelta(minutes=5))


WHOEVER_HAS_THE_LINK = {"anonymous": 200, "stranger": 200, "clerk": 200}
AND_IS_SENT_ON = {"anonymous": 302, "stranger": 302}
AT_DESK = {"other_clerk": 403, "auditor": 403, "editor": 403, "stranger": 403, "anonymous": SIGN_IN}
BY_TOKEN = {
    "clerk": 200, "manager": 200, "other_clerk": 403, "auditor": 403, "stranger": 403, "anonymous": 401,
}  # fmt: skip

ROWS = [
    Row("book/", "/book/", PUBLIC),
    Row("book/hold/", "/book/hold/", AND_IS_SENT_ON, method="post", data=lambda cast: {}),
    Row("book/<slug:token>/", lambda row: f"/book/{row.token}/", WHOEVER_HAS_THE_LINK, prepare=a_booking),
    Row("book/<slug:token>/details/", lambda row: f"/book/{row.token}/details/", PUBLIC, prepare=a_hold),
    Row("book/<slug:token>/calendar.ics", lambda row: f"/book/{row.token}/calendar.ics", PUBLIC, prepare=a_booking),
    Row(
        "book/<slug:token>/cancel/",
        lambda row: f"/book/{row.token}/cancel/",
        AND_IS_SENT_ON,
        method="post",
        prepare=a_booking,
    ),
    Row(
        "book/<slug:token>/restore/",
        lambda row: f"/book/{row.token}/restore/",
        AND_IS_SENT_ON,
        method="post",
        prepare=a_booking,
    ),
    Row(
        "desk/bookings/",
        lambda cast: f"/desk/bookings/?centre={cast.centre.code}",
        {"clerk": 200, "supervisor": 200, "manager": 200, **AT_DESK},
        prepare=planned,
    ),
    Row(
        "desk/bookings/check-in/",
        "/desk/bookings/check-in/",
        {"clerk": 302, "supervisor": 302, "manager": 403, **AT_DESK},
        method="post",
        prepare=one_that_is_due,
        data=lambda row: {"centre": row.slot.place.code, "code": row.code},
    ),
    Row("/api/v1/slots", lambda cast: f"/api/v1/slots?place={cast.centre.code}", BY_TOKEN, kind="api", prepare=planned),
    Row(
        "/api/v1/bookings",
        "/api/v1/bookings",
        BY_TOKEN | {"clerk": 201, "manager": 201},
        kind="api",
        method="post",
        prepare=planned,
        data=lambda cast: {"place": cast.centre.code, "starts_at": tomorrow().isoformat(), "item": None},
    ),
]
