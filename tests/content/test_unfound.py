"""What found nothing is counted without a person, listed for editors, and becomes a word of an item in two clicks."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from content.items import aliases
from content.items.models import ItemEdition
from content.items.services import current_edition, get_item, publish_edition
from content.search import services, unfound
from content.search.models import UnfoundQuery

pytestmark = pytest.mark.django_db
WORDS = "宇航员体检"
ITEM = "hun-yin-deng-ji-dang-an-cha-xun"


def miss(words: str = WORDS, addresses: tuple[str, ...] = ("10.0.0.1", "10.0.0.2", "10.0.0.3")) -> None:
    for address in addresses:
        unfound.note_unfound(words, address=address)


@pytest.mark.parametrize(
    "typed",
    [
        "138 1234 5678", "310106194912310022", "张三123456", "a@b.cn", "我", "？！",
        "我妈妈去年在医院里住了三个月现在回家没有人照顾怎么办",
    ],
)  # fmt: skip
def test_what_may_lead_to_a_person_is_not_counted(typed):
    miss(typed)
    assert not UnfoundQuery.objects.exists()


def test_words_can_be_read_only_after_three_addresses_or_days(freezer_day):
    unfound.note_unfound(WORDS, address="10.0.0.1")
    for _again in range(5):
        unfound.note_unfound("宇航员 体檢!", address="10.0.0.1")
    row = UnfoundQuery.objects.get()
    assert (row.text, row.count, len(row.witnesses)) == ("", 6, 1)
    assert WORDS not in str(row.witnesses) and "10.0.0.1" not in str(row.witnesses)
    unfound.note_unfound(WORDS, address="10.0.0.2")
    assert not unfound.listed().exists()
    freezer_day(1)
    unfound.note_unfound(WORDS, address="10.0.0.1")
    row.refresh_from_db()
    assert (row.text, row.count, row.witnesses) == (WORDS, 8, [])
    assert list(unfound.listed()) == [row]


@pytest.fixture
def freezer_day(monkeypatch):
    """Move the day on by so many days."""
    today = timezone.localdate()

    def move(days: int) -> None:
        monkeypatch.setattr(unfound.timezone, "localdate", lambda *args: today + timedelta(days=days))

    return move


def test_noise_cannot_fill_the_table(monkeypatch):
    monkeypatch.setattr(unfound, "MAX_WAITING", 2)
    for number in range(5):
        unfound.note_unfound(f"无此事{number}", address="10.0.0.1")
    assert UnfoundQuery.objects.count() == 2


def test_the_page_counts_a_miss_and_a_suggestion_does_not(site, client):
    assert "没有找到" in client.get("/search/?q=xyzzyq").content.decode()
    client.get("/search/suggestions/?q=xyzzyq")
    client.get("/search/?q=婚姻档案")
    assert [row.count for row in UnfoundQuery.objects.all()] == [1]


@pytest.fixture
def row(site) -> UnfoundQuery:
    miss()
    return UnfoundQuery.objects.get()


def test_an_editor_gives_the_words_to_an_item_and_takes_them_back(row, cast, client_for):
    client = client_for(cast.editor)
    page = client.get("/cms/searches/").content.decode()
    assert WORDS in page and f'value="{ITEM}"' in page
    answer = client.post(f"/cms/searches/{row.pk}/", {"do": "add", "item": ITEM}, follow=True).content.decode()
    assert 'value="undo"' in answer
    assert services.search(WORDS).hits[0].key == ITEM
    assert not unfound.listed().exists()
    client.post(f"/cms/searches/{row.pk}/", {"do": "undo", "item": ITEM})
    assert services.search(WORDS).hits == ()
    assert list(unfound.listed()) == [row]


def test_words_without_an_item_are_refused_with_a_next_step(row, cast, client_for):
    answer = client_for(cast.editor).post(f"/cms/searches/{row.pk}/", {"do": "add", "item": ""}, follow=True)
    assert "请先选" in answer.content.decode()
    assert list(unfound.listed()) == [row]


def test_words_can_be_put_aside_and_back(row, cast, client_for):
    client = client_for(cast.editor)
    client.post(f"/cms/searches/{row.pk}/", {"do": "dismiss"})
    assert not unfound.listed().exists()
    assert WORDS in client.get("/cms/searches/?aside=1").content.decode()
    client.post(f"/cms/searches/{row.pk}/", {"do": "restore"})
    assert list(unfound.listed()) == [row]


def test_nobody_else_changes_anything(row, cast, client_for):
    for who in (client_for(cast.clerk), Client()):
        who.post(f"/cms/searches/{row.pk}/", {"do": "add", "item": ITEM})
        assert WORDS not in who.get("/cms/searches/").content.decode()
    assert WORDS not in current_edition(get_item(ITEM)).alias_list
    assert list(unfound.listed()) == [row]


def test_a_draft_keeps_its_changes_and_a_later_edition_gets_the_word_too(site, cast):
    item = get_item(ITEM)
    edition = current_edition(item)
    draft = current_edition(item)
    draft.summary = "还没有发布的说明"
    draft.save_revision()
    later = ItemEdition.objects.create(
        item=item, name=edition.name, valid_from=timezone.localdate() + timedelta(days=40), live=False
    )
    publish_edition(later)
    assert aliases.add_alias(item, WORDS, user=cast.editor)
    assert not aliases.add_alias(item, WORDS, user=cast.editor)
    edition.refresh_from_db()
    later.refresh_from_db()
    assert WORDS in edition.alias_list and WORDS in later.alias_list
    assert edition.summary != "还没有发布的说明"
    newest = edition.get_latest_revision_as_object()
    assert newest.summary == "还没有发布的说明" and WORDS in newest.alias_list


def test_a_locked_edition_is_left_alone(site, cast):
    edition = current_edition(get_item(ITEM))
    edition.locked, edition.locked_by, edition.locked_at = True, cast.manager, timezone.now()
    edition.save()
    with pytest.raises(aliases.ItemLocked):
        aliases.add_alias(edition.item, WORDS, user=cast.editor)
    assert WORDS not in current_edition(edition.item).alias_list


def test_counts_are_erased_when_they_are_old():
    UnfoundQuery.objects.create(fingerprint="1", text="旧词", count=1, last_day=date(2026, 1, 1))
    kept = UnfoundQuery.objects.create(fingerprint="2", text="新词", count=1, last_day=date(2026, 11, 1))
    assert unfound.forget(timezone.make_aware(timezone.datetime(2026, 10, 1))) == 1
    assert list(UnfoundQuery.objects.all()) == [kept]
