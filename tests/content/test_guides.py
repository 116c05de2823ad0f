"""Guide pages: every item has one that reads well, in both languages, in few queries."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation
from wagtail.models import Locale

from content.guides.models import ContentPage, HomePage
from content.guides.services import build_site
from content.items.models import ItemEdition, ServiceItem
from content.items.services import content_generation, current_edition, publish_edition
from content.items.wording import make_key, parse_stages, public_text

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"


@pytest.mark.sqlite
def test_a_guide_tells_who_what_where_how_long_and_what_it_costs(site, client):
    page = client.get(f"/guides/{KEY}/").content.decode()
    for words in (
        "婚姻登记档案查询",
        "本人",
        "不能委托别人",
        "当场办结",
        "免费",
        "居民身份证",
        "现场打印",
        "填单",
        "312000000000",
    ):
        assert words in page
    assert "带委托材料到档案馆办。" in page
    assert "别人替您来办时" in page


def test_the_list_has_the_most_frequent_first_and_every_line(site, client):
    page = client.get("/guides/").content.decode()
    assert page.index("门急诊就医记录册申领") < page.index("婚姻登记档案查询")
    assert "总工会" in page
    only = client.get("/guides/?line=archives").content.decode()
    assert "婚姻登记档案查询" in only
    assert "退休住院保障计划参保" not in only


def test_the_english_guide_falls_back_plainly(site, client):
    page = client.get(f"/en/guides/{KEY}/").content.decode()
    assert 'lang="en"' in page
    assert "Marriage records" in page
    assert "in Chinese only" in page
    assert "居民身份证" in page
    assert f'href="/en/guides/{KEY}/"' not in client.get("/guides/").content.decode()


def test_an_english_page_that_is_missing_comes_from_the_chinese_tree(site, client):
    english = HomePage.objects.get().copy_for_translation(Locale.objects.get(language_code="en"))
    english.save_revision().publish()
    assert client.get("/en/").status_code == 200
    assert client.get("/en/about/").status_code == 200


def test_building_the_site_twice_keeps_what_editors_wrote(site, cast):
    about = ContentPage.objects.get(slug="about")
    about.title = "关于我们"
    about.save_revision().publish()
    build_site(theme="kaifu", district_place=cast.district, hostname="testserver")
    assert ContentPage.objects.get(slug="about").title == "关于我们"
    assert HomePage.objects.count() == 1


def test_home_says_where_and_what_people_ask_for(site, cast, client):
    page = client.get("/").content.decode()
    assert "看病的本子" in page
    assert cast.point.name in page or cast.other_point.name in page
    assert "data-live-card" in page


def test_publishing_shows_at_once_and_renames_the_item(site, client):
    item = ServiceItem.objects.get(key=KEY)
    before = content_generation()
    edition = current_edition(item)
    edition.name = "结婚离婚档案查询"
    publish_edition(edition)
    item.refresh_from_db()
    assert item.name == "结婚离婚档案查询"
    assert content_generation() > before
    assert "结婚离婚档案查询" in client.get(f"/guides/{KEY}/").content.decode()


def test_a_draft_is_not_shown(site, client):
    edition = current_edition(ServiceItem.objects.get(key=KEY))
    edition.summary = "还没写完"
    edition.save_revision()
    assert "还没写完" not in client.get(f"/guides/{KEY}/").content.decode()


def test_the_key_of_an_item_never_changes(site):
    item = ServiceItem.objects.get(key=KEY)
    item.key = "another"
    with pytest.raises(ValidationError):
        item.full_clean()


def test_an_editor_sees_the_edition_in_the_cms_and_a_stranger_does_not(site, cast, client_for):
    edition = ItemEdition.objects.first()
    url = f"/cms/snippets/items/itemedition/edit/{edition.pk}/"
    assert client_for(None).get(url).status_code == 302
    assert client_for(cast.stranger).get(url).status_code in (302, 403)
    cast.editor.is_superuser = True
    cast.editor.save()
    response = client_for(cast.editor).get(url)
    assert response.status_code == 200
    preview = client_for(cast.editor).get(f"/cms/snippets/items/itemedition/history/{edition.pk}/")
    assert preview.status_code == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("自助版约30分钟（S2），种子000的实例为10分钟", "自助版约30分钟"),
        ("年满65周岁（可提前一个月申请，S2）", "年满65周岁（可提前一个月申请）"),
        ("材料为归并写法，逐项以来源为准", ""),
        ("当场办结。凭证当场给。", "当场办结。凭证当场给。"),
    ],
)
def test_the_collectors_remarks_are_not_told(text, said):
    assert public_text(text) == said


def test_a_chain_of_limits_is_read_by_stage():
    assert parse_stages("2个工作日审查；街镇10个工作日；区5个工作日（可延5个）") == [
        ("审查", 2, None),
        ("街镇", 10, None),
        ("区", 5, 5),
    ]
    assert parse_stages("当场办结") == []


def test_keys_are_ascii_and_unique():
    taken: set[str] = set()
    assert make_key("灵活就业登记/退出", taken) == "ling-huo-jiu-ye-deng-ji-tui-chu"
    assert make_key("灵活就业登记、退出", taken) == "ling-huo-jiu-ye-deng-ji-tui-chu-2"
    assert make_key("12345 热线", taken) == "12345-re-xian"


def test_a_guide_needs_few_queries_whatever_their_number(site, django_assert_max_num_queries):
    client = Client()
    client.get(f"/guides/{KEY}/")
    with translation.override("zh-hans"), django_assert_max_num_queries(40):
        client.get(f"/guides/{KEY}/")


def test_a_draft_can_be_previewed_with_its_materials(site):
    edition = current_edition(ServiceItem.objects.get(key=KEY))
    edition.summary = "还没写完"
    edition.save_revision()
    page = edition.get_latest_revision_as_object().make_preview_request().content.decode()
    assert "还没写完" in page
    assert "利用档案申请表" in page
