"""The search finds what people mean: their own words, pinyin, initials, slips of the tongue."""

import json
import threading
from dataclasses import replace

import pytest

from content.items.importing import import_items
from content.items.services import current_edition, get_item, publish_edition
from content.search import marking, services, tokens, views
from content.search.index import Document, Index
from tests.content.conftest import read_rows

pytestmark = pytest.mark.django_db


@pytest.mark.sqlite
def test_the_answer_as_json(site, client):
    answer = json.loads(client.get("/search/?q=看病的本子&format=json").content)
    assert answer["query"] == "看病的本子"
    assert answer["results"][0] == {
        "title": "门急诊就医记录册申领",
        "url": "/guides/men-ji-zhen-jiu-yi-ji-lu-ce-shen-ling/",
        "kind": "item",
        "key": "men-ji-zhen-jiu-yi-ji-lu-ce-shen-ling",
    }


def test_a_points_name_finds_the_point(site, cast):
    hit = services.search(cast.point.name).hits[0]
    assert (hit.kind, hit.key) == ("point", cast.point.code)


def test_what_fits_nothing_says_so_and_gives_guesses(site, client):
    page = client.get("/search/?q=xyzzyq").content.decode()
    assert "没有找到" in page
    assert "/guides/" in page
    assert services.search("xyzzyq").hits == ()


def test_a_query_cannot_break_the_page(site, client):
    page = client.get("/search/", {"q": '<script>alert(1)</script>"'}).content.decode()
    assert "<script>alert" not in page
    assert client.get("/search/", {"q": "好" * 5000}).status_code == 200
    assert client.get("/search/", {"q": "a\x00b"}).status_code == 200
    assert client.get("/search/?q=%20").status_code == 200


def test_a_publication_is_found_at_once(site):
    assert services.search("宇航员体检").hits == ()
    edition = current_edition(get_item("hun-yin-deng-ji-dang-an-cha-xun"))
    edition.aliases = "宇航员体检"
    publish_edition(edition)
    assert services.search("宇航员体检").hits[0].key == "hun-yin-deng-ji-dang-an-cha-xun"


def test_matching_words_are_marked(site):
    hit = services.search("婚姻档案").hits[0]
    assert "".join(part for part, _marked in hit.marked) == hit.title
    assert ("婚姻", True) in hit.marked


def test_typed_letters_are_read_as_syllables():
    assert [unit for unit, _whole in tokens.units("hunyindengji")] == ["hun", "yin", "deng", "ji"]
    assert tokens.units("jlk") == (("j", False), ("l", False), ("k", False))
    assert tokens.units("jinglaok")[-1] == ("k", False)
    assert tokens.units("uvw") == ()
    assert tokens.query_sounds("zhang hu") == ["zan-hu"]
    assert tokens.query_sounds("办chang护险") == ["ban-can", "can-hu", "hu-xian"]
    assert "can-hu" in tokens.sounds("长护")


@pytest.mark.parametrize(
    ("query", "hit"),
    [("婚姻档案", "婚姻"), ("hunyin", "婚姻"), ("hydj", "婚姻登记"), ("昏因登记", "登记"), ("婚姻登記", "婚姻登记")],
)
def test_what_matched_is_marked_by_character_and_by_sound(query, hit):
    parts = marking.marked("婚姻登记档案查询", tokens.plain(query))
    assert "".join(part for part, _is_match in parts) == "婚姻登记档案查询"
    assert hit in [part for part, is_match in parts if is_match]


def test_another_name_is_shown_where_the_title_has_nothing_of_it(site):
    hit = services.search("看病的本子").hits[0]
    assert hit.matched == (("看病的本子", True),)


def test_suggestions_come_with_what_matched(site, client):
    found = client.get("/search/suggestions/?q=hunyin").json()
    assert found["query"] == "hunyin"
    assert found["suggestions"][0]["url"] == "/guides/hun-yin-deng-ji-dang-an-cha-xun/"
    assert ["婚姻", True] in found["suggestions"][0]["parts"]
    assert client.get("/search/suggestions/").json()["suggestions"] == []


def test_a_flood_from_one_address_gets_a_clear_page_that_keeps_what_was_typed(site, client, monkeypatch):
    monkeypatch.setattr(views, "SEARCHES_A_WINDOW", 3)
    monkeypatch.setattr(views, "SUGGESTIONS_A_WINDOW", 2)
    for _time in range(3):
        assert client.get("/search/?q=婚姻").status_code == 200
    answer = client.get("/search/?q=婚姻档案")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert 'value="婚姻档案"' in answer.content.decode()
    assert client.get("/search/?q=婚姻&format=json").status_code == 429
    assert client.get("/search/").status_code == 200
    assert [client.get("/search/suggestions/?q=婚姻").status_code for _time in range(3)] == [200, 200, 429]


