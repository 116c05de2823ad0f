"""The desk's list of the day and checking in by code; the plans in the CMS; the API's verbs; the command."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from content.items import services as items
from content.notices.services import issue_notice
from portal.base.accounts import services as accounts
from portal.base.rights.models import Role
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking, SlotPlan
from servicedesk.queueing.models import Ticket
from tests.cast import make_users
from tests.servicedesk.api.conftest import Caller
from tests.servicedesk.booking.conftest import starts_in, tomorrow

pytestmark = pytest.mark.django_db


def test_the_desk_sees_time_code_and_item_alone_and_checks_in(planned, make, item, client_for, cast):
    row = starts_in(make(item=item, phone="13800138000", number=cast.resident.number), timedelta(minutes=5))
    clerk = client_for(cast.clerk)
    page = clerk.get("/desk/bookings/").content.decode()
    assert booking.spoken_code(row) in page and item.name in page and "13800138000" not in page
    done = clerk.post(
        "/desk/bookings/check-in/", {"centre": planned.centre.code, "code": booking.spoken_code(row)}, follow=True
    )
    ticket = Ticket.objects.get()
    assert (ticket.number, ticket.channel) == ("B001", "booked") and "B001" in done.content.decode()
    again = clerk.post("/desk/bookings/check-in/", {"centre": planned.centre.code, "code": row.code}, follow=True)
    assert "B001" in again.content.decode() and Ticket.objects.count() == 1


def test_a_wrong_code_and_a_wrong_time_are_said(planned, make, client_for, cast):
    early = make()
    clerk = client_for(cast.clerk)
    for code in ("000000", "", "x" * 9000, early.code):
        answer = clerk.post("/desk/bookings/check-in/", {"centre": planned.centre.code, "code": code}, follow=True)
        assert answer.status_code == 200 and "toast" in answer.content.decode()
    assert not Ticket.objects.exists()
    assert clerk.post("/desk/bookings/check-in/", {"centre": "\0", "code": "1"}).status_code == 404


def test_another_office_neither_sees_nor_checks_in(planned, make, client_for, cast):
    row = starts_in(make(), timedelta(minutes=5))
    other = client_for(cast.other_clerk)
    assert row.code[:3] + " " + row.code[3:] not in other.get("/desk/bookings/").content.decode()
    assert other.get(f"/desk/bookings/?centre={planned.centre.code}").status_code == 403
    for centre in (planned.centre, planned.other_centre):
        other.post("/desk/bookings/check-in/", {"centre": centre.code, "code": row.code})
    assert not Ticket.objects.exists()


def test_another_day_is_shown_but_not_checked_in(planned, make, client_for, cast):
    row = make()
    page = client_for(cast.manager).get(f"/desk/bookings/?day={tomorrow().date().isoformat()}").content.decode()
    assert booking.spoken_code(row) in page and "check-in" not in page
    assert client_for(cast.clerk).get("/desk/bookings/?day=none").status_code == 200


# --- the CMS -------------------------------------------------------------------------------------------------------


def test_an_editor_plans_the_own_places_alone(planned, client_for, cast):
    booking.plan_where_none(type(planned.centre).objects.all())
    editor = make_users([("own_editor", "大宁编辑", ((Role.EDITOR, cast.subdistrict),))])["own_editor"]
    client, viewset = client_for(editor), SlotPlan.snippet_viewset
    listed = client.get(reverse(viewset.get_url_name("list"))).content.decode()
    assert cast.point.name in listed and cast.other_point.name not in listed
    own, other = SlotPlan.objects.get(place=cast.point), SlotPlan.objects.get(place=cast.other_point)
    fields = {
        "place": own.place_id,
        "weekday": "",
        "starts": "9:00",
        "ends": "11:00",
        "slot_minutes": 20,
        "capacity": 2,
    }
    edit = reverse(viewset.get_url_name("edit"), args=[own.pk])
    assert client.post(edit, fields).status_code == 302
    own.refresh_from_db()
    assert (own.slot_minutes, own.capacity) == (20, 2)
    assert client.get(reverse(viewset.get_url_name("edit"), args=[other.pk])).status_code in (302, 403)
    add = reverse(viewset.get_url_name("add"))
    assert client.post(add, fields | {"place": cast.other_point.pk, "weekday": "1"}).status_code == 200
    assert client.post(add, fields | {"starts": "10:00"}).status_code == 200, "it overlaps"
    assert SlotPlan.objects.count() == 6
    for stranger in (cast.clerk, cast.stranger):
        assert client_for(stranger).get(edit).status_code in (302, 403)


def test_the_command_plans_what_has_no_plan(planned):
    out = StringIO()
    call_command("plan_bookings", "--place", planned.other_subdistrict.code, stdout=out)
    assert out.getvalue().startswith("3 ")
    call_command("plan_bookings", stdout=out)
    assert SlotPlan.objects.count() == 6
    with pytest.raises(CommandError):
        call_command("plan_bookings", "--place", "none")


# --- the API -------------------------------------------------------------------------------------------------------


@pytest.fixture
def caller(cast) -> Caller:
    return Caller(*accounts.issue_token(role="clerk", place=cast.centre, name="api.booking"))


def test_a_system_books_a_time_that_it_was_shown(planned, item, cast):
    caller = Caller(*accounts.issue_token(role="clerk", place=cast.subdistrict, name="api.booking"))
    day = tomorrow().date().isoformat()
    times = caller.get(f"/slots?place={cast.point.code}&item={item.key}&day={day}").json()
    wanted = next(row for row in times if row["starts_at"].startswith(tomorrow().isoformat()[:16]))
    assert (wanted["capacity"], wanted["free"]) == (1, 1)
    notice = issue_notice(items.current_edition(item), {})
    body = {
        "place": cast.point.code, "starts_at": wanted["starts_at"], "item": item.key, "notice": notice.code,
        "card_number": cast.resident.number,
    }  # fmt: skip
    made = caller.post("/bookings", body, key="k1")
    assert made.status_code == 201, made.content
    assert caller.post("/bookings", body, key="k1").json() == made.json(), "once"
    row = Booking.objects.get()
    assert (str(row.pk), row.code, row.notice_id) == (made.json()["id"], made.json()["code"], notice.pk)
    assert made.json()["url"].endswith(f"/book/{row.token}/") and row.card_index
    full = caller.post("/bookings", body)
    assert (full.status_code, full.json()["code"]) == (409, "slot_full")
    assert caller.get(f"/slots?place={cast.point.code}&day={day}").json()[20]["free"] == 0


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"starts_at": "2020-01-01T10:00:00+08:00"}, 409, "slot_gone"),
        ({"starts_at": "9999-12-31T23:59:59+00:00"}, 409, "slot_gone"),
        ({"starts_at": "0001-01-01T00:00:00+00:00"}, 409, "slot_gone"),
        ({"starts_at": "2026-11-27T10:00:00"}, 409, "slot_gone"),
        ({"starts_at": "soon"}, 422, "invalid"),
        ({"item": "none"}, 404, "not_found"),
        ({"place": "none"}, 404, "not_found"),
        ({"notice": "ZZZZZZ"}, 404, "unknown_notice"),
        ({"phone": "12"}, 400, "bad_phone"),
        ({"card_number": "12"}, 400, "bad_number"),
    ],
)
def test_what_cannot_be_booked_is_a_problem_and_leaves_nothing(planned, caller, more, status, code):
    body = {"place": planned.centre.code, "starts_at": tomorrow().isoformat()} | more
    answer = caller.post("/bookings", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Booking.objects.exists()


def test_slots_of_a_place_without_a_plan_or_of_no_day_are_none(planned, caller):
    assert caller.get(f"/slots?place={planned.second_point.code}").json() == []
    assert caller.get(f"/slots?place={planned.centre.code}&day=9999-12-31").json() == []
    assert caller.get(f"/slots?place={planned.centre.code}&day=0001-01-01").status_code == 200
