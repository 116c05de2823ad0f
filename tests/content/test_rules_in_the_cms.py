"""Editors choose conditions without seeing data: rows, a table of who gets what, and a try beside."""

import json

import pytest
from bs4 import BeautifulSoup

from content.items.services import current_edition, get_item

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"


@pytest.fixture
def edition(site):
    return current_edition(get_item(KEY))


def test_the_form_has_rows_to_choose_from_and_the_questions_come_with_their_answers(edition, cast, client_for):
    client = client_for(cast.editor)
    page = BeautifulSoup(client.get(f"/cms/snippets/items/itemedition/edit/{edition.pk}/").content, "html.parser")
    rules = page.select("linban-rule textarea[name^=materials]")
    assert [json.loads(area.text) for area in rules if "__prefix__" not in area["name"]] == [
        {}, {}, {"question": "somebody-else-comes", "is": True},
    ]  # fmt: skip
    assert page.select("script[type=module][src*=rule-widget]")
    known = client.get("/cms/rules/questions.json").json()
    assert known["questions"][0]["name"] == "别人替您来办时"
    assert set(known["words"]["operators"]) == {"yes_no", "choice", "number", "date"}


def test_a_table_tells_who_gets_what_and_a_try_leads_through_the_questions(edition, cast, client_for):
    client = client_for(cast.editor)
    page = BeautifulSoup(client.get(f"/cms/rules/{edition.pk}/").content, "html.parser")
    table = {row.th.text: row.td.text.strip() for row in page.select("tbody tr")}
    assert table == {"居民身份证": "人人都要", "利用档案申请表": "人人都要", "代办人身份证": "别人替您来办时"}
    assert "走过了 2 条答题的路" in page.text
    tried = client.get(f"/cms/rules/{edition.pk}/?somebody-else-comes-answer=yes").content.decode()
    assert "代办人身份证 原件" in BeautifulSoup(tried, "html.parser").select_one("aside [role=status]").text
    tried = client.get(f"/cms/rules/{edition.pk}/?somebody-else-comes-answer=no").content.decode()
    assert "代办人身份证" not in BeautifulSoup(tried, "html.parser").select_one("aside [role=status]").text