def test_while_one_makes_the_index_the_others_get_the_old_one(site):
    old = services.index()
    publish_edition(replace_aliases("宇航员体检"))
    with services._making:
        assert services.index() is old
    assert services.index() is not old


def replace_aliases(words: str):
    edition = current_edition(get_item("hun-yin-deng-ji-dang-an-cha-xun"))
    edition.aliases = words
    return edition


def test_a_large_index_is_made_behind_the_answer(site, monkeypatch):
    made = threading.Event()
    old = services.index()
    monkeypatch.setattr(services, "AT_ONCE", 0)
    monkeypatch.setattr(services, "_make", made.set)
    publish_edition(replace_aliases("宇航员体检"))
    assert services.index() is old
    assert made.wait(10)
    # The lock comes back when the thread is through.
    assert services._making.acquire(timeout=10)
    services._making.release()


BARE = [
    Document("item", "passport", "普通护照签发", "Passport", "/p/"),
    Document("item", "permit", "居住证签注", "Renewal of the residence permit", "/r/"),
    Document("item", "meals", "老年人助餐补贴", "Meal allowance for the elderly", "/m/"),
    Document("item", "care", "长期护理保险需求评估申请", "Long-term care insurance", "/c/"),
]


@pytest.mark.parametrize("with_meaning", [True, False])
@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("暂住证到期", "permit"), ("zhucan", "meals"), ("zhucanb", "meals"), ("长护险", "care"), ("cqhl", "care"),
        ("常期户理", "care"), ("passport", "passport"), ("居住征签住", "permit"), ("老人吃饭", "meals"),
    ],
)  # fmt: skip
def test_items_are_found_without_any_residents_words(query, key, with_meaning):
    index = Index(BARE, with_meaning=with_meaning)
    total = index.scores(tokens.plain(query)).total
    assert index.documents[int(total.argmax())].key == key


def test_a_document_without_words_harms_nobody():
    index = Index([*BARE, replace(BARE[0], key="empty", title="", title_en="")])
    assert index.documents[int(index.scores("护照").total.argmax())].key == "passport"


def test_an_event_of_life_is_found_with_its_pages_address(site, client):
    import_items(
        read_rows(life_events=[{"key": "moving", "name": "搬家", "name_en": "Moving house", "words": "别的不急。"}])
    )
    hit = services.search("我要搬家了").hits[0]
    assert (hit.kind, hit.key, hit.url) == ("event", "moving", "/life/moving/")
    assert 'href="/life/moving/"' in client.get("/search/?q=搬家").content.decode()
    assert client.get("/en/search/?q=moving&format=json").json()["results"][0]["title"] == "Moving house"


@pytest.mark.parametrize("typed", ["marriage records", "marrige record", "Marriage certificate"])
def test_english_finds_by_english_names_and_bears_a_slip(site, client, typed):
    first = client.get("/en/search/", {"q": typed, "format": "json"}).json()["results"][0]
    assert (first["title"], first["url"]) == ("Marriage records", "/en/guides/hun-yin-deng-ji-dang-an-cha-xun/")


@pytest.mark.parametrize(
    ("query", "key"),
    [("residense permit", "permit"), ("pasport", "passport"), ("elderley meal", "meals"), ("care insurence", "care")],
)
def test_english_words_bear_a_slip_without_meaning(query, key):
    index = Index(BARE, with_meaning=False)
    assert index.documents[int(index.scores(query).total.argmax())].key == key


def test_pinyin_is_never_taken_for_english():
    index = Index(BARE, with_meaning=False)
    assert index.spelled("renewel of zhucan") == "renewal of zhucan"
    assert index.spelled("gongjijin") == "gongjijin"


def test_initials_of_what_people_say_are_understood():
    index = Index([*BARE, Document("item", "relief", "城乡居民最低生活保障申请", "", "/l/")], with_meaning=False)
    assert index.documents[int(index.scores("dbsq").total.argmax())].key == "relief"


def test_an_item_with_one_name_is_not_crowded_out_by_one_with_many():
    many = Document(
        "item", "many", "医保关系登记", "", "/m/", aliases="\n".join(f"医保{n}卡里的钱" for n in "一二三四五六")
    )
    index = Index([*BARE, many, Document("item", "one", "医保账户继承", "", "/o/")], with_meaning=False)
    assert index.documents[int(index.scores("医保账户的继承").total.argmax())].key == "one"
