"""Importing items: what is added, what is refused with row and field, and that nothing is ever half done."""

import json
from datetime import date

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from content.guides.models import GuidePage
from content.items.exporting import everything, export_items
from content.items.importing import ImportRefused, import_items
from content.items.models import ItemAtPlace, ItemCode, ItemEdition, Line, Material, ServiceItem, Situation
from content.items.reading import read_file
from content.items.services import current_edition, get_item, refresh_names
from tests.content.conftest import SMALL, item_row, read_rows

pytestmark = pytest.mark.django_db


def write(path, *rows, **shared):
    path.write_text(json.dumps({"items": list(rows), **shared}, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.sqlite
def test_it_publishes_an_edition_and_a_guide_for_each_item(site):
    item = get_item("hun-yin-deng-ji-dang-an-cha-xun")
    edition = current_edition(item)
    assert item.name == "婚姻登记档案查询"
    assert edition.live
    assert edition.steps == ["填单", "审核", "领取"]
    assert edition.proxy_rule == ItemEdition.Proxy.NONE
    assert GuidePage.objects.get(slug=item.key).live
    assert [code.code for code in item.codes.all()] == ["312000000000"]


def test_it_turns_conditions_into_questions_and_groups(site, cast):
    materials = [
        {"name": "甲", "form": "原件", "required": False, "when": "委托他人办理时"},
        {"name": "乙", "form": "原件", "required": False, "when": "代办时"},
        {"name": "丙", "form": "原件", "required": False, "when": "任选其一即可"},
        {"name": "丁", "form": "原件", "required": False, "when": "S3列出"},
        {"name": "戊", "form": "原件", "required": False, "when": "月圆之夜"},
    ]
    import_items(read_rows(item_row("新事项", materials=materials)))
    rows = list(current_edition(ServiceItem.objects.get(name_zh="新事项")).materials.all())
    assert rows[0].rule == rows[1].rule == {"question": "somebody-else-comes", "is": True}
    assert Situation.objects.get(key="somebody-else-comes").question == "是别人替您来办吗？"
    assert (rows[2].group, rows[2].rule) == ("任选其一", {})
    assert (rows[3].is_required, rows[3].rule) == (True, {})
    assert Situation.objects.get(key=rows[4].rule["question"]).question == "是这种情况吗：月圆之夜？"


def test_a_second_import_changes_nothing(site):
    report = import_items(read_rows(*SMALL))
    assert (len(report.added), len(report.changed), len(report.unchanged)) == (0, 0, 3)
    assert ItemEdition.objects.count() == 3


def test_it_keeps_the_key_of_an_exact_name_and_what_the_file_does_not_name(site):
    before = ServiceItem.objects.get(name_zh="门急诊就医记录册申领")
    report = import_items(read_rows({"name": "门急诊就医记录册申领", "frequency": 99, "summary": "看病用的本子。"}))
    after = ServiceItem.objects.get(pk=before.pk)
    assert report.changed == [before.key]
    assert (after.key, after.frequency) == (before.key, 99)
    edition = current_edition(after)
    assert (edition.summary, edition.alias_list, edition.materials.count()) == ("看病用的本子。", ["看病的本子"], 1)
    assert ServiceItem.objects.count() == 3


def test_words_that_editors_added_stay(site):
    import_items(read_rows({"name": "门急诊就医记录册申领", "aliases": ["病历本"]}))
    edition = current_edition(ServiceItem.objects.get(name_zh="门急诊就医记录册申领"))
    assert edition.alias_list == ["病历本", "看病的本子"]
    again = import_items(read_rows({"name": "门急诊就医记录册申领", "aliases": ["看病的本子"]}))
    assert len(again.unchanged) == 1


def test_names_that_sound_the_same_get_keys_of_their_own(site):
    import_items(read_rows(item_row("公积金"), item_row("工积金")))
    assert set(ServiceItem.objects.filter(key__startswith="gong-ji-jin").values_list("key", flat=True)) == {
        "gong-ji-jin",
        "gong-ji-jin-2",
    }


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        (item_row(""), "name", "没有填"),
        (item_row("甲", line=""), "line", "没有填"),
        (item_row("甲", offline_window="初一十五"), "offline_window", "看不懂"),
        (item_row("甲", city_wide="也许"), "city_wide", "看不出是或否"),
        (item_row("甲", key="Not A Key"), "key", "小写英文字母"),
        (item_row("甲", aliases=[1, 2]), "aliases", "一串文字"),
        (item_row("甲", valid_from="明年"), "valid_from", "不是日期"),
        (item_row("甲", materials=[{"form": "原件"}]), "materials[0].name", "没有填"),
        (item_row("甲", materials=[{"name": "证", "count": "两"}]), "materials[0].count", "不是整数"),
        (item_row("甲", materials="身份证"), "materials", "列表"),
        (item_row("甲", name_en="x" * 201), "name_en", "201"),
        (item_row("甲", places=[{"place": "nowhere"}]), "places.place", "没有代码为"),
        (item_row("甲", materials=[{"name": "证", "situation": "none-such"}]), "materials.situation", "没有标识为"),
    ],
)
def test_every_fault_names_row_and_field_and_nothing_is_written(site, row, field, words):
    with pytest.raises(ImportRefused) as refused:
        import_items(read_rows(item_row("好的事项"), row))
    (fault,) = refused.value.faults
    assert "第 2 项" in fault.where
    assert fault.field == field
    assert words in fault.sentence
    assert not ServiceItem.objects.filter(name_zh="好的事项").exists()
    assert ItemEdition.objects.count() == 3


