"""The two calendars: when a place is open, and which days a case's clock counts."""

import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from portal.base.calendars import services as calendars
from portal.base.calendars.holidays import SHIPPED, HolidayFileError, load_holidays, read_table
from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.places import services as places
from portal.base.places.models import OpeningException, OpeningInterval, Place

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
ZONE = ZoneInfo("Asia/Shanghai")


def at(month: int, day: int, hour: int = 10, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def holidays():
    calendars.load_shipped_holidays()


@pytest.fixture
def office() -> Place:
    """Monday to Friday 9:00–11:30 and 13:00–17:00, not on holidays; the second Saturday of the month 9:00–11:30."""
    place = Place.add_root(code="P", name="慧芝湖居委会", level="point", kind="committee")
    for opens, closes in ((time(9), time(11, 30)), (time(13), time(17))):
        for weekday in range(5):
            OpeningInterval.objects.create(place=place, weekday=weekday, opens=opens, closes=closes, on_holidays=False)
    OpeningInterval.objects.create(place=place, weekday=5, nth=2, opens=time(9), closes=time(11, 30), on_holidays=False)
    return place


@pytest.fixture
def centre() -> Place:
    place = Place.add_root(code="C", name="受理中心", level="centre")
    for weekday in range(7):
        OpeningInterval.objects.create(place=place, weekday=weekday, opens=time(8, 30), closes=time(17))
    return place


# --- the case clock ---


def test_the_shipped_year_has_all_its_days(holidays):
    assert HolidayYear.objects.get(year=2026).days.filter(kind="holiday").count() == 33
    assert calendars.load_shipped_holidays() == []


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        (date(2026, 11, 23), True),  # an ordinary Monday
        (date(2026, 11, 22), False),  # an ordinary Sunday
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 9, 20), True),  # a Sunday that is worked for National Day
        (date(2026, 10, 10), True),
        (date(2026, 2, 15), False),
    ],
)
def test_working_days_of_2026(holidays, day, is_worked):
    assert calendars.is_working_day(day) is is_worked


def test_working_days_are_counted_over_holidays_and_make_up_days(holidays):
    # 30 September is a Wednesday; 1–7 October is off; 10 October, a Saturday, is worked.
    assert calendars.add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert calendars.add_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert calendars.add_working_days(date(2026, 9, 30), 4) == date(2026, 10, 12)
    assert calendars.add_working_days(date(2026, 11, 23), 0) == date(2026, 11, 23)


def test_a_year_that_is_not_loaded_is_said_and_not_guessed(holidays):
    with pytest.raises(calendars.UnknownYear, match="2027"):
        calendars.is_working_day(date(2027, 1, 4))
    with pytest.raises(calendars.UnknownYear, match="2027"):
        calendars.add_working_days(date(2026, 12, 30), 3)
    assert calendars.add_working_days(date(2026, 12, 30), 1) == date(2026, 12, 31)


# --- opening ---


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(11, 23, 9, 0), True),
        (at(11, 23, 8, 59), False),
        (at(11, 23, 11, 30), False),
        (at(11, 23, 16, 59), True),
        (at(11, 14, 10), True),  # the second Saturday
        (at(11, 21, 10), False),  # the third
        (at(10, 1, 10), False),  # a holiday
    ],
)
def test_a_committee_keeps_its_hours(holidays, office, moment, expected):
    assert calendars.is_open(office, moment) is expected


def test_a_centre_is_open_on_holidays_and_in_unknown_years(holidays, centre):
    assert calendars.is_open(centre, at(10, 1)) is True
    assert calendars.is_open(centre, at(3, 1, year=2027)) is True
    assert calendars.is_open(centre, at(3, 1, 17, 0, year=2027)) is False


def test_a_place_that_closes_on_holidays_is_not_known_in_an_unknown_year(holidays, office):
    assert calendars.is_open(office, at(3, 1, year=2027)) is None
    assert calendars.opening_today(office, at(3, 1, year=2027)) is None
    assert calendars.is_open(office, at(3, 7, year=2027)) is False  # a Sunday: no hours, whatever the holidays are


def test_a_place_without_hours_is_not_known():
    assert calendars.is_open(Place.add_root(code="X", name="x", level="centre"), at(11, 23)) is None


def test_an_exception_wins_over_the_table(holidays, office):
    OpeningException.objects.create(place=office, date=date(2026, 11, 23), reason="学习")
    OpeningException.objects.create(
        place=office, date=date(2026, 11, 22), opens=time(10), closes=time(12), reason="加开"
    )
    office = Place.objects.get(pk=office.pk)
    assert calendars.is_open(office, at(11, 23)) is False
    assert calendars.is_open(office, at(11, 22, 11)) is True


