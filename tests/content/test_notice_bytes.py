"""Whatever editors change later, a notice that was issued says the same, byte for byte."""

from datetime import date

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.items.models import EditionMaterial, EditionStop, ItemEdition, Material, ServiceItem, Situation
from content.items.services import current_edition, get_item, publish_edition
from content.notices.services import content_of, issue_notice
from content.notices.snapshot import as_bytes, digest
from content.notices.telling import told

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20
)


def rename_material(word: str) -> None:
    material = Material.objects.get(name__startswith="居民身份证")
    material.name, material.explanation, material.where_from_en = f"居民身份证{word}", word, word
    material.save()


def rewrite_edition(word: str) -> None:
    edition = current_edition(get_item(KEY))
    edition.name, edition.procedure, edition.proxy_next_step, edition.limit_text = word, word, word, word
    publish_edition(edition)


def add_material(word: str) -> None:
    edition = current_edition(get_item(KEY))
    material, _is_new = Material.objects.get_or_create(name="另一份", defaults={"key": "another"})
    edition.materials = [*edition.materials.all(), EditionMaterial(material=material, form=word)]
    publish_edition(edition)


def drop_materials(word: str) -> None:
    edition = current_edition(get_item(KEY))
    edition.materials = list(edition.materials.all())[:1]
    publish_edition(edition)


def stop_everybody(word: str) -> None:
    edition = current_edition(get_item(KEY))
    rule = {"question": "somebody-else-comes", "is": True}
    edition.stops = [EditionStop(rule=rule, sentence=word, next_step=word)]
    edition.materials = [row for row in edition.materials.all() if not row.rule]
    publish_edition(edition)


def reword_question(word: str) -> None:
    Situation.objects.filter(key="somebody-else-comes").update(name=word, question=word, question_en=word)


def new_edition(word: str) -> None:
    item = get_item(KEY)
    day = date(2020, 1, 1 + ItemEdition.objects.filter(item=item).count() % 28)
    if not ItemEdition.objects.filter(item=item, valid_from=day).exists():
        publish_edition(ItemEdition.objects.create(item=item, valid_from=day, name=word))


def withdraw_item(word: str) -> None:
    ServiceItem.objects.filter(key=KEY).update(is_active=False)


EDITS = [
    rename_material, rewrite_edition, add_material, drop_materials, stop_everybody, reword_question, new_edition,
    withdraw_item,
]  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(EDITS), WORDS), min_size=1, max_size=4), st.booleans())
def test_bytes_stay_whatever_is_edited_later(site, edits, somebody_comes):
    ServiceItem.objects.filter(key=KEY).update(is_active=True)
    edition = current_edition(get_item(KEY))
    asked = {"somebody-else-comes": somebody_comes} if any(row.rule for row in edition.materials.all()) else {}
    asked = asked or ({"somebody-else-comes": somebody_comes} if edition.stops.exists() else {})
    notice = issue_notice(edition, asked)
    before, text = bytes(notice.content), told(notice)
    for edit, word in edits:
        edit(word)
    served = Client(REMOTE_ADDR=f"10.0.0.{len(before) % 250}").get(f"/notices/{notice.token}.json")
    assert served.content == before
    assert digest(served.content) == notice.sha256
    assert as_bytes(content_of(notice)) == before
    notice.refresh_from_db()
    assert told(notice) == text
