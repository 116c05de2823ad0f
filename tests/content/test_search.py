"""The search finds what people mean: their own words, pinyin, initials, slips of the tongue."""

import json

import pytest

from content.items.services import current_edition, get_item, publish_edition
from content.search import services, tokens

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
