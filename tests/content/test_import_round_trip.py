"""What is exported comes back without loss, in both formats, whatever editors wrote; equal content is equal bytes."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.items.exporting import everything, export_bytes
from content.items.importing import import_items, trial
from content.items.models import ItemEdition, LifeEvent, Line, Material, ServiceItem, Situation
from content.items.reading import read_bytes
from content.items.taking_back import on_items_removed
from content.items.workbook import CellTooLong
from tests.content.conftest import item_row, read_rows

pytestmark = pytest.mark.django_db
RULE = {"all": [{"question": "who-comes", "is": "somebody-else"}]}
SHARED = {
    "situations": [
        {"key": "who-comes", "name": "谁来办", "question": "谁来办这件事？", "kind": "choice", "why": "代办要多带一样。",
         "choices": [{"key": "self", "text": "我自己"}, {"key": "somebody-else", "text": "别人替我"}]},
        {"key": "age", "name": "年龄", "question": "多大年纪？", "kind": "number", "unit": "岁", "least": 0, "most": 130},
    ],
    "shared_materials": [
        {"key": "assessment", "name": "残疾评定表", "validity": "三个月内", "where_from": "指定医院",
         "sources": [{"name": "静安区中心医院", "address": "西康路259号", "phone": "021-00000000", "hours": "上午"}]},
    ],
    "life_events": [
        {"key": "moving", "name": "搬家", "name_en": "Moving house", "words": "新家安顿好。", "order": 2,
         "items": [{"item": "甲事项", "note": "先办这件", "note_en": "first"}]},
    ],
}  # fmt: skip


def full_row(cast) -> dict:
    return item_row(
        "甲事项", key="jia", valid_from="2026-01-01", applicants="both", frequency=7, frequency_fixed=True,
        owner="nobody-here", review_due="2027-05-01", review_months=6, fee="工本费20元", fee_kind="fixed",
        fee_as_of="2026-01-01", codes=["city=310000", "basic_code=312000000001"], related=["乙事项"],
        proxy_rule="conditional", proxy_text="近亲属可以", receipts=["受理回执"], checked_on="2026-11-01",
        offline_window="每月25日至5日",
        materials=[{"name": "残疾评定表", "form": "原件", "kind": "seen", "fate": "returned", "count": 2, "rule": RULE}],
        questions=[{"question": "who-comes"}, {"question": "age", "rule": RULE}],
        stops=[{"rule": {"question": "age", "at_most": 10}, "sentence": "要本人来。", "next_step": "打 12345。",
                "next_step_en": "Call 12345."}],
        stages=[{"office": "街镇", "working_days": 7, "extension_days": 3}, {"office": "区", "working_days": 10}],
        fees=[{"what": "工本费", "amount": "20.5", "unit": "本"}],
        proxies=[{"who": "relative", "when": "行动不便", "brings": "关系证明"}],
        bases=[{"title": "《某某条例》", "number": "沪府〔2020〕1号", "article": "第三条", "link": "https://example.org/",
                "valid_until": "2030-12-31"}],
        asked=[{"question": "要预约吗？", "answer": "不用。\n直接来。", "question_en": "Appointment?", "answer_en": "No."}],
        places=[{"place": cast.point.code, "remote": False, "starts_on": "2027-01-01", "difficulty": "hard",
                 "hours": [{"weekday": 1, "opens": "09:00", "closes": "11:30"}]}],
    )  # fmt: skip


@pytest.fixture
def full(site, cast):
    import_items(read_rows(full_row(cast), item_row("乙事项", line="民政"), **SHARED))
    import_items(read_rows({"key": "jia", "valid_from": "2027-01-01", "name": "甲事项（新）"}))


def emptied() -> None:
    """Everything that an import brings is gone."""
    for remove in on_items_removed:
        remove(list(ServiceItem.objects.all()), None)
    ServiceItem.objects.all().delete()
    for model in (LifeEvent, Material, Situation, Line):
        model.objects.all().delete()


@pytest.mark.parametrize("suffix", [".json", ".xlsx"])
def test_what_was_exported_comes_back_byte_for_byte(full, suffix):
    data, count = export_bytes(suffix)
    rows = everything()
    assert count == 6
    emptied()
    import_items(read_bytes(f"all{suffix}", data))
    assert everything() == rows
    assert export_bytes(suffix)[0] == data


@pytest.mark.parametrize("suffix", [".json", ".xlsx"])
def test_importing_what_was_exported_changes_nothing(full, suffix):
    report = import_items(read_bytes(f"all{suffix}", export_bytes(suffix)[0]))
    assert (report.added, report.changed) == ([], [])


def test_every_field_of_an_item_is_in_the_file(full):
    rows = [row for row in everything()["items"] if row["key"] == "jia"]
    assert [row["name"] for row in rows] == ["甲事项", "甲事项（新）"]
    row = rows[0]
    assert row["materials"][0]["rule"] == RULE
    assert row["questions"] == [{"question": "who-comes", "rule": {}}, {"question": "age", "rule": RULE}]
    assert row["fees"] == [{"what": "工本费", "what_en": "", "amount": "20.50", "unit": "本"}]
    assert row["places"][0]["hours"] == [{"weekday": 1, "opens": "09:00", "closes": "11:30"}]
    assert rows[1]["places"] == []
    assert row["related"] == ["yi-shi-xiang"]
    assert (row["codes"], row["basic_code"]) == (["city=310000", "basic_code=312000000001"], "312000000000")


# What people type and paste: any sign that a page can show, leading marks that a spreadsheet would take for formulas.
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=40)
lines = st.lists(words, min_size=1, max_size=4).map("\n".join)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=words, note=lines, steps=lines, aliases=lines, ending=st.sampled_from(["\n", "\r\n"]))
def test_whatever_editors_write_comes_back(site, name, note, steps, aliases, ending):
    with trial():
        edition = ItemEdition.objects.first()
        edition.name = name.strip() or "无名"
        edition.note, edition.procedure, edition.aliases = (
            text.replace("\n", ending) for text in (note, steps, aliases)
        )
        edition.clean()
        edition.save()
        for suffix in (".json", ".xlsx"):
            data, _count = export_bytes(suffix)
            emptied()
            read = read_bytes(f"all{suffix}", data)
            assert read.errors == []
            import_items(read)
            assert export_bytes(suffix)[0] == data


def test_a_text_that_no_cell_can_hold_is_said_before_anything_is_lost(site):
    edition = ItemEdition.objects.first()
    edition.note = "长" * 40_000
    edition.save()
    with pytest.raises(CellTooLong, match="JSON"):
        export_bytes(".xlsx")


def test_dates_of_editions_stay_apart(full):
    assert set(ItemEdition.objects.filter(item__key="jia").values_list("valid_from", flat=True)) == {
        date(2026, 1, 1),
        date(2027, 1, 1),
    }
