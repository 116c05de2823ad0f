"""The points' screens in the CMS: bounded by the editor's place, through the services, with clear words on bad input."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.journal import services as journal
from portal.base.places import record
from portal.base.places import services as places
from portal.base.places.models import OpeningInterval, Place
from portal.base.rights.models import Role
from tests.base.test_calendars import year_2027
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(site, cast, client_for):
    return client_for(cast.editor)


@pytest.fixture
def own_editor(site, cast, client_for):
    """An editor of one subdistrict."""
    return client_for(make_user("own_editor", "小编", (Role.EDITOR, cast.subdistrict)))


def form_of(place: Place, **changes: str) -> dict[str, str]:
    """What the edit page would send back unchanged, with changes."""
    rows = list(place.opening_intervals.all())
    sent = {
        "name": place.name, "name_en": "", "short_name": "", "kind": place.kind, "address": place.address,
        "directions": "", "phone": "", "latitude": str(place.latitude), "longitude": str(place.longitude),
        "is_step_free": "on", "has_remote_window": "on",
        "hours-TOTAL_FORMS": str(len(rows) + 2), "hours-INITIAL_FORMS": str(len(rows)),
        "days-TOTAL_FORMS": "2", "days-INITIAL_FORMS": "0",
    }  # fmt: skip
    for number, row in enumerate(rows):
        sent |= {f"hours-{number}-weekday": str(row.weekday), f"hours-{number}-opens": "0:00",
                 f"hours-{number}-closes": "24:00", f"hours-{number}-on_holidays": "on"}  # fmt: skip
    return sent | changes


def test_the_list_shows_at_a_glance_which_point_is_open(editor, cast):
    places.change_status(cast.point, "suspended", reason="线路检修", by="test")
    page = editor.get("/cms/points/").content.decode()
    assert "线路检修" in page and cast.other_point.name in page
    page = editor.get("/cms/points/?only=open").content.decode()
    assert cast.point.name not in page and cast.second_point.name in page


def test_an_editor_of_one_subdistrict_sees_and_touches_only_its_own(own_editor, cast):
    page = own_editor.get("/cms/points/").content.decode()
    assert cast.point.name in page and cast.other_point.name not in page
    code = cast.other_point.code
    for address in (f"/cms/points/{code}/", f"/cms/points/{code}/status/"):
        assert own_editor.get(address).status_code in (302, 403)
    answer = own_editor.post(f"/cms/points/{code}/status/", {"status": "closed", "reason": "x"})
    assert answer.status_code in (302, 403)
    cast.other_point.refresh_from_db()
    assert cast.other_point.status == "open"
    written = own_editor.get("/cms/points/export/json/").content
    assert {row["subdistrict"] for row in json.loads(written)["points"]} == {cast.subdistrict.name}
    # The holidays hold for every place, so they are the district's.
    assert own_editor.get("/cms/points/holidays/").status_code in (302, 403)


def test_a_point_is_edited_with_its_hours(editor, cast):
    sent = form_of(cast.point, address="新路 2 号", **{
        "hours-7-weekday": "7", "hours-7-opens": "9:00", "hours-7-closes": "16:00",
        "days-0-date": "2026-12-24", "days-0-reason": "学习",
    })  # fmt: skip
    answer = editor.post(f"/cms/points/{cast.point.code}/", sent)
    assert answer.status_code == 302
    cast.point.refresh_from_db()
    assert cast.point.address == "新路 2 号"
    assert cast.point.opening_intervals.filter(weekday=7).count() == 1 and cast.point.opening_intervals.count() == 8
    assert cast.point.opening_exceptions.get().reason == "学习"
    assert "新路 2 号" in editor.get(f"/points/{cast.point.code}/").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"latitude": "121.45", "longitude": "31.27"}, "写反了"),
        ({"longitude": "122.9"}, "也许在海里"),
        ({"hours-7-weekday": "0", "hours-7-opens": "9:00", "hours-7-closes": "10:00"}, "重叠"),
        ({"hours-7-weekday": "0", "hours-7-opens": "9:00"}, "一行要有星期、开门和关门"),
        ({"hours-7-weekday": "0", "hours-7-opens": "early", "hours-7-closes": "10:00"}, "early"),
        ({"days-0-date": "2026-12-24"}, "请写原因"),
        ({"name": ""}, "还有不对的地方"),
    ],
)
def test_bad_input_is_named_and_nothing_typed_is_lost(editor, cast, changes, sentence):
    answer = editor.post(f"/cms/points/{cast.point.code}/", form_of(cast.point, address="打了一半", **changes))
    page = answer.content.decode()
    assert answer.status_code == 200 and sentence in page and "打了一半" in page
    cast.point.refresh_from_db()
    assert cast.point.address == "" and cast.point.opening_intervals.count() == 7


def test_a_status_is_changed_planned_taken_back_and_undone(editor, cast):
    address = f"/cms/points/{cast.point.code}/status/"
    page = editor.post(address, {"status": "moved", "reason": "搬家"}).content.decode()
    assert "请写搬到哪里" in page and "搬家" in page
    editor.post(address, {"status": "moved", "reason": "搬家", "moved_to": cast.second_point.code})
    cast.point.refresh_from_db()
    assert cast.point.moved_to == cast.second_point
    page = editor.get(address).content.decode()
    assert "顾编辑" in page and "搬家" in page
    editor.post(f"{address}undo/", {"change": places.change_to_undo(cast.point).pk})
    cast.point.refresh_from_db()
    assert cast.point.status == "open"
    start = timezone.localtime() + timedelta(days=3)
    editor.post(address, {"status": "suspended", "reason": "装修", "starts_at": f"{start:%Y-%m-%dT%H:%M}"})
    change = places.planned_changes(Place.objects.get(pk=cast.point.pk))[0]
    assert change.reason == "装修" and "装修" in editor.get(address).content.decode()
    editor.post(f"{address}{change.pk}/cancel/")
    assert places.planned_changes(Place.objects.get(pk=cast.point.pk)) == []
    assert "没有可以" not in editor.get(address).content.decode()


def test_a_status_needs_its_reason(editor, cast):
    address = f"/cms/points/{cast.point.code}/status/"
    editor.post(address, {"status": "suspended", "reason": " "})
    cast.point.refresh_from_db()
    assert cast.point.status == "open" and not cast.point.status_changes.exists()


def test_a_new_point_begins_as_planned(own_editor, cast):
    sent = {"subdistrict": cast.subdistrict.code, "code": "new-1", "kind": "building", "name": "新楼"}
    own_editor.post("/cms/points/add/", sent)
    place = Place.objects.get(code="new-1")
    assert (place.status, place.get_parent()) == ("planned", cast.subdistrict)
    assert "已经有了" in own_editor.post("/cms/points/add/", sent | {"name": "别的"}).content.decode()
    own_editor.post("/cms/points/add/", sent | {"code": "new-2", "subdistrict": cast.other_subdistrict.code})
    assert not Place.objects.filter(code="new-2").exists()


def test_holidays_are_uploaded_or_refused_whole(editor):
    def upload(table: dict) -> str:
        file = SimpleUploadedFile("2027.json", json.dumps(table).encode())
        return editor.post("/cms/points/holidays/", {"file": file}, follow=True).content.decode()

    whole = year_2027()
    gap = whole | {"days": [entry for entry in whole["days"] if "端午" not in entry["name"]]}
    assert "少了端午" in upload(gap) and not HolidayYear.objects.exists()
    upload(whole)
    assert Holiday.objects.filter(year=2027).count() == 33
    assert "中间断了" in upload(whole | {"days": [e for e in whole["days"] if e["date"] != "2027-10-03"]})
    assert Holiday.objects.filter(year=2027).count() == 33


def test_the_export_is_a_file_of_each_kind(editor):
    for kind, start in (("csv", b"\xef\xbb\xbf"), ("json", b"{"), ("xlsx", b"PK")):
        answer = editor.get(f"/cms/points/export/{kind}/")
        assert answer.content.startswith(start) and "attachment" in answer["Content-Disposition"]
    assert editor.get("/cms/points/export/exe/").status_code == 404


def test_two_saves_of_the_same_hours_change_nothing(editor, cast):
    before = set(OpeningInterval.objects.values_list("pk", flat=True))
    editor.post(f"/cms/points/{cast.point.code}/", form_of(cast.point))
    assert set(OpeningInterval.objects.values_list("pk", flat=True)) == before


def test_what_was_changed_stands_in_the_history_with_who_and_why(editor, cast):
    """Old and new, in words, for address, position and hours alike; a second save of the same writes nothing."""
    sent = form_of(cast.point, address="新路 1 号", longitude="121.4512", why="门口改道")
    sent |= {"hours-0-opens": "9:30", "hours-0-closes": "17:00"}
    for _time in range(2):
        editor.post(f"/cms/points/{cast.point.code}/", sent)
    (change,) = record.latest_changes(cast.point)
    assert change.by == f"user:{cast.editor.pk}" and change.reason == "门口改道"
    assert change.changes["address"] == ["", "新路 1 号"]
    assert change.changes["longitude"] == [121.45, 121.4512] and set(change.changes) == {
        "address",
        "longitude",
        "hours",
    }
    assert journal.chain_faults((record.SUBJECT, cast.point.pk)) == []
    page = editor.get(f"/cms/points/{cast.point.code}/status/").content.decode()
    for words in ("新路 1 号", "门口改道", "顾编辑", "<del>121.45</del> → <ins>121.4512</ins>", "周一 9:30–17:00"):
        assert words in page


def test_a_refused_change_leaves_no_trace_in_the_history(editor, cast):
    editor.post(f"/cms/points/{cast.point.code}/", form_of(cast.point, latitude="30.9", longitude="122.9"))
    assert record.latest_changes(cast.point) == []
