"""Loading a district from a workbook: all or nothing, repeatable, errors by sheet, row and column."""

from datetime import datetime
from io import StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from content.points.services import schematic_areas, shown_outline
from portal.base.accounts.models import User
from portal.base.journal.models import JournalEntry
from portal.base.places import district, record
from portal.base.places.models import Counter, OpeningInterval, Place
from portal.base.places.shapes import is_inside
from portal.base.rights import services as rights
from portal.base.rights.models import RoleAssignment

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
DEMO = Path(district.__file__).parent / "data/demo_district.xlsx"

SMALL: dict[str, list[list[object]]] = {
    "places": [
        ["code", "parent", "level", "name"],
        ["31", None, "city", "上海市"],
        [310106, 31, "district", "静安区"],
        ["310106019000", "310106", "subdistrict", "大宁路街道"],
    ],
    "centres": [["code", "subdistrict", "name"], ["310106019000-C", 310106019000, "大宁路受理中心"]],
    "counters": [["centre", "number", "name"], ["310106019000-C", 1, "1 号窗口"]],
    "points": [
        ["code", "subdistrict", "kind", "name", "latitude", "longitude", "status", "status_reason", "status_until"],
        ["P01", "310106019000", "committee", "慧芝湖居委会", 31.28, 121.45, None, None, None],
        ["P02", "310106019000", "building", "大宁大厦", 31.28, 121.45, "suspended", "装修", datetime(2126, 1, 1)],
    ],
    "hours": [["place", "weekdays", "opens", "closes", "on_holidays"], ["P01", "1-5", "8:30", "17:00", "否"]],
    "staff": [["username", "display_name", "staff_number", "password"], ["li", "李一", "JA1", "correct-horse-9"]],
    "roles": [["username", "role", "place"], ["li", "clerk", "310106019000-C"]],
}


