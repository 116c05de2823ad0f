"""The resident's way: what, where, when, what one leaves, the booking; every dead end has a way on."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.urls import reverse

from content.guides.services import build_site
from content.items import services as items
from content.items.models import LifeEvent, LifeEventItem
from content.notices.services import issue_notice
from portal.base.places.services import change_status
from servicedesk.booking import services as booking
from servicedesk.booking.models import Booking
from tests.servicedesk.booking.conftest import starts_in, tomorrow
from tests.servicedesk.cases import at_desk
from tests.servicedesk.kiosk.screens import device_client

pytestmark = pytest.mark.django_db


def text_of(answer) -> str:
    return answer.content.decode()


def links(answer) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="(/book/\?[^"#]*)', text_of(answer))]


def post_time(client, page, at) -> object:
    """Press a time's button, with what stands in the page's own form."""
    form = text_of(page).split('id="times"', 1)[1]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert at.isoformat() in form, "the page shows this time as a button"
    return client.post("/book/hold/", fields | {"starts": at.isoformat()})


def test_from_the_item_to_the_booking_without_javascript(client, planned, item):
    first = client.get("/book/")
    url = next(link for link in links(first) if f"item={item.key}" in link)
    where = client.get(url)
    assert planned.centre.name in text_of(where) and planned.second_point.name not in text_of(where)
    url = next(link for link in links(where) if f"place={planned.point.code}" in link)
    when = client.get(f"{url}&day={tomorrow().date().isoformat()}")
    held = post_time(client, when, tomorrow())
    assert held.status_code == 302
    row = Booking.objects.get()
    assert (row.state, row.item, row.slot.place, row.slot.starts_at) == ("held", item, planned.point, tomorrow())
    details = client.get(held["Location"], follow=True)
    assert planned.point.name in text_of(details) and "可以不填" in text_of(details)
    done = client.post(details.redirect_chain[-1][0], {"phone": "", "number": ""}, follow=True)
    assert booking.spoken_code(row) in text_of(done) and "<svg" in text_of(done)
    row.refresh_from_db()
    assert (row.state, row.phone_sealed) == ("booked", None)


def test_advice_is_booked_without_an_item(client, planned):
    url = next(link for link in links(client.get("/book/")) if "item=advice" in link)
    when = client.get(f"{url}&place={planned.centre.code}&day={tomorrow().date().isoformat()}")
    post_time(client, when, tomorrow())
    assert Booking.objects.get().item is None


def test_the_guide_and_the_front_door_lead_to_booking_with_the_item_chosen(client, planned, item):
    build_site(theme="jingan", district_place=planned.district, hostname="testserver", port=80)
    assert f'href="/book/?item={item.key}"' in text_of(client.get(f"/guides/{item.key}/"))
    front = text_of(client.get("/"))
    assert 'href="/book/"' in front
    assert 'href="/en/book/"' in text_of(client.get("/en/"))


def test_the_notice_goes_along_and_is_what_to_bring(client, planned, item):
    notice = issue_notice(items.current_edition(item), {})
    page = text_of(client.get(f"/notices/{notice.token}/"))
    assert f'href="/book/?notice={notice.token}"' in page
    where = client.get(f"/book/?notice={notice.token}")
    assert item.name in text_of(where)
    url = next(link for link in links(where) if f"place={planned.centre.code}" in link)
    assert f"notice={notice.token}" in url
    held = post_time(client, client.get(f"{url}&day={tomorrow().date().isoformat()}"), tomorrow())
    assert held.status_code == 302
    done = client.post(f"/book/{Booking.objects.get().token}/details/", follow=True)
    assert Booking.objects.get().notice_id == notice.pk
    assert f"/notices/{notice.token}/" in text_of(done)
    assert f'/book/?notice={notice.token}&amp;kiosk=1"' in text_of(client.get(f"/notices/{notice.token}/?kiosk"))


def test_what_was_typed_wrong_stays_with_a_sentence_at_the_field(client, planned):
    held = booking.hold(planned.centre, tomorrow(), actor="resident")
    answer = client.post(f"/book/{held.token}/details/", {"phone": "12", "number": "110105194912310021"})
    assert answer.status_code == 400
    assert 'value="12"' in text_of(answer) and "id_phone_error" in text_of(answer)
    answer = client.post(f"/book/{held.token}/details/", {"phone": "", "number": "110105194912310021"})
    assert answer.status_code == 400 and "id_number_error" in text_of(answer)
    held.refresh_from_db()
    assert held.state == "held"


def test_who_took_too_long_chooses_again_with_everything_chosen(client, planned, item):
    held = booking.hold(planned.centre, tomorrow(), item=item, actor="resident")
    Booking.objects.update(held_until=tomorrow(days=-1))
    booking.expire_holds()
    answer = client.get(f"/book/{held.token}/")
    assert answer.status_code == 200 and f"item={item.key}" in text_of(answer)
    assert client.get(f"/book/{held.token}/details/").status_code == 302


def test_a_time_that_was_just_taken_is_said_beside_what_is_left(client, planned, make):
    page = client.get(f"/book/?item=advice&place={planned.point.code}&day={tomorrow().date().isoformat()}")
    make(planned.point)
    answer = post_time(client, page, tomorrow())
    assert answer.status_code == 409
    assert "刚刚" in text_of(answer) and tomorrow(10, 30).isoformat() in text_of(answer)
    assert tomorrow().isoformat() not in text_of(answer), "what is taken is no button"


def test_nothing_free_here_leads_to_where_there_is_time(client, planned):
    change_status(planned.point, "suspended", reason="装修", by="test")
    answer = client.get(f"/book/?item=advice&place={planned.point.code}")
    assert any(f"place={planned.centre.code}" in link for link in links(answer))
    none = client.get(f"/book/?item=advice&place={planned.second_point.code}")
    assert none.status_code == 200 and planned.centre.name in text_of(none)
    assert "不接受预约" in text_of(none)


def test_a_full_day_says_when_the_next_time_is_free(client, planned):
    planned.point.slot_plans.update(starts="10:00", ends="10:30")
    booking.book_at_once(planned.point, tomorrow(), actor="resident")
    answer = client.get(f"/book/?item=advice&place={planned.point.code}&day={tomorrow().date().isoformat()}")
    assert "约满" in text_of(answer)
    assert f"day={tomorrow(days=2).date().isoformat()}" in text_of(answer)


def test_by_subdistrict_only_its_places_are_shown(client, planned):
    booking.plan_where_none(type(planned.centre).objects.all())
    answer = text_of(client.get(f"/book/?item=advice&area={planned.other_subdistrict.code}"))
    assert planned.other_point.name in answer and planned.point.name not in answer


def test_a_button_pressed_twice_takes_one_seat(client, planned):
    page = client.get(f"/book/?item=advice&place={planned.centre.code}&day={tomorrow().date().isoformat()}")
    first, second = post_time(client, page, tomorrow()), post_time(client, page, tomorrow())
    assert first["Location"] == second["Location"]
    row = Booking.objects.get()
    for _press in range(2):
        assert client.post(f"/book/{row.token}/details/")["Location"] == f"/book/{row.token}/"


# --- the booking's page --------------------------------------------------------------------------------------------


def test_cancelling_has_a_way_back_and_changing_keeps_the_code(client, planned, make):
    row = make()
    page = client.post(f"/book/{row.token}/cancel/", follow=True)
    assert f"/book/{row.token}/restore/" in text_of(page)
    assert booking.by_token(row.token).state == "cancelled"
    client.post(f"/book/{row.token}/restore/")
    row = booking.by_token(row.token)
    assert row.state == "booked"
    url = next(link for link in links(client.get(f"/book/{row.token}/")) if "change=" in link)
    when = client.get(f"{url}&day={tomorrow(days=3).date().isoformat()}")
    post_time(client, when, tomorrow(15, days=3))
    moved = booking.by_token(row.token)
    assert (moved.slot.starts_at, moved.code) == (tomorrow(15, days=3), row.code)
    assert Booking.objects.count() == 1


def test_each_state_of_a_booking_says_what_to_do(client, planned, make):
    row = starts_in(make(), timedelta(minutes=5))
    ticket, _new = booking.check_in(row, at=planned.centre, actor="user:1")
    page = text_of(client.get(f"/book/{row.token}/"))
    assert ticket.number in page and ticket.track_code in page
    missed = starts_in(make(planned.point), -timedelta(minutes=90))
    booking.miss_late()
    page = client.get(f"/book/{missed.token}/")
    assert any(f"place={planned.point.code}" in link for link in links(page))


def test_a_closed_place_warns_on_the_page_with_the_way_to_change(client, planned, make):
    row = make(planned.point)
    change_status(planned.point, "suspended", reason="装修", by="test")
    page = client.get(f"/book/{row.token}/")
    assert any(f"change={row.token}" in link for link in links(page)) and "banner--warn" in text_of(page)


def test_the_calendars_file(client, planned, make, item):
    row = make(planned.point, item=item, phone="13800138000")
    answer = client.get(f"/book/{row.token}/calendar.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    raw = answer.content
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")) and raw.endswith(b"END:VCALENDAR\r\n")
    lines = raw.decode().replace("\r\n ", "").split("\r\n")
    assert f"UID:{row.pk}@linban" in lines and "STATUS:CONFIRMED" in lines and "SEQUENCE:0" in lines
    start = next(line for line in lines if line.startswith("DTSTART:"))
    assert start == f"DTSTART:{tomorrow().astimezone(__import__('datetime').UTC):%Y%m%dT%H%M%SZ}"
    description = next(line for line in lines if line.startswith("DESCRIPTION:"))
    assert item.name in description and row.token in description and "13800138000" not in raw.decode()
    booking.cancel(row)
    assert b"STATUS:CANCELLED" in client.get(f"/book/{row.token}/calendar.ics").content


def test_where_somebody_has_died_no_lamp_and_no_name_in_the_calendar(client, planned, item):
    event = LifeEvent.objects.create(key="loss", name="亲人离世", is_bereavement=True)
    LifeEventItem.objects.create(event=event, item=item)
    row = booking.hold(planned.centre, tomorrow(), item=item, actor="resident")
    page = text_of(client.get(f"/book/{row.token}/details/"))
    assert "button--lamp" not in page and "data-quiet" in page
    booking.book(row)
    assert item.name not in client.get(f"/book/{row.token}/calendar.ics").content.decode()


def test_nothing_of_it_is_kept_in_the_page_cache(client, planned, make):
    row = make()
    for address in ("/book/", f"/book/{row.token}/", f"/book/?item=advice&place={planned.centre.code}"):
        assert "no-store" in client.get(address)["Cache-Control"]


# --- at the kiosk --------------------------------------------------------------------------------------------------


def test_at_the_kiosk_its_own_place_is_chosen_and_one_press_books(planned, item):
    device, _private = at_desk.a_kiosk(planned.point)
    kiosk = device_client(device)
    when = kiosk.get(f"/book/?kiosk=1&item={item.key}&day={tomorrow().date().isoformat()}")
    assert planned.point.name in text_of(when) and "data-idle" in text_of(when)
    done = post_time(kiosk, when, tomorrow())
    row = Booking.objects.get()
    assert (row.state, row.slot.place) == ("booked", planned.point)
    page = kiosk.get(done["Location"])
    assert booking.spoken_code(row) in text_of(page) and 'href="/kiosk/"' in text_of(page)
    assert planned.centre.name in text_of(kiosk.get(f"/book/?kiosk=1&item={item.key}&elsewhere"))


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "item=nothing", "item=%00", "item=" + "x" * 3000, "item=advice&place=%00", "item=advice&place=none",
        "item=advice&area=none", "notice=none", "change=none", "item=advice&day=2026-13-45", "words=" + quote("没有这件事"),
        "words=%00",
    ],
)  # fmt: skip
def test_choices_that_do_not_exist_lead_back_to_choosing(client, planned, query):
    assert client.get(f"/book/?{query}").status_code == 200


@pytest.mark.parametrize(
    "starts", ["", "now", "2026-11-27T10:00", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"]
)
def test_times_that_are_none_are_not_held(client, planned, starts):
    given = {"item": "advice", "place": planned.centre.code, "starts": starts}
    assert client.post("/book/hold/", given).status_code in (302, 409)
    assert not Booking.objects.exists()


def test_an_unknown_link_has_a_way_on(client, planned):
    for name in ("booking", "booking_details", "booking_calendar"):
        answer = client.get(reverse(name, args=["a" * 20]))
        assert answer.status_code == 404 and "/book/" in text_of(answer)
    for name in ("booking_cancel", "booking_restore"):
        assert client.post(reverse(name, args=["a" * 20])).status_code == 404
        assert client.get(reverse(name, args=["a" * 20])).status_code == 405


def test_holding_many_times_from_one_address_is_slowed_down(client, planned):
    given = {"item": "advice", "place": planned.centre.code, "starts": "none"}
    statuses = [client.post("/book/hold/", given).status_code for _number in range(21)]
    assert statuses[-1] == 429 and statuses[0] == 302