def test_closing_is_the_last_of_the_day(holidays, office):
    assert calendars.closes_at(office, at(11, 23, 10)) == at(11, 23, 17)
    assert calendars.closes_at(office, at(11, 23, 12)) == at(11, 23, 17)
    assert calendars.closes_at(office, at(11, 23, 17)) is None
    assert calendars.closes_at(office, at(11, 22)) is None


def test_the_next_opening_passes_over_nights_weekends_and_holidays(holidays, office):
    assert calendars.next_opening(office, at(11, 23, 10)) == at(11, 23, 10)
    assert calendars.next_opening(office, at(11, 23, 12)) == at(11, 23, 13)
    assert calendars.next_opening(office, at(11, 27, 18)) == at(11, 30, 9)
    assert calendars.next_opening(office, at(9, 30, 18)) == at(10, 8, 9)
    assert calendars.next_opening(office, at(12, 31, 18)) is None  # the first day of 2027 is not known


def test_the_status_closes_a_place_whatever_the_hours_say(holidays, office):
    office = places.change_status(office, "suspended", reason="装修", by="test", until=at(12, 1, 8, year=2126))
    assert calendars.is_open(office, at(11, 23)) is False
    assert calendars.opening_today(office, at(11, 23)) == []
    planned = places.change_status(office, "planned", reason="筹备", by="test")
    assert calendars.next_opening(planned, at(11, 23)) is None


def test_a_suspension_that_has_ended_no_longer_counts(holidays, office):
    Place.objects.filter(pk=office.pk).update(status="suspended", status_reason="装修", status_until=at(11, 23, 12))
    office = Place.objects.get(pk=office.pk)
    assert calendars.is_open(office, at(11, 23, 10)) is False
    assert calendars.next_opening(office, at(11, 20, 10)) == at(11, 23, 13)
    assert calendars.is_open(office, at(11, 23, 14)) is True


def test_many_places_are_asked_in_a_few_queries(holidays, office, centre, django_assert_max_num_queries):
    rows = Place.objects.prefetch_related("opening_intervals", "opening_exceptions")
    with django_assert_max_num_queries(5):
        answers = calendars.open_now(rows, at(10, 1))
    assert answers == {office.pk: False, centre.pk: True}


def test_equal_weekdays_stand_together(office):
    lines = calendars.weekly_hours(office.opening_intervals.all())
    assert [(line.weekdays, line.nth, line.opens) for line in lines] == [
        ((0, 1, 2, 3, 4), None, time(9)),
        ((0, 1, 2, 3, 4), None, time(13)),
        ((5,), 2, time(9)),
    ]


# --- make-up days ---


def test_a_place_may_open_on_make_up_days(holidays, office):
    assert calendars.is_open(office, at(10, 10)) is True  # the second Saturday of October, which is worked
    assert calendars.is_open(office, at(9, 20)) is False  # a Sunday that is worked
    OpeningInterval.objects.create(place=office, weekday=7, opens=time(10), closes=time(15))
    office = Place.objects.get(pk=office.pk)
    assert calendars.is_open(office, at(9, 20)) is True
    # On a make-up day those hours hold instead of the Saturday's.
    assert calendars.hours_on(office, date(2026, 10, 10)) == [(time(10), time(15))]
    assert calendars.hours_on(office, date(2026, 11, 14)) == [(time(9), time(11, 30))]
    # Nobody knows yet which weekend days of 2027 are worked.
    assert calendars.is_open(office, at(3, 7, year=2027)) is None
    assert calendars.year_in_the_way(office, at(3, 7, year=2027)) == 2027
    assert calendars.year_in_the_way(office, at(9, 20)) is None


def test_a_day_of_its_own_may_have_several_intervals(holidays, office):
    for opens, closes in ((time(8), time(9)), (time(18), time(20))):
        OpeningException.objects.create(
            place=office, date=date(2026, 11, 22), opens=opens, closes=closes, reason="义诊"
        )
    assert calendars.hours_on(office, date(2026, 11, 22)) == [(time(8), time(9)), (time(18), time(20))]


