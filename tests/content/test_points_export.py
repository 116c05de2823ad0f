"""The export of points and the messages that feed the city's map."""

import csv
import io
import json

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from content.items.services import content_generation
from content.points import exporting
from content.points.followers import SINGLY_AT_MOST
from portal.base.calendars import holidays
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from portal.base.places import editing, hours
from portal.base.places import services as places
from portal.base.places.models import Place

pytestmark = pytest.mark.django_db


def messages(subject: str) -> list[dict]:
    found = OutboxMessage.objects.filter(channel="map", subject=subject).order_by("position")
    return [message.body for message in found]


def test_the_export_has_every_place_in_both_datums(cast, tmp_path):
    places.change_status(cast.point, "moved", reason="搬家", by="test", moved_to=cast.second_point)
    Place.objects.filter(pk=cast.second_point.pk).update(address="=cmd()|1")
    for kind in exporting.FORMATS:
        call_command("export_points", tmp_path / f"points.{kind}")
    read = json.loads((tmp_path / "points.json").read_text())
    by_code = {row["code"]: row for row in read["points"]}
    assert len(by_code) == 6
    row = by_code[cast.point.code]
    assert (row["latitude_wgs84"], row["status"], row["moved_to"]) == (
        cast.point.latitude,
        "moved",
        cast.second_point.code,
    )
    assert row["longitude_gcj02"] == pytest.approx(row["longitude_wgs84"] + 0.0045, abs=0.001)
    assert row["hours"][0] == {
        "weekdays": [1, 2, 3, 4, 5, 6, 7], "nth": None, "opens": "00:00", "closes": "24:00", "on_holidays": True,
    }  # fmt: skip
    written = (tmp_path / "points.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"))))
    assert {entry["代码"] for entry in rows} == set(by_code)
    # A spreadsheet must not take an address for a formula.
    assert next(entry["地址"] for entry in rows if entry["代码"] == cast.second_point.code) == "'=cmd()|1"
    sheet = openpyxl.load_workbook(tmp_path / "points.xlsx").active
    assert [cell.value for cell in sheet[1]] == list(exporting.COLUMNS.values()) and sheet.max_row == 7


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(CommandError, match="csv"):
        call_command("export_points", tmp_path / "points.pdf")


def test_every_change_is_reported_in_order(cast):
    places.change_status(cast.point, "suspended", reason="装修", by="test")
    places.undo_last_change(cast.point, by="test")
    editing.change_place(cast.point, by="test", exceptions=[hours.DayRow(timezone.localdate(), "学习")])
    sent = messages(f"point:{cast.point.code}")
    assert [body["point"]["status"] for body in sent] == ["suspended", "open", "open"]
    assert sent[0]["point"]["status_reason"] == "装修" and sent[0]["point"]["latitude_gcj02"]


def test_the_message_waits_until_there_is_a_gateway(cast, settings):
    settings.DEMO = False
    places.change_status(cast.point, "suspended", reason="装修", by="test")
    assert outbox.deliver_due() == 0
    assert OutboxMessage.objects.get(channel="map").last_error == "MAP_GATEWAY is not set"


def test_a_whole_workbook_is_one_message(cast):
    everywhere = [
        Place(code=f"X{n}", name="x", level="point", path=f"0001000{n:04d}", depth=2) for n in range(SINGLY_AT_MOST + 1)
    ]
    places.announce(everywhere)
    assert OutboxMessage.objects.filter(channel="map").count() == 1
    assert messages("points")[0]["count"] == SINGLY_AT_MOST + 1


def test_pages_are_drawn_anew_after_a_change(cast):
    before = content_generation()
    places.change_status(cast.point, "suspended", reason="装修", by="test")
    between = content_generation()
    holidays.load_shipped_holidays()
    assert before < between < content_generation()
