"""What editors are warned of: each check finds its fault, leaves good text alone, and blocks nothing."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from content.bulletin.models import Announcement
from content.editing import checks
from content.editing.checks import findings_of, plain_words
from content.editing.written import Law, Text, Written
from content.guides.models import ContentPage, HomePage
from content.items.models import (
    EditionBasis,
    EditionFee,
    EditionStop,
    ItemAtPlace,
    ItemEdition,
    Material,
    MaterialSource,
    ServiceItem,
)


def said(*words: str, **more) -> Written:
    return Written(texts=[Text("note", "说明", text) for text in words], **more)


def codes(check, written: Written) -> list[str]:
    return [finding.code for finding in check(written)]


@pytest.fixture
def edition(site) -> ItemEdition:
    found = ItemEdition.objects.get(name="门急诊就医记录册申领")
    found.conditions = found.note = found.fee_text = ""
    return found


def test_a_refusal_without_a_next_step_is_found(edition):
    edition.proxy_rule = ItemEdition.Proxy.NONE
    edition.stops = [EditionStop(sentence="不在本市参保", next_step="")]
    found = [finding for finding in findings_of(edition) if finding.code == "next_step"]
    assert [finding.field for finding in found] == ["proxy_next_step", "stops"]
    edition.proxy_next_step = "打12345问怎么办。"
    edition.stops = [EditionStop(sentence="不在本市参保", next_step="到参保地办。")]
    assert "next_step" not in [finding.code for finding in findings_of(edition)]


def test_a_place_that_does_not_offer_an_item_needs_one_too(edition, cast):
    rule = ItemAtPlace.objects.create(item=edition.item, place=cast.point, is_offered=False)
    assert [finding.code for finding in findings_of(rule)] == ["next_step"]
    rule.next_step = "到受理中心办。"
    assert findings_of(rule) == []


def test_a_law_past_its_date_is_found_from_the_next_day_on(edition):
    today = timezone.localdate()
    laws = [Law("旧规定", today - timedelta(days=1)), Law("到今天", today), Law("没写", None)]
    assert [finding.label for finding in checks.law_past_its_date(Written(laws=laws))] == ["旧规定"]
    edition.bases = [EditionBasis(title="旧规定", valid_until=date(2020, 1, 1))]
    assert "law" in [finding.code for finding in findings_of(edition)]


@pytest.mark.parametrize(("address", "is_broken"), [
    ("/guides/no-such-item/", True),
    ("/nowhere-at-all/", True),
    ("/points/", False),
    ("/en/points/", False),
    ("/about/", False),
    ("https://www.gov.cn/nowhere", False),
])  # fmt: skip
def test_an_address_of_ours_that_leads_nowhere_is_found(site, address, is_broken):
    assert bool(list(checks.broken_links(said(f"请看{address}，再来。")))) is is_broken


def test_a_guide_of_an_item_that_is_offered_no_more_is_a_broken_link(site):
    item = ServiceItem.objects.first()
    assert codes(checks.broken_links, said(f"见/guides/{item.key}/。")) == []
    ServiceItem.objects.filter(pk=item.pk).update(is_active=False)
    assert codes(checks.broken_links, said(f"见/guides/{item.key}/。")) == ["link"]


def test_a_link_in_rich_text_to_a_page_that_was_taken_down_is_found(site):
    home = HomePage.objects.first()
    target = home.add_child(instance=ContentPage(title="目标", slug="target", locale=home.locale))
    body = [("paragraph", f'<p>见<a linktype="page" id="{target.pk}">这里</a>。</p>')]
    home.refresh_from_db()
    page = home.add_child(instance=ContentPage(title="页面", slug="links", locale=home.locale, body=body))
    assert findings_of(page) == []
    target.unpublish()
    assert [finding.code for finding in findings_of(ContentPage.objects.get(pk=page.pk))] == ["link"]


def test_a_sentence_is_long_from_41_characters_on():
    assert codes(checks.long_sentences, said("长" * 40 + "。" + "短" * 40)) == []
    assert codes(checks.long_sentences, said("长" * 41 + "。好。")) == ["long"]


def test_official_words_are_found_with_the_plain_word_beside():
    assert len(plain_words()) >= 60
    (finding,) = checks.official_words(said("材料不齐的不予受理。"))
    assert "不予受理" in finding.message
    assert plain_words()["不予受理"] in finding.message
    # A character that is a word only at the beginning of a sentence.
    assert codes(checks.official_words, said("持身份证到窗口。")) == ["jargon"]
    assert codes(checks.official_words, said("请保持安静。")) == []


def test_the_list_of_words_has_each_once_and_no_plain_word_that_is_official_itself():
    lines = [line for line in checks.WORDS_FILE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    words = [line.split("\t")[0] for line in lines]
    assert len(words) == len(set(words))
    for official, plain in plain_words().items():
        assert official != plain
        assert not plain.startswith("予以")


@pytest.mark.parametrize(
    "number", ["021-55501000", "55501000", "13800000000", "12345", "962222", "400-820-8820", "021-55501000转8001"]
)
def test_a_number_that_can_be_dialled_is_left_alone(number):
    assert codes(checks.telephones_that_are_none, said(f"电话：{number}")) == []


@pytest.mark.parametrize("number", ["1380000000", "021-5550", "123", "5550100012345"])
def test_a_number_that_cannot_be_dialled_is_found(number):
    assert codes(checks.telephones_that_are_none, said(f"请拨打{number}。")) == ["phone"]


def test_a_designated_places_telephone_is_looked_at(site):
    material = Material(key="x", name="鉴定书", sources=[MaterialSource(name="医院", phone="见网站")])
    assert [finding.code for finding in findings_of(material)] == ["phone"]


def test_an_amount_needs_a_date(edition):
    assert codes(checks.amounts_without_date, said("每月补贴200元。")) == ["amount"]
    assert codes(checks.amounts_without_date, said("2026年起每月补贴200元。")) == []
    edition.fees = [EditionFee(what="工本费", amount=10)]
    assert "amount" in [finding.code for finding in findings_of(edition)]
    edition.fee_as_of = date(2026, 1, 1)
    assert "amount" not in [finding.code for finding in findings_of(edition)]


def test_a_warning_must_say_what_people_can_do(cast):
    warning = Announcement(place=cast.district, kind="warn", title="停电", text="今天停电。")
    assert [finding.code for finding in findings_of(warning)] == ["next_step"]
    warning.text = "今天停电。请到受理中心办。"
    assert findings_of(warning) == []


def test_saving_warns_and_does_not_block(cast, site, client_for):
    url = reverse("wagtailsnippets_bulletin_announcement:add")
    data = {
        "place": cast.district.pk, "item": "", "kind": "warn", "title": "停电", "title_en": "", "text": "不予受理。",
        "text_en": "", "link": "", "link_text": "", "link_text_en": "", "starts_at": "2026-11-01 08:00",
        "ends_at": "2027-11-01 08:00",
    }  # fmt: skip
    client = client_for(cast.editor)
    answer = client.post(url, data, follow=True)
    row = Announcement.objects.get()
    assert "请看一看" in answer.content.decode()
    edit = client.get(reverse("wagtailsnippets_bulletin_announcement:edit", args=[row.pk])).content.decode()
    assert 'data-finding="jargon"' in edit
    assert 'data-finding="next_step"' in edit


def test_the_command_lists_what_the_checks_find(site, cast):
    Announcement.objects.create(
        place=cast.district, kind="warn", title="停电", ends_at=timezone.now() + timedelta(days=1)
    )
    out = StringIO()
    call_command("check_content", "--code", "next_step", stdout=out)
    assert "停电" in out.getvalue()
    out = StringIO()
    call_command("check_content", ServiceItem.objects.first().key, stdout=out)
    assert "in 1 texts" in out.getvalue()
