"""A shared paper: an editor sees every guide that an edit touches, and it is published for all of them together."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from content.items.models import EditionMaterial, ItemEdition, Material, Situation
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


def test_publishing_asks_first_and_names_every_guide(card, approver, client_for):
    client = client_for(approver)
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


def test_a_scheduled_paper_comes_out_for_all_guides_together(card, client):
    card.explanation = "明年起要原件。"
    card.go_live_at = timezone.now() + timedelta(hours=1)
    card.save_revision().publish()
    guides = [f"/guides/{item.key}/" for item in touched_by(card)]
    assert len(guides) == 3
    assert not any("明年起要原件。" in client.get(guide).content.decode() for guide in guides)
    scheduled = card.scheduled_revision
    assert scheduled is not None
    past = timezone.now() - timedelta(minutes=1)
    scheduled.approved_go_live_at = past
    scheduled.content["go_live_at"] = past.isoformat()
    scheduled.save()
    call_command("publish_scheduled", verbosity=0)
    assert all("明年起要原件。" in client.get(guide).content.decode() for guide in guides)


def test_a_guide_that_will_ask_for_a_paper_from_a_scheduled_version_on_is_touched_too(card, site):
    edition = ItemEdition.objects.get(name="退休住院保障计划参保")
    paper = Material.objects.create(key="new-paper", name="新材料")
    edition.materials = [*edition.materials.all(), EditionMaterial(material=paper)]
    edition.go_live_at = timezone.now() + timedelta(days=3)
    edition.save_revision().publish()
    assert not EditionMaterial.objects.filter(material=paper).exists()
    assert touched_by(paper) == [edition.item]


def test_a_question_names_the_guides_whose_rules_ask_it(site):
    question = Situation.objects.get(key="somebody-else-comes")
    assert [item.name for item in touched_by(question)] == ["婚姻登记档案查询"]
