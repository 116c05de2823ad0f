"""The checks of our own find what they are for, and leave alone what is right."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "script"))

import room_doors  # noqa: E402
import run_bench  # noqa: E402
import run_tests  # noqa: E402
import template_rules  # noqa: E402


@pytest.mark.parametrize(
    "line",
    [
        "<script>alert(1)</script>",
        "<style>p { color: red }</style>",
        '<p style="color: red">',
        '<button onclick="go()">',
        '<a href="javascript:go()">',
        "{{ text|safe }}",
        "<p>您好</p>",
    ],
)
def test_a_template_with_inline_code_or_untranslated_text_is_named_by_line(line: str):
    faults = template_rules.faults_of(f"<p>\n{line}\n</p>")
    assert [number for number, _what in faults] == [2]


@pytest.mark.parametrize(
    "line",
    [
        '<script type="module" src="{% static "linban/js/desk.js" %}"></script>',
        '<script type="application/json" id="words">{{ words }}</script>',
        "{# 中文的注释 #}",
        '{% translate "Next" %}',
        '<a lang="zh" href="/">中文</a>',
        "<p data-style=quiet>",
    ],
)
def test_what_is_right_in_a_template_is_left_alone(line: str):
    assert template_rules.faults_of(line) == []


def door_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> list[str]:
    monkeypatch.setattr(room_doors, "ROOT", tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(code)
    return room_doors.door_faults(path)


def test_a_room_that_reaches_into_another_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = "from servicedesk.queueing.services import next_ticket\nfrom servicedesk.queueing.policy import order\n"
    faults = door_faults(tmp_path, monkeypatch, "servicedesk/cases/services.py", code)
    assert len(faults) == 1 and "servicedesk.queueing.policy" in faults[0]


def test_an_edge_that_saves_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    faults = door_faults(tmp_path, monkeypatch, "servicedesk/desk/views.py", "def f(row):\n    row.save()\n")
    assert len(faults) == 1 and "a service does that" in faults[0]


def test_a_bench_replaces_its_own_part_of_the_page():
    page = run_bench.replace_part("# Benchmarks\n", "media", "| a |")
    page = run_bench.replace_part(page, "queue", "| q |")
    page = run_bench.replace_part(page, "media", "| b |")
    assert "| a |" not in page and page.index("| b |") < page.index("| q |")
    assert page.count("<!-- bench:media -->") == 1


def test_a_test_that_skips_itself_is_seen(tmp_path: Path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="ran"/>'
        '<testcase classname="b" name="skipped"><skipped type="pytest.skip" message="no browser"/></testcase>'
        '<testcase classname="c" name="race"><skipped type="pytest.skip" message="SQLite has one writer"/></testcase>'
        "</testsuite></testsuites>"
    )
    assert run_tests.skipped_tests(report) == ["b.skipped"]
