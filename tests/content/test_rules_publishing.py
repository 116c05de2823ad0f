"""Faulty rules are not published: not by hand, not by an import, not on schedule; sound ones are."""

import json
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import ModelLogEntry

from content.items.importing import ImportRefused, import_items
from content.items.models import EditionMaterial, EditionQuestion, EditionStop, ItemEdition, ServiceItem, Situation
from content.items.publishing import HELD_BACK
from content.items.rules_edition import EditionFaulty, check_edition, rules_of
from content.items.services import current_edition, get_item, publish_edition
from tests.content.conftest import item_row, read_rows

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"
CONTRADICTION = {
    "all": [{"question": "somebody-else-comes", "is": True}, {"question": "somebody-else-comes", "is": False}]
}


@pytest.fixture
def edition(site) -> ItemEdition:
    return current_edition(get_item(KEY))


def spoil(edition: ItemEdition) -> ItemEdition:
    rows = list(edition.materials.all())
    rows[2].rule = CONTRADICTION
    edition.materials = rows
    return edition


def test_questions_are_derived_from_rules_where_none_are_given(edition):
    flow = rules_of(edition).flow
    assert [question.key for question, _rule in flow.questions] == ["somebody-else-comes"]
    situation = Situation.objects.get(key="somebody-else-comes")
    age = Situation.objects.create(key="age", name="年龄", question="您多大？", kind="number", least=0, most=120)
    edition.questions = [EditionQuestion(situation=age), EditionQuestion(situation=situation)]
    assert [question.key for question, _rule in rules_of(edition).flow.questions] == ["age", "somebody-else-comes"]


def test_a_faulty_edition_is_not_published_and_the_public_one_stays(edition):
    with pytest.raises(EditionFaulty) as refused:
        publish_edition(spoil(edition))
    (fault,) = refused.value.faults
    assert (fault.code, fault.where) == ("contradiction", "materials[2]")
    assert "代办人身份证" in fault.sentence
    stored = ItemEdition.objects.get(pk=edition.pk)
    assert stored.live
    assert stored.materials.last().rule == {"question": "somebody-else-comes", "is": True}


def test_a_stop_without_a_next_step_and_a_rule_over_no_question_are_refused(edition):
    stop = EditionStop(rule={"question": "somebody-else-comes", "is": True}, sentence="不能代办。")
    edition.stops = [stop]
    edition.materials = list(edition.materials.all())[:2]
    assert [fault.code for fault in check_edition(edition).errors] == ["dead_end"]
    stop.next_step = "请到档案馆办。"
    assert check_edition(edition).errors == []
    stop.rule = {"question": "no-such", "is": True}
    with pytest.raises(EditionFaulty):
        publish_edition(edition)


def test_an_import_names_item_and_condition_and_writes_nothing(site):
    materials = [
        {"name": "身份证", "form": "原件", "required": True, "when": ""},
        {"name": "委托书", "required": False, "rule": {"question": "somebody-else-comes", "at_least": 3}},
    ]
    with pytest.raises(ImportRefused) as refused:
        import_items(read_rows(item_row("好事项"), item_row("坏事项", materials=materials)))
    (fault,) = refused.value.faults
    assert "坏事项" in fault.where
    assert fault.field == "materials[1]"
    assert not ServiceItem.objects.filter(name_zh="好事项").exists()


def test_a_rule_in_a_file_is_kept_as_it_is(site):
    rule = {"any": [{"question": "somebody-else-comes", "is": True}, {"question": "foreign-national", "is": True}]}
    Situation.objects.create(key="foreign-national", name="外籍人员", question="是外籍人员吗？")
    import_items(read_rows(item_row("甲", materials=[{"name": "护照", "required": False, "rule": rule}])))
    assert EditionMaterial.objects.get(material__name="护照").rule == rule


def test_a_schedule_holds_back_what_is_faulty_and_the_rest_goes_out(site):
    soon = timezone.now() + timedelta(seconds=1)
    good = current_edition(ServiceItem.objects.get(name_zh="退休住院保障计划参保"))
    bad = current_edition(get_item(KEY))
    for edition, words in ((bad, "坏"), (good, "好")):
        edition.summary, edition.go_live_at = words, soon
        edition.save_revision().publish()
    # The rules were sound when the day was set; past all our forms, a question got another kind of answer meanwhile.
    Situation.objects.filter(key="somebody-else-comes").update(kind="number")
    later = timezone.now() - timedelta(seconds=1)
    for edition in (bad, good):
        revision = edition.latest_revision
        revision.content["go_live_at"] = later.isoformat()
        revision.approved_go_live_at = later
        revision.save()
    call_command("publish_scheduled")
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.summary, bad.summary) == ("好", "")
    assert bad.live
    assert bad.has_unpublished_changes
    entry = ModelLogEntry.objects.get(action=HELD_BACK)
    assert "代办人身份证" in entry.data["faults"][0]
    call_command("publish_scheduled")
    assert ModelLogEntry.objects.filter(action=HELD_BACK).count() == 1


def test_scheduling_what_is_faulty_is_refused_at_once(edition):
    spoil(edition).go_live_at = timezone.now() + timedelta(days=30)
    with pytest.raises(EditionFaulty):
        publish_edition(edition)


def posted(response) -> dict[str, str]:
    """What a browser would send back of the editor's form, unchanged."""
    page = BeautifulSoup(response.content, "html.parser")
    form = page.select_one("input[name$=TOTAL_FORMS]").find_parent("form")
    values = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        if field.name == "input" and field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            values[field["name"]] = chosen["value"] if chosen else ""
        else:
            default = "on" if field.get("type") == "checkbox" else ""
            values[field["name"]] = field.text.strip() if field.name == "textarea" else field.get("value", default)
    return values


def test_the_form_shows_a_fault_beside_its_row_and_keeps_what_was_typed(edition, cast, client_for):
    client = client_for(cast.editor)
    url = f"/cms/snippets/items/itemedition/edit/{edition.pk}/"
    values = posted(client.get(url))
    assert values["materials-TOTAL_FORMS"] == "3"
    values |= {"materials-2-rule": json.dumps(CONTRADICTION), "summary": "写到一半", "action-publish": "1"}
    refused = client.post(url, values)
    assert refused.status_code == 200
    assert "条件自相矛盾" in refused.content.decode()
    assert "写到一半" in refused.content.decode()
    assert ItemEdition.objects.get(pk=edition.pk).summary == ""
    # As a draft it may be unfinished; the public sees nothing of it.
    del values["action-publish"]
    assert client.post(url, values).status_code == 302
    edition.refresh_from_db()
    assert edition.has_unpublished_changes
    assert edition.summary == ""
