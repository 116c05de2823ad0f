"""Events of life: their pages group items in plain words, and are quiet where somebody has died."""

import pytest

from content.items.importing import ImportRefused, import_items
from tests.content.conftest import read_rows

pytestmark = pytest.mark.django_db
EVENTS = [
    {"key": "moving", "name": "搬家", "name_en": "Moving house", "words": "别的不急。", "order": 1,
     "items": [{"item": "门急诊就医记录册申领", "note": "本子跟着走"}, {"item": "婚姻登记档案查询"}]},
    {"key": "bereavement", "name": "亲人离世", "words": "不用一次办完。", "is_bereavement": True, "order": 2,
     "items": [{"item": "退休住院保障计划参保", "note": "领抚恤金"}]},
]  # fmt: skip


@pytest.fixture
def events(site):
    import_items(read_rows(life_events=EVENTS))


def test_it_groups_items_in_the_editors_order(events, client):
    page = client.get("/life/moving/").content.decode()
    assert page.index("门急诊就医记录册申领") < page.index("婚姻登记档案查询")
    assert "本子跟着走" in page
    assert 'href="/guides/hun-yin-deng-ji-dang-an-cha-xun/"' in page


def test_it_is_reached_from_home_the_guides_and_the_list(events, client):
    for address in ("/", "/guides/", "/life/"):
        assert 'href="/life/moving/"' in client.get(address).content.decode(), address


def test_a_page_of_mourning_has_no_lamp_and_leads_with_plain_words(events, client):
    page = client.get("/life/bereavement/").content.decode().partition("<main")[2].partition("</main>")[0]
    assert page.index("领抚恤金") < page.index("退休住院保障计划参保")
    assert "不用一次办完。" in page
    guide = client.get("/guides/tui-xiu-zhu-yuan-bao-zhang-ji-hua-can-bao/").content.decode()
    main = guide.partition("<main")[2].partition("</main>")[0]
    for text in (page, main):
        assert "button--lamp" not in text
        assert "badge--lamp" not in text
        assert "恭喜" not in text


def test_it_speaks_english_and_falls_back(events, client):
    page = client.get("/en/life/moving/").content.decode()
    assert "Moving house" in page
    assert 'href="/en/guides/hun-yin-deng-ji-dang-an-cha-xun/"' in page


def test_an_unknown_event_is_not_found(site, client):
    assert client.get("/life/none-such/").status_code == 404
    assert client.get("/life/").status_code == 200


def test_an_event_over_an_item_that_does_not_exist_is_refused(site):
    with pytest.raises(ImportRefused) as refused:
        import_items(read_rows(life_events=[EVENTS[0] | {"items": [{"item": "没有的事项"}]}]))
    assert "没有的事项" in str(refused.value.faults[0])
