"""Merging the parts of the Chinese catalogue: what is wrong in them is found and named."""

import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "script"))

import merge_messages  # noqa: E402

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(merge_messages, "PARTS", tmp_path / "parts")
    monkeypatch.setattr(merge_messages, "CATALOGUE", tmp_path / "zh_Hans/LC_MESSAGES/django.po")
    (tmp_path / "parts").mkdir()
    return tmp_path / "parts"


def write(folder: Path, name: str, *pairs: tuple[str, str], flag: str = "") -> None:
    text = "".join(f'{flag}msgid "{english}"\nmsgstr "{chinese}"\n\n' for english, chinese in pairs)
    (folder / f"{name}.po").write_text(HEADER + text, "utf-8")


def test_parts_become_one_catalogue_that_gettext_reads(parts: Path):
    write(parts, "desk", ("Next", "下一位"), ("Cancel", "取消"))
    write(parts, "kiosk", ("Cancel", "取消"), ("%(count)s people ahead", "前面还有 %(count)s 人"))
    catalogue, faults = merge_messages.merge_parts()
    merge_messages.write(catalogue)
    assert faults == []
    compiled = polib.mofile(str(merge_messages.CATALOGUE.with_suffix(".mo")))
    assert {entry.msgid: entry.msgstr for entry in compiled} == {
        "Next": "下一位", "Cancel": "取消", "%(count)s people ahead": "前面还有 %(count)s 人",
    }  # fmt: skip


def test_two_parts_that_disagree_are_named(parts: Path):
    write(parts, "desk", ("Cancel", "取消"))
    write(parts, "kiosk", ("Cancel", "不要了"))
    _catalogue, faults = merge_messages.merge_parts()
    assert len(faults) == 1
    assert "kiosk.po" in faults[0] and "desk.po" in faults[0]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [("{count} ahead", "前面有人"), ("%(name)s, please", "%(nmae)s 请"), ("Please wait", "请等 {minutes} 分钟")],
)
def test_a_lost_or_invented_placeholder_is_named(parts: Path, english: str, chinese: str):
    write(parts, "desk", (english, chinese))
    _catalogue, faults = merge_messages.merge_parts()
    assert faults and "placeholder" in faults[0]


def test_a_fuzzy_sentence_is_not_taken(parts: Path):
    write(parts, "desk", ("Next", "下一个"), flag="#, fuzzy\n")
    catalogue, faults = merge_messages.merge_parts()
    assert len(catalogue) == 0
    assert "fuzzy" in faults[0]


def test_a_sentence_of_no_code_is_named_unless_it_is_a_librarys(parts: Path, monkeypatch, capsys):
    write(parts, "desk", ("Next", "下一位"), ("Gone", "没了"))
    write(parts, "libraries", ("This field is required.", "这一项还没填。"))
    monkeypatch.setattr(merge_messages, "ROOT", parts.parent)
    monkeypatch.setattr(merge_messages, "sentences_in_code", lambda: [polib.POEntry(msgid="Next")])
    monkeypatch.setattr(sys, "argv", ["messages", "--check"])
    assert merge_messages.main() == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == ["desk.po: 'Gone' stands in no code any more; take it out."]
    write(parts, "desk", ("Next", "下一位"))
    assert merge_messages.main() == 0
