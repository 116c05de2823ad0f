"""What editors paste that is too long or is a program: told in place, nothing typed is lost, nothing runs."""

import json

import pytest
from django.urls import reverse

from content.editing.viewsets import LONGEST_TEXT
from content.guides.models import ContentPage, HomePage
from content.items.models import ItemEdition
from tests.content.editing.forms import address, form_data


def test_three_hundred_pages_pasted_into_a_text_are_refused_in_place(site, cast, client_for):
    edition = ItemEdition.objects.first()
    before = edition.revisions.count()
    client, url = client_for(cast.editor), address(edition, "edit")
    pasted = "三百页。" * 60_000
    answer = client.post(url, form_data(client, url) | {"note": pasted, "summary": "也在改"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f"这里有 240000 个字，最多放得下 {LONGEST_TEXT} 个" in html
    assert pasted in html
    assert "也在改" in html
    edition.refresh_from_db()
    assert edition.revisions.count() == before


@pytest.fixture
def page(site) -> ContentPage:
    home = HomePage.objects.first()
    return home.add_child(instance=ContentPage(title="有文字的页", slug="texts", live=False, locale=home.locale))


def pasted(text: str, *, link: str = "") -> str:
    """What the editor in the browser sends of a pasted text."""
    entities = [{"offset": 0, "length": 2, "key": 0}] if link else []
    block = {
        "key": "a1b2c", "type": "unstyled", "text": text, "depth": 0, "inlineStyleRanges": [], "entityRanges": entities,
    }  # fmt: skip
    linked = {"0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": link}}} if link else {}
    return json.dumps({"blocks": [block], "entityMap": linked})


@pytest.mark.parametrize(("text", "link"), [
    ("<script>alert(1)</script>请带好证件", ""),
    ("<img src=x onerror=alert(1)>请带好证件", ""),
    ("这里是请带好证件", "javascript:alert(1)"),
])  # fmt: skip
def test_a_script_in_rich_text_is_text_or_gone(page, cast, client, client_for, text, link):
    editor, url = client_for(cast.editor), reverse("wagtailadmin_pages:edit", args=[page.pk])
    data = {
        "title": page.title, "slug": page.slug, "lead": "", "seo_title": "", "search_description": "", "go_live_at": "",
        "expire_at": "", "body-count": "1", "body-0-deleted": "", "body-0-order": "0", "body-0-type": "paragraph",
        "body-0-id": "", "body-0-value": pasted(text, link=link), "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0", "comments-MIN_NUM_FORMS": "0", "comments-MAX_NUM_FORMS": "",
    }  # fmt: skip
    assert editor.post(url, data).status_code == 302
    page.refresh_from_db()
    page.get_latest_revision().publish()
    html = client.get("/texts/").content.decode()
    assert "请带好证件" in html
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "javascript:alert" not in html