def test_as_above_takes_the_limit_above_and_needs_one(site):
    read = read_rows(item_row("甲", time_limit="2个工作日"), item_row("乙", time_limit="同上"))
    assert read.items[1].edition_values["limit_text"] == "2个工作日"
    assert [fault.is_warning for fault in read.faults] == [True]
    (fault,) = read_rows(item_row("甲", time_limit="同上")).errors
    assert (fault.field, "上面没有内容" in fault.sentence) == ("time_limit", True)


def test_two_rows_of_one_name_are_refused(site):
    with pytest.raises(ImportRefused) as refused:
        import_items(read_rows(item_row("甲"), item_row("甲")))
    assert "出现了两次" in str(refused.value.faults[0])


def test_the_command_rolls_back_when_a_late_row_is_wrong(site, tmp_path, capsys):
    path = write(tmp_path / "bad.json", item_row("早的事项"), item_row("晚的事项", places=[{"place": "nowhere"}]))
    with pytest.raises(CommandError):
        call_command("import_items", str(path))
    assert "places.place" in capsys.readouterr().err
    assert not ServiceItem.objects.filter(name_zh="早的事项").exists()
    assert not Material.objects.exclude(uses__isnull=False).exists()


def test_a_dry_run_says_what_would_be_and_writes_nothing(site, tmp_path, capsys):
    path = write(tmp_path / "more.json", item_row("新事项"))
    call_command("import_items", str(path), dry_run=True)
    assert "新增 1 项" in capsys.readouterr().out
    assert not ServiceItem.objects.filter(name_zh="新事项").exists()
    assert not GuidePage.objects.filter(title="新事项").exists()
    call_command("import_items", str(path))
    assert GuidePage.objects.get(title="新事项").live


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.json", None, "没有这个文件"),
        ("broken.json", b"{", "第 1 行"),
        ("latin.json", b"\xff\xfe\xff", "UTF-8"),
        ("list.json", b"[]", "items"),
        ("fake.xlsx", b"no zip", "打不开"),
        ("items.csv", b"name", ".json"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_in_words(chinese, tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    read = read_file(path)
    assert words in str(read.errors[0])


def test_a_workbook_names_sheet_and_row(site, tmp_path):
    export_items(tmp_path / "all.xlsx")
    book = openpyxl.load_workbook(tmp_path / "all.xlsx")
    head = [cell.value for cell in book["materials"][1]]
    book["materials"].cell(row=3, column=head.index("count") + 1, value="几份")
    book.save(tmp_path / "all.xlsx")
    read = read_file(tmp_path / "all.xlsx")
    assert [(fault.where, fault.field) for fault in read.errors] == [("materials 表第 3 行", "count")]


@pytest.mark.parametrize("suffix", [".xlsx", ".json"])
def test_what_was_exported_comes_back_without_loss(site, cast, tmp_path, suffix):
    item = get_item("hun-yin-deng-ji-dang-an-cha-xun")
    ItemAtPlace.objects.create(item=item, place=cast.subdistrict, is_offered=False, note="=SUM(1)", next_step="去中心")
    ItemCode.objects.create(item=item, system="city", code="310000999000YB0000")
    import_items(
        read_rows(
            {
                "key": item.key,
                "name": "婚姻登记档案查询",
                "valid_from": "2027-01-01",
                "proxy_allowed": "近亲属可以代办",
            },
            item_row("证明", fee="350元/件", time_limit="2个工作日审查；街镇10个工作日；区5个工作日（可延5个）"),
        )
    )
    before = everything()
    export_items(tmp_path / f"all{suffix}")
    GuidePage.objects.all().delete()
    ServiceItem.objects.all().delete()
    for model in (Material, Situation, Line):
        model.objects.all().delete()
    import_items(read_file(tmp_path / f"all{suffix}"))
    assert everything() == before


def test_the_clock_gives_the_item_the_name_that_holds_by_now(site):
    item = get_item("hun-yin-deng-ji-dang-an-cha-xun")
    import_items(read_rows({"key": item.key, "name": "明天的名称", "valid_from": "2999-01-01"}))
    assert refresh_names() == 0
    ItemEdition.objects.filter(name="明天的名称").update(valid_from=date(2020, 1, 1))
    assert refresh_names() == 1
    assert get_item(item.key).name == "明天的名称"


def test_an_edition_for_later_takes_over_on_its_day(site, day):
    item = get_item("hun-yin-deng-ji-dang-an-cha-xun")
    import_items(read_rows({"key": item.key, "name": "婚姻档案查询", "valid_from": "2027-01-01"}))
    assert current_edition(item, day).name == "婚姻登记档案查询"
    assert current_edition(item, date(2026, 12, 31)).name == "婚姻登记档案查询"
    assert current_edition(item, date(2027, 1, 1)).name == "婚姻档案查询"
