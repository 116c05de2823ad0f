"""An import as a run: checked, shown field by field, written, taken back; by those alone who may, in the CMS and out."""

import json
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from content.guides.models import GuidePage
from content.items import import_runs
from content.items.exporting import everything, export_bytes
from content.items.import_states import ImportState
from content.items.models import ImportRun, ItemEdition, ServiceItem
from content.items.services import current_edition, get_item, publish_edition
from content.items.taking_back import NotTakenBack
from portal.base.errors import InvalidTransition
from portal.base.journal.services import entries_for
from portal.base.rights.services import grant
from servicedesk.queueing import services as queueing
from tests.content.conftest import item_row

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"


def packed(*rows, **shared) -> bytes:
    return json.dumps({"items": list(rows), **shared}, ensure_ascii=False).encode()


def checked(editor, data: bytes, name: str = "items.json") -> ImportRun:
    run = import_runs.begin(file_name=name, data=data, user=editor)
    import_runs.check(str(run.pk))
    run.refresh_from_db()
    return run


def written(editor, data: bytes) -> ImportRun:
    run = checked(editor, data)
    import_runs.confirm(run, user=editor)
    import_runs.write(str(run.pk))
    run.refresh_from_db()
    assert run.state == ImportState.WRITTEN
    return run


CHANGE = {"key": KEY, "summary": "查结婚档案。", "fee": "工本费20元"}


def test_checking_shows_each_field_and_writes_nothing(site, cast):
    before = everything()
    run = checked(cast.editor, packed(CHANGE, item_row("新事项")))
    assert run.state == ImportState.CHECKED
    assert run.counts == {"added": 1, "changed": 1, "same": 0}
    changed = next(change for change in run.changes if change["key"].startswith(KEY))
    fields = {one["name"]: (one["old"], one["new"]) for one in changed["fields"]}
    assert fields["summary"] == ("", "查结婚档案。")
    assert fields["fee"] == ("免费", "工本费20元")
    assert everything() == before
    assert not GuidePage.objects.filter(title="新事项").exists()


def test_writing_is_journalled_and_taking_it_back_restores_every_byte(site, cast):
    before = export_bytes(".json")[0]
    shared = [{"key": "jing-shan", "name": "静山证", "where_from": "窗口"}]
    run = written(cast.editor, packed(CHANGE, item_row("新事项", line="新条线"), shared_materials=shared))
    assert current_edition(get_item(KEY)).summary == "查结婚档案。"
    assert export_bytes(".json")[0] != before
    assert import_runs.undo(run, user=cast.editor) == []
    assert export_bytes(".json")[0] == before
    assert not ServiceItem.objects.filter(name_zh="新事项").exists()
    assert not GuidePage.objects.filter(title="新事项").exists()
    assert [entry.action for entry in entries_for((import_runs.SUBJECT, run.pk))] == [
        "check",
        "write",
        "finish",
        "undo",
    ]
    with pytest.raises(InvalidTransition):
        import_runs.undo(run, user=cast.editor)


def test_what_somebody_edited_since_is_named_and_nothing_is_taken_back(site, cast):
    run = written(cast.editor, packed(CHANGE, item_row("新事项")))
    edition = current_edition(get_item(KEY))
    edition.note = "编辑补了一句。"
    publish_edition(edition)
    with pytest.raises(NotTakenBack) as refused:
        import_runs.undo(run, user=cast.editor)
    assert "婚姻登记档案查询" in str(refused.value)
    run.refresh_from_db()
    assert run.state == ImportState.WRITTEN
    assert ServiceItem.objects.filter(name_zh="新事项").exists()
    assert current_edition(get_item(KEY)).note == "编辑补了一句。"


def test_an_item_that_somebody_has_a_number_for_stays_but_is_not_offered(site, cast):
    run = written(cast.editor, packed(item_row("新事项")))
    item = ServiceItem.objects.get(name_zh="新事项")
    queueing.issue_ticket(centre=cast.centre, channel="onsite", item=item, actor="test")
    assert import_runs.undo(run, user=cast.editor) == ["新事项"]
    item.refresh_from_db()
    assert not item.is_active


def test_faults_come_by_cell(site, cast):
    book = openpyxl.load_workbook(BytesIO(export_bytes(".xlsx")[0]))
    sheet = book["items"]
    head = [cell.value for cell in sheet[1]]
    sheet.cell(row=3, column=head.index("frequency") + 1, value="很多")
    data = BytesIO()
    book.save(data)
    run = checked(cast.editor, data.getvalue(), "items.xlsx")
    assert run.state == ImportState.REFUSED
    (fault,) = run.faults
    letter = openpyxl.utils.get_column_letter(head.index("frequency") + 1)
    assert (fault["cell"], fault["field"]) == (f"{letter}3", "frequency")
    assert "第 3 行" in fault["where"]