def book(path: Path, **changes: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in (SMALL | changes).items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


@pytest.fixture
def small(tmp_path) -> Path:
    return book(tmp_path / "small.xlsx")


def test_a_workbook_becomes_places_counters_hours_staff_and_roles(small):
    district.load(small)
    point = Place.objects.get(code="P01")
    assert point.get_parent().code == "310106019000" and point.get_parent().get_parent().code == "310106"
    assert Counter.objects.get().centre.code == "310106019000-C"
    assert list(point.opening_intervals.values_list("weekday", flat=True)) == [0, 1, 2, 3, 4]
    assert not point.opening_intervals.first().on_holidays
    user = User.objects.get(username="li")
    assert user.check_password("correct-horse-9") and str(user) == "李一"
    assert rights.reaches(user, ("clerk",), Place.objects.get(code="310106019000-C"))
    suspended = Place.objects.get(code="P02")
    assert (suspended.status, suspended.status_reason) == ("suspended", "装修")
    assert suspended.status_changes.get().changed_by == "setup_district"


def test_loading_again_changes_nothing(small):
    district.load(small)
    before = list(Place.objects.values_list("pk", "path", "changed_at"))
    report = district.load(small)
    assert (report.added, report.changed) == ({}, {})
    assert list(Place.objects.values_list("pk", "path", "changed_at")) == before
    assert OpeningInterval.objects.count() == 5 and RoleAssignment.objects.count() == 1


def test_what_the_file_changes_is_changed_and_what_it_does_not_name_stays(small, tmp_path):
    district.load(small)
    User.objects.get(username="li").set_password("my-own-password-1")
    points = [
        ["code", "subdistrict", "kind", "name"],
        ["P01", "310106019000", "committee", "慧芝湖居民区"],
        ["P03", "310106019000", "park", "大宁园"],
    ]
    hours = [["place", "weekdays", "opens", "closes"], ["P01", "6", "9:00", "24:00"]]
    report = district.load(book(tmp_path / "next.xlsx", points=points, hours=hours))
    assert (report.added["points"], report.changed["points"], report.changed["hours"]) == (1, 1, 1)
    assert Place.objects.get(code="P01").name == "慧芝湖居民区"
    assert Place.objects.filter(code="P02").exists()
    assert list(OpeningInterval.objects.values_list("weekday", flat=True)) == [5]


def test_a_point_moves_to_another_subdistrict(small, tmp_path):
    district.load(small)
    places = [*SMALL["places"], ["310106012000", "310106", "subdistrict", "南京西路街道"]]
    points = [SMALL["points"][0], ["P01", "310106012000", *SMALL["points"][1][2:]], SMALL["points"][2]]
    district.load(book(tmp_path / "next.xlsx", places=places, points=points))
    assert Place.objects.get(code="P01").get_parent().code == "310106012000"
    assert Place.find_problems() == ([], [], [], [], [])


def test_a_dry_run_says_what_would_happen_and_changes_nothing(small):
    out = StringIO()
    call_command("setup_district", small, "--dry-run", stdout=out)
    assert "points: 2 added" in out.getvalue() and "dry run" in out.getvalue()
    assert not Place.objects.exists() and not User.objects.filter(username="li").exists()


@pytest.mark.parametrize(
    ("sheet", "row", "sentence"),
    [
        ("points", ["P09", "nowhere", "committee", "x"], "points, row 4, subdistrict (街镇代码): nowhere is no place"),
        (
            "points",
            ["P09", "310106", "committee", "x"],
            "points, row 4, subdistrict (街镇代码): 310106 is no subdistrict",
        ),
        ("points", ["P09", "310106019000", "castle", "x"], "points, row 4, kind (类别): is “castle”; allowed are"),
        ("points", ["P09", "310106019000", "park", None], "points, row 4, name (名称): is empty"),
        ("points", ["P01", "310106019000", "park", "x"], "points, row 4, code (代码): stands already in points, row 2"),
        (
            "points",
            ["P09", "310106019000", "park", "x", 121.4, 31.2],
            "points, row 4, latitude (纬度): is “121.4”. Latitude and",
        ),
        (
            "points",
            ["P09", "310106019000", "park", "x", 31.3],
            "latitude (纬度): is “31.3”. Latitude and longitude are",
        ),
        (
            "points",
            ["P09", "310106019000", "park", "x", "north", 121],
            "latitude (纬度): is “north”; it must be degrees",
        ),
        (
            "hours",
            ["P01", "5", "16:00", "18:00"],
            "hours, row 3, opens (开门): Friday: 8:30–17:00 and 16:00–18:00 overlap",
        ),
        ("points", ["P09", "310106019000", "park", "x", 31, 121, "closed"], "row 4, status_reason (原因): is empty"),
        ("counters", ["310106019000-C", "two"], "counters, row 3, number (窗口号): must be a whole number"),
        ("hours", ["P01", "8", "9:00", "10:00"], "hours, row 3, weekdays (星期): is “8”"),
        ("hours", ["P01", "1", "late", "10:00"], "hours, row 3, opens (开门): is “late”"),
        ("hours", ["P01", "1", "11:00", "10:00"], "hours, row 3, closes (关门): is not after the opening"),
        ("hours", ["P01", "1", "9:00", "10:00", "perhaps"], "row 3, on_holidays (节假日开放): is “perhaps”"),
        ("staff", ["wu", None], "staff, row 3, display_name (姓名): is empty"),
        ("staff", ["wu", "吴", None, "short"], "staff, row 3, password (初始密码): This password is too short"),
        ("roles", ["wu", "clerk", "P01"], "roles, row 3, username (账号): is neither in the file nor an account"),
        ("roles", ["li", "king", "P01"], "roles, row 3, role (岗位): is “king”"),
    ],
)
def test_an_error_is_named_by_sheet_row_and_column_and_nothing_is_done(tmp_path, sheet, row, sentence, settings):
    settings.LANGUAGE_CODE = "en"
    path = book(tmp_path / "wrong.xlsx", **{sheet: [*SMALL[sheet], row]})
    err = StringIO()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("setup_district", path, stderr=err)
    assert sentence in err.getvalue()
    assert not Place.objects.exists() and not User.objects.filter(username="li").exists()


def test_several_errors_are_said_at_once(tmp_path):
    rows = [*SMALL["points"], ["P08", "nowhere", "park", "x"], ["P09", "310106019000", "castle", "x"]]
    with pytest.raises(district.DistrictRefused) as caught:
        district.load(book(tmp_path / "wrong.xlsx", points=rows))
    assert len(caught.value.report.errors) == 2


def test_a_position_in_the_sea_is_named_by_its_cell(tmp_path, settings):
    settings.LANGUAGE_CODE = "en"
    head, first, second = SMALL["points"]
    others = [[f"P{n}", *first[1:]] for n in range(20, 24)]
    lost = ["P30", "310106019000", "park", "远处", 31.28, 122.6]
    with pytest.raises(
        district.DistrictRefused, match=r"points, row 8, latitude \(纬度\): is “31.28, 122.6”. This is 109 km"
    ):
        district.load(book(tmp_path / "sea.xlsx", points=[head, first, second, *others, lost]))
    assert not Place.objects.exists()


def test_a_point_that_moved_says_where_to_even_further_down(tmp_path):
    head = [*SMALL["points"][0], "moved_to"]
    rows = [
        head,
        ["P01", "310106019000", "committee", "旧址", None, None, "moved", "房子小", None, "P02"],
        ["P02", "310106019000", "committee", "新址"],
    ]
    path = book(tmp_path / "moved.xlsx", points=rows)
    district.load(path)
    assert Place.objects.get(code="P01").moved_to.code == "P02"
    assert district.load(path).changed == {}
    rows[1][-1] = "P77"
    with pytest.raises(district.DistrictRefused, match="P77"):
        district.load(book(tmp_path / "wrong.xlsx", points=rows))


def test_make_up_days_are_read(tmp_path):
    hours = [
        ["地点代码", "星期", "开门", "关门", "补班日开放"],
        ["P01", "1-5", "8:30", "17:00", "是"],
        ["P02", "1-5,补班", "9:00", "16:00", None],
    ]
    district.load(book(tmp_path / "hours.xlsx", hours=hours))
    assert OpeningInterval.objects.filter(weekday=7).count() == 2


def test_a_missing_sheet_and_a_file_that_is_no_workbook_are_said(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.save(tmp_path / "empty.xlsx")
    with pytest.raises(district.DistrictRefused, match="places"):
        district.load(tmp_path / "empty.xlsx")
    (tmp_path / "no.xlsx").write_text("no workbook")
    with pytest.raises(district.DistrictRefused, match="no.xlsx"):
        district.load(tmp_path / "no.xlsx")


def test_the_demo_district_stands(settings):
    report = district.load(DEMO)
    assert report.added["points"] == 248 and report.added["centres"] == 14 and report.added["counters"] == 56
    assert Place.objects.filter(level="subdistrict").count() == 14
    assert Place.objects.get(code="310106019000-P01").name == "慧芝湖居委会"
    assert Place.objects.get(code="310106012000-P01").name == "华业居民区"
    assert set(RoleAssignment.objects.values_list("role", flat=True)) == set(rights.Role.values)
    assert str(User.objects.get(username="clerk.daning.1")) == "陈晓雯"
    assert not Place.objects.filter(level__in=["centre", "point"], is_demo=False).exists()
    assert not Place.objects.filter(level__in=["centre", "point"], opening_intervals=None).exists()
    assert len(set(Place.objects.values_list("name", flat=True))) == Place.objects.count()
    assert set(Place.objects.filter(level="point").values_list("kind", flat=True)) >= {"committee", "building", "park"}
    assert {"suspended", "planned"} <= set(Place.objects.values_list("status", flat=True))


def test_every_place_of_the_demo_lies_in_its_own_part_of_the_drawn_district(settings):
    """What the map draws and where the pins stand is one picture: no pin outside the outline, none at a neighbour's."""
    district.load(DEMO)
    areas = {
        area["code"]: area["ring"] for area in schematic_areas(Place.objects.filter(level__in=("centre", "point")))
    }
    assert len(areas) == 14
    outline = shown_outline().ring
    by_path = {place.path: place.code for place in Place.objects.filter(level="subdistrict")}
    strays = []
    for place in Place.objects.filter(level__in=("centre", "point")):
        where = place.longitude, place.latitude
        if not is_inside(where, outline) or not is_inside(where, areas[by_path[place.path[: -Place.steplen]]]):
            strays.append(place.code)
    assert strays == []


def test_the_committed_workbook_is_what_its_script_writes(tmp_path):
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "make_demo_district", Path(__file__).parents[2] / "script/make_demo_district.py"
    )
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    maker.write(tmp_path / "fresh.xlsx")

    def cells(path: Path) -> dict[str, list]:
        workbook = openpyxl.load_workbook(path)
        return {name: list(workbook[name].values) for name in workbook.sheetnames}

    assert cells(tmp_path / "fresh.xlsx") == cells(DEMO)


def test_a_workbook_leaves_who_changed_what_from_what(small, tmp_path):
    """The load goes by the same service as the CMS: every place has its record, a second load of the same adds nothing."""
    district.load(small)
    point = Place.objects.get(code="P01")
    hours, added = record.latest_changes(point)
    assert added.is_new and not hours.is_new and {added.by, hours.by} == {"setup_district"}
    assert added.changes["name"] == [None, "慧芝湖居委会"] and added.changes["latitude"] == [None, 31.28]
    assert hours.changes["hours"] == [[], [[day, "08:30:00", "17:00:00", None, False] for day in range(5)]]
    district.load(small)
    assert record.latest_changes(point) == [hours, added]
    places = [*SMALL["places"], ["310106012000", "310106", "subdistrict", "南京西路街道"]]
    points = [[*SMALL["points"][0], "address"], ["P01", "310106012000", *SMALL["points"][1][2:], "新路 2 号"]]
    district.load(book(tmp_path / "next.xlsx", places=places, points=points))
    moved, changed = record.latest_changes(point)[:2]
    assert changed.changes == {"address": ["", "新路 2 号"]}
    assert moved.changes == {"parent": ["310106019000", "310106012000"]}


def test_a_dry_run_leaves_no_record(small):
    district.load(small, dry_run=True)
    assert not JournalEntry.objects.filter(subject_type=record.SUBJECT).exists()
