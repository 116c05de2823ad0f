"""A shared paper: an editor sees every guide that an edit touches, and it is published for all of them together."""

import pytest

from content.items.models import Material, Situation
from content.items.services import content_generation, publish_material, touched_by

pytestmark = pytest.mark.django_db


def posted(material: Material, **more: str) -> dict[str, str]:
    names = ("key", "name", "name_en", "explanation", "explanation_en", "where_from", "where_from_en", "validity")
    values = {name: getattr(material, name) for name in names}
    management = {"sources-TOTAL_FORMS": "0", "sources-INITIAL_FORMS": "0", "sources-MIN_NUM_FORMS": "0"}
    return {**values, **management, "sources-MAX_NUM_FORMS": "1000", **more}


@pytest.fixture
def card(site) -> Material:
    return Material.objects.get(name="居民身份证")


def test_publishing_counts_as_one_change_and_shows_everywhere(card, client):
    before = content_generation()
    card.explanation = "本人的，没过期。"
    publish_material(card)
    assert content_generation() == before + 1
    for item in touched_by(card):
        assert "本人的，没过期。" in client.get(f"/guides/{item.key}/").content.decode()


def test_a_draft_of_a_paper_is_not_shown(card, client):
    card.explanation = "还没定。"
    card.save_revision()
    assert "还没定。" not in client.get("/guides/hun-yin-deng-ji-dang-an-cha-xun/").content.decode()


def test_publishing_asks_first_and_names_every_guide(card, cast, client_for):
    client = client_for(cast.editor)
    url = f"/cms/snippets/items/material/edit/{card.pk}/"
    assert "婚姻登记档案查询" in client.get(url).content.decode()
    values = posted(card, explanation="本人的。", **{"action-publish": "1"})
    asked = client.post(url, values).content.decode()
    assert "婚姻登记档案查询" in asked
    assert "门急诊就医记录册申领" in asked
    card.refresh_from_db()
    assert card.explanation == ""
    assert client.post(url, values | {"confirmed": "1"}).status_code == 302
    card.refresh_from_db()
    assert card.explanation == "本人的。"


def test_only_editors_change_papers(card, cast, client_for):
    url = f"/cms/snippets/items/material/edit/{card.pk}/"
    for user in (cast.clerk, cast.stranger):
        assert client_for(user).post(url, posted(card, name="别的")).status_code in (302, 403)
    card.refresh_from_db()
    assert card.name == "居民身份证"


def test_a_question_names_the_guides_whose_rules_ask_it(site):
    question = Situation.objects.get(key="somebody-else-comes")
    assert [item.name for item in touched_by(question)] == ["婚姻登记档案查询"]