@pytest.mark.parametrize(
    ("rows", "shared", "words"),
    [
        ([item_row("甲", key="jia"), item_row("乙", key="jia")], {}, "出现了两次"),
        ([], {"situations": [{"key": "a", "name": "甲", "question": "？"}] * 2}, "出现了两次"),
        ([item_row("甲", materials=[{"name": "证", "rule": {"question": "none-such", "is": True}}])], {}, "none-such"),
        ([item_row("甲", note="长" * 200_000)], {}, "200000"),
        ([item_row("甲", owner="x", related=["没有的"])], {}, "没有的"),
        ([item_row("甲", places=[{"place": "x", "hours": [{"weekday": 9, "opens": "9", "closes": "8"}]}])], {}, "9"),
        (
            [item_row("甲", questions=[{"question": "a", "rule": {"question": "b", "is": True}},
                                       {"question": "b", "rule": {"question": "a", "is": True}}])],
            {"situations": [{"key": key, "name": key, "question": f"{key}？"} for key in "ab"]}, "",
        ),
    ],
    ids=["two rows one key", "two questions one key", "missing question", "long paste", "related", "hours", "cycle"],
)  # fmt: skip
def test_bad_input_is_refused_in_words_and_nothing_is_half_done(site, cast, rows, shared, words):
    before = everything()
    run = checked(cast.editor, packed(*rows, item_row("好事项"), **shared))
    assert run.state == ImportState.REFUSED
    assert words in " ".join(fault["sentence"] for fault in run.faults)
    assert everything() == before


def test_a_code_under_another_name_is_a_warning(site, cast):
    run = checked(cast.editor, packed(item_row("另一件事", basic_code="312000000000")))
    assert run.state == ImportState.CHECKED
    (fault,) = [fault for fault in run.faults if fault["field"] == "basic_code"]
    assert fault["is_warning"]
    assert "312000000000" in fault["sentence"]


def test_a_script_in_a_text_is_shown_as_text(site, cast, client):
    written(cast.editor, packed({"key": KEY, "note": "<script>alert(1)</script>请带好证件"}))
    page = client.get(f"/guides/{KEY}/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;请带好证件" in page


def test_an_edition_that_is_being_prepared_is_not_overwritten(site, cast):
    draft = ItemEdition.objects.create(item=get_item(KEY), name="准备中", valid_from="2027-01-01", live=False)
    run = checked(cast.editor, packed({"key": KEY, "valid_from": "2027-01-01", "name": "文件里的"}))
    assert run.state == ImportState.REFUSED
    draft.refresh_from_db()
    assert (draft.name, draft.live) == ("准备中", False)


def test_the_command_names_the_run_and_takes_it_back(site, cast, tmp_path, capsys):
    path = tmp_path / "items.json"
    path.write_bytes(packed(CHANGE))
    call_command("import_items", path, dry_run=True)
    assert "summary: – → 查结婚档案。" in capsys.readouterr().out
    call_command("import_items", path)
    run = ImportRun.objects.get()
    assert str(run.pk) in capsys.readouterr().out
    call_command("undo_import", str(run.pk))
    assert current_edition(get_item(KEY)).summary == ""
    with pytest.raises(CommandError):
        call_command("undo_import", str(run.pk))


# --- in the CMS -------------------------------------------------------------------------------------------------------


def test_only_editors_of_the_whole_district_may_import(site, cast, client_for):
    own = cast.stranger
    grant(own, "editor", cast.subdistrict)
    run = checked(cast.editor, packed(CHANGE))
    addresses = ["/cms/imports/", "/cms/imports/export.json", f"/cms/imports/{run.pk}/"]
    for address in addresses:
        assert client_for(cast.editor).get(address).status_code == 200, address
        assert client_for(None).get(address).status_code == 302, address
        assert client_for(cast.clerk).get(address).status_code in (302, 403), address
        assert client_for(own).get(address).status_code in (302, 403), address
    for verb in ("confirm", "undo"):
        assert client_for(own).post(f"/cms/imports/{run.pk}/{verb}/").status_code in (302, 403)
    run.refresh_from_db()
    assert run.state == ImportState.CHECKED


def test_an_editor_uploads_and_who_approves_confirms_and_takes_back(site, cast, approver, client_for):
    client = client_for(cast.editor)
    upload = SimpleUploadedFile("items.json", packed(CHANGE))
    page = client.post("/cms/imports/", {"file": upload}, follow=True)
    run = ImportRun.objects.get()
    assert "正在检查" in page.content.decode()
    assert page["Refresh"] == "2"
    import_runs.check(str(run.pk))
    assert "查结婚档案。" in client.get(f"/cms/imports/{run.pk}/").content.decode()
    client = client_for(approver)
    page = client.get(f"/cms/imports/{run.pk}/").content.decode()
    assert "查结婚档案。" in page
    assert "就这样写入" in page
    client.post(f"/cms/imports/{run.pk}/confirm/")
    import_runs.write(str(run.pk))
    assert "整批撤回" in client.get(f"/cms/imports/{run.pk}/").content.decode()
    page = client.post(f"/cms/imports/{run.pk}/undo/", follow=True).content.decode()
    assert "已撤回" in page
    assert current_edition(get_item(KEY)).summary == ""


def test_a_wrong_upload_is_said_in_place(site, cast, client_for):
    client = client_for(cast.editor)
    for files, words in (({}, "请先选"), ({"file": SimpleUploadedFile("a.csv", b"a")}, ".json")):
        answer = client.post("/cms/imports/", files)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not ImportRun.objects.exists()
