"""What guides use is not deleted and not changed away under them: the page says where it is used, and nothing is lost."""

import pytest
from django.db import models, transaction

from content.items.models import EditionMaterial, EditionStop, ItemEdition, Line, Material, Situation, SituationChoice
from content.items.usage import InUse, uses_of
from tests.content.editing.forms import address, form_data

pytestmark = pytest.mark.django_db
QUESTION = "somebody-else-comes"


@pytest.fixture
def edition(site) -> ItemEdition:
    return ItemEdition.objects.get(name="婚姻登记档案查询")


@pytest.fixture
def question(edition) -> Situation:
    return Situation.objects.get(key=QUESTION)


def test_deleting_a_question_says_which_conditions_name_it(question, edition, cast, client_for):
    client, url = client_for(cast.editor), address(question, "delete")
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 409
        html = answer.content.decode()
        assert "“代办人身份证”什么时候要" in html
        assert address(edition, "edit") in html
    bulk = f"/cms/bulk/items/situation/delete/?id={question.pk}"
    assert "还在用，所以留着" in client.post(bulk).content.decode()
    assert Situation.objects.filter(pk=question.pk).exists()


def test_no_command_deletes_it_either(question):
    with pytest.raises(InUse, match="代办人身份证"), transaction.atomic():
        Situation.objects.filter(pk=question.pk).delete()
    with pytest.raises(models.ProtectedError), transaction.atomic():
        Material.objects.get(name="居民身份证").delete()


def test_what_only_a_draft_or_an_end_names_counts_too(question, edition):
    EditionMaterial.objects.filter(edition=edition).update(rule={})
    edition.refresh_from_db()
    assert uses_of(question) == []
    edition.stops = [EditionStop(rule={"question": QUESTION, "is": True}, sentence="不接受委托", next_step="本人来。")]
    edition.save_revision()
    (use,) = uses_of(question)
    assert (use.where, use.is_draft) == ("结束“不接受委托”", True)
    with pytest.raises(InUse), transaction.atomic():
        question.delete()
    edition.get_latest_revision().publish()
    assert [use.is_draft for use in uses_of(question)] == [False]


def test_a_paper_that_is_asked_for_stays_and_one_that_is_not_goes(edition, cast, client_for):
    client = client_for(cast.editor)
    card = Material.objects.get(name="居民身份证")
    html = client.post(address(card, "delete")).content.decode()
    assert "婚姻登记档案查询" in html
    assert "门急诊就医记录册申领" in html
    unused = Material.objects.create(key="unused", name="没人要的材料")
    assert client.post(address(unused, "delete")).status_code == 302
    assert not Material.objects.filter(pk=unused.pk).exists()


def test_anything_else_that_is_referred_to_says_by_what(site, cast, client_for):
    line = Line.objects.first()
    answer = client_for(cast.editor).post(address(line, "delete"))
    assert answer.status_code == 409
    assert "事项 × " in answer.content.decode()
    assert Line.objects.filter(pk=line.pk).exists()


def test_a_question_is_not_changed_into_one_that_conditions_no_longer_fit(question, edition, cast, client_for):
    client, url = client_for(cast.editor), address(question, "edit")
    data = form_data(client, url)
    for change in ({"kind": "number"}, {"key": "renamed"}):
        answer = client.post(url, data | change)
        assert answer.status_code == 200
        html = answer.content.decode()
        assert "没有保存" in html
        assert "婚姻登记档案查询" in html
    question.refresh_from_db()
    assert (question.kind, question.key) == ("yes_no", QUESTION)
    assert client.post(url, data | {"question": "是别人替您来吗？"}).status_code == 302
    question.refresh_from_db()
    assert question.question == "是别人替您来吗？"


def test_an_answer_that_a_condition_names_stays(question, edition, cast, client_for):
    question.kind = "choice"
    question.choices = [SituationChoice(key="agent", text="代办"), SituationChoice(key="self", text="本人")]
    question.save()
    row = EditionMaterial.objects.exclude(rule={}).get(edition=edition)
    row.rule = {"question": QUESTION, "is": "agent"}
    row.save()
    client, url = client_for(cast.editor), address(question, "edit")
    data = form_data(client, url)
    kept = next(name for name in data if name.startswith("choices-") and data[name] == "agent")
    answer = client.post(url, data | {kept.replace("-key", "-DELETE"): "on"})
    assert "没有保存" in answer.content.decode()
    assert question.choices.filter(key="agent").exists()


def test_an_old_version_can_be_read_after_its_paper_is_gone(edition, approver, client_for):
    paper = Material.objects.create(key="short-lived", name="短命的材料")
    first = edition.save_revision()
    edition.materials = [*edition.materials.all(), EditionMaterial(material=paper)]
    second = edition.save_revision()
    first.publish()
    ItemEdition.objects.get(pk=edition.pk).save_revision()
    paper.delete()
    assert "短命的材料" not in [str(row) for row in second.as_object().materials.all()]
    url = address(edition, "revisions_compare", first.pk, second.pk)
    assert client_for(approver).get(url).status_code == 200
