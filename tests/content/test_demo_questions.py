"""The demo's questions: they come in without a fault, every path is walked, and all kinds of answers are met."""

import json

import pytest

from content.items.importing import import_items
from content.items.models import Situation
from content.items.reading import read_file
from content.items.rules_edition import MISSING_FACTS, check_edition
from content.items.services import current_edition
from tests.content.conftest import SHIPPED, read_rows

pytestmark = pytest.mark.django_db


def test_they_make_sense_and_show_every_kind_of_answer(chinese):
    names = {row["name"] for row in json.loads((SHIPPED / "demo_questions.json").read_text("utf-8"))["items"]}
    handbook = json.loads((SHIPPED / "items.json").read_text("utf-8"))["items"]
    import_items(read_rows(*(row for row in handbook if row["name"] in names)))
    report = import_items(read_file(SHIPPED / "demo_questions.json"))
    assert len(report.changed) == len(names) == 12
    asked = set()
    for item in report.items:
        checked = check_edition(current_edition(item))
        assert not checked.errors, (item.name, checked.errors)
        assert checked.is_complete
        assert 0 < checked.longest <= 7
        assert {fault.code for fault in checked.warnings} <= MISSING_FACTS | {"nothing_told"}, item.name
        asked |= {question.kind for question, _rule in checked.flow.questions}
    assert asked == set(Situation.Kind.values)
    again = import_items(read_file(SHIPPED / "demo_questions.json"))
    assert len(again.unchanged) == 12
