"""Before it is out an edition can be looked at as website, kiosk, notice and slip, with made-up answers and no real code."""

import pytest

from content.items.models import EditionMaterial, ItemEdition, Material
from content.notices.models import Notice
from content.notices.previewing import NO_CODE, sample_notice
from tests.content.editing.forms import address, form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(site) -> ItemEdition:
    return ItemEdition.objects.get(name="婚姻登记档案查询")


def test_the_editor_chooses_among_four_looks(edition, cast, client_for):
    client, url = client_for(cast.editor), address(edition, "edit")
    html = client.get(url).content.decode()
    for name in ("网站", "自助终端", "告知单", "小票"):
        assert f">{name}</option>" in html, name
    preview = address(edition, "preview_on_edit")
    data = form_data(client, url) | {"name": "正在改的名称"}
    for mode, sign in (("", "guide"), ("kiosk", "notice-kiosk"), ("notice", "stub__code"), ("slip", "slip__code")):
        assert client.post(f"{preview}?mode={mode}", data).json()["is_valid"]
        page = client.get(f"{preview}?mode={mode}").content.decode()
        assert "正在改的名称" in page, mode
        assert sign in page, mode
    assert not Notice.objects.exists()


def test_the_made_up_answers_are_those_with_the_most_papers_and_drafts_count(edition):
    edition.materials = [*edition.materials.all(), EditionMaterial(material=Material(name="还没发布的材料", key="new"))]
    page = edition.make_preview_request(preview_mode="slip").content.decode()
    assert "代办人身份证" in page
    assert "还没发布的材料" in page
    assert "只是预览，答案是编的。" in page
    assert NO_CODE[:3] in page


def test_a_preview_of_faulty_rules_still_shows_something(edition):
    edition.materials = [EditionMaterial(material=Material.objects.first(), rule={"question": "nowhere", "is": True})]
    assert sample_notice(edition).content