def test_the_next_opening_looks_through_what_is_planned(holidays, centre):
    ahead = timezone.localtime() + timedelta(days=400)
    morning = ahead.replace(hour=10, minute=0, second=0, microsecond=0)
    places.change_status(
        centre, "suspended", reason="装修", by="test", starts_at=morning, until=morning + timedelta(days=3, minutes=30)
    )
    assert calendars.closes_at(centre, morning - timedelta(hours=1)) == morning
    assert calendars.next_opening(centre, morning) == morning + timedelta(days=3, minutes=30)
    places.change_status(centre, "planned", reason="筹备", by="test", until=morning - timedelta(days=2))
    assert calendars.next_opening(Place.objects.get(pk=centre.pk), timezone.now()) == morning - timedelta(days=2)


def test_why_the_next_opening_is_not_known_is_said(holidays, office):
    assert calendars.opening_ahead(office, at(12, 31, 18)).unknown_year == 2027
    closed = places.change_status(office, "closed", reason="撤销", by="test")
    assert calendars.opening_ahead(closed, at(12, 31, 18)) == calendars.Ahead()


# --- loading ---


def year_2027() -> dict:
    """The shipped table moved to 2027: made up, but whole."""
    table = json.loads((SHIPPED / "holidays_2026.json").read_text(encoding="utf-8"))
    days = [entry | {"date": entry["date"].replace("2026", "2027")} for entry in table["days"]]
    return {"year": 2027, "source": "测试", "days": [entry for entry in days if entry["kind"] == "holiday"]}


def test_a_file_of_holidays_is_loaded_and_replaces_the_year(tmp_path, holidays):
    path = tmp_path / "2027.json"
    path.write_text(json.dumps(year_2027()))
    call_command("import_holidays", path)
    call_command("import_holidays", path)
    assert Holiday.objects.filter(year=2027).count() == 33
    assert calendars.is_working_day(date(2027, 1, 1)) is False


def test_a_workbook_of_holidays_is_loaded(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["日期", "名称", "类别"])
    for number, entry in enumerate(year_2027()["days"]):
        day = date.fromisoformat(entry["date"])
        written = datetime(day.year, day.month, day.day) if number % 2 else f"{day.year}年{day.month}月{day.day}日"
        book.active.append([written, entry["name"], "放假"])
    book.active.append([datetime(2027, 2, 13), "春节调休", "上班"])
    book.save(tmp_path / "2027.xlsx")
    call_command("import_holidays", tmp_path / "2027.xlsx")
    assert Holiday.objects.filter(year=2027, kind="make_up_workday").count() == 1
    assert Holiday.objects.filter(year=2027).count() == 34


@pytest.mark.parametrize(
    ("leave_out", "sentence"),
    [
        (lambda entry: "国庆" in entry["name"], "gap: 国庆 is missing"),
        (lambda entry: entry["date"] == "2027-10-04", "gap: 2027-10-04 lie within 国庆"),
        (lambda entry: entry["date"] > "2027-06-30", "gap: 中秋 is missing"),
    ],
)
def test_a_table_with_a_gap_is_refused_and_the_old_one_stays(tmp_path, leave_out, sentence):
    whole, path = year_2027(), tmp_path / "2027.json"
    load_holidays(whole)
    path.write_text(json.dumps(whole | {"days": [entry for entry in whole["days"] if not leave_out(entry)]}))
    with translation.override("en"), pytest.raises(CommandError, match=sentence):
        call_command("import_holidays", path)
    assert Holiday.objects.filter(year=2027).count() == 33


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"%PDF", "ends in .xlsx"),
        ("a.xlsx", b"no workbook", "cannot be read"),
        ("a.json", b"{", "cannot be read"),
        ("a.csv", "甲,乙\n1,2".encode(), "first row"),
        ("a.csv", "日期".encode("gb18030"), "cannot be read"),
        ("a.csv", b"x" * 1_000_001, "too large"),
    ],
)
def test_a_file_that_is_no_table_is_said(name, content, sentence):
    with translation.override("en"), pytest.raises(HolidayFileError, match=sentence):
        read_table(name, content)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"date": "2027-13-01", "name": "x", "kind": "holiday"}, "Entry 1"),
        ({"date": "2026-01-01", "name": "x", "kind": "holiday"}, "not in 2027"),
        ({"date": "2027-01-04", "name": "x", "kind": "make_up_workday"}, "no weekend day"),
        ({"date": "2027-01-04", "name": "x", "kind": "feast"}, "Entry 1"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_loaded(tmp_path, entry, sentence):
    path = tmp_path / "2027.json"
    path.write_text(json.dumps({"year": 2027, "source": "测试", "days": [entry]}))
    with pytest.raises(CommandError, match=sentence):
        call_command("import_holidays", path)
    assert not HolidayYear.objects.filter(year=2027).exists()
