"""From the questions to the notice: one a page, back keeps answers, stops have a next step, and the bytes stay."""

import io
import json
import subprocess
from datetime import date, timedelta

import pypdf
import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone, translation

from content.items.models import (
    EditionMaterial,
    EditionQuestion,
    EditionStop,
    ItemEdition,
    Material,
    ServiceItem,
    Situation,
    SituationChoice,
)
from content.items.rules_edition import rules_of
from content.items.services import current_edition, publish_edition
from content.notices import services
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from portal.base.clock.models import RetentionRule
from portal.base.clock.services import enforce_retention

pytestmark = pytest.mark.django_db
START = "/guides/care/notice/"


@pytest.fixture
def edition(site) -> ItemEdition:
    """Care at home: who comes (a choice), how old (a number), since when (a day); a bedridden person ends elsewhere."""
    item = ServiceItem.objects.create(key="care", line=ServiceItem.objects.first().line, name_zh="长护险评估")
    who = Situation(key="who-comes", name="谁去窗口", question="谁去窗口办？", question_en="Who comes?", kind="choice",
                    why="代办的话，要多带一张代办人的身份证。")  # fmt: skip
    who.choices = [
        SituationChoice(key="self", text="老人自己去"),
        SituationChoice(key="family", text="家里人代办", text_en="family comes"),
        SituationChoice(key="nobody", text="卧床，家里也没人能去"),
    ]
    who.save()
    age = Situation.objects.create(key="age", name="年龄", question="老人多大年纪？", kind="number", unit="周岁",
                                   least=0, most=120)  # fmt: skip
    since = Situation.objects.create(key="card-since", name="社保卡办于", question="社保卡哪天办的？", kind="date")
    edition = ItemEdition(item=item, name="长护险评估", valid_from=date(2000, 1, 1), procedure="受理\n评估",
                          fee_kind="free", limit_text="", proxy_rule="anyone", source="made up")  # fmt: skip
    edition.save()
    edition.questions = [
        EditionQuestion(situation=who),
        EditionQuestion(situation=age, rule={"not": {"question": "who-comes", "is": "nobody"}}),
        EditionQuestion(situation=since, rule={"question": "age", "at_least": 60}),
    ]
    edition.materials = [
        EditionMaterial(material=paper("老人的居民身份证", name_en="ID card", explanation="申请人本人的。"), form="原件"),
        EditionMaterial(material=paper("申请表"), form="原件（现场打印签字）"),
        EditionMaterial(
            material=paper("代办人的身份证"), form="原件", is_required=False,
            rule={"question": "who-comes", "is": "family"},
        ),
        EditionMaterial(
            material=paper("旧社保卡"), form="原件", is_required=False,
            rule={"question": "card-since", "before": "today-10y"},
        ),
    ]  # fmt: skip
    edition.stops = [
        EditionStop(rule={"question": "who-comes", "is": "nobody"}, sentence="没人能去窗口，这里办不了。",
                    next_step="请打 12345，约工作人员上门。"),
        EditionStop(rule={"question": "age", "at_most": 59}, sentence="未满 60 周岁，办不了长护险。",
                    next_step="请到残联窗口问护理补贴。"),
    ]  # fmt: skip
    return publish_edition(edition)


def paper(name: str, **values) -> Material:
    return Material.objects.create(name=name, key=f"paper-{Material.objects.count()}", **values)


def page_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def answer(client: Client, response, *, follow: bool = True, **values):
    """Send the form of a question page as a browser without JavaScript would."""
    form = page_of(response).select_one("form.question__form")
    data = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    return client.post(response.request["PATH_INFO"], data | values, follow=follow)


def to_notice(client: Client, who: str = "family", age: str = "70", year: str = "2010"):
    asked = client.get(START, follow=True)
    asked = answer(client, asked, **{"who-comes-answer": who})
    if who != "nobody":
        asked = answer(client, asked, **{"age-answer": age})
    if who != "nobody" and int(age) >= 60:
        day = {"card-since-answer_year": year, "card-since-answer_month": "5", "card-since-answer_day": "1"}
        asked = answer(client, asked, **day)
    return asked


def test_questions_lead_to_a_list_with_its_reasons(edition):
    client = Client()
    first = client.get(START, follow=True)
    assert first.request["PATH_INFO"].endswith("/notice/who-comes/")
    text = page_of(first).get_text(" ", strip=True)
    assert "谁去窗口办？" in text
    assert "为什么问这个" in text
    assert "代办的话，要多带一张代办人的身份证。" in text
    notice = page_of(to_notice(client))
    assert notice.h1.text == "带齐这 3 样，就能办。"
    names = [name.text for name in notice.select(".material__name")]
    assert names == ["老人的居民身份证", "代办人的身份证", "旧社保卡", "申请表"]
    whys = [why.text for why in notice.select(".material__why")]
    assert whys == ["因为您答了：家里人代办", "因为您答了：社保卡办于：2010 年 5 月 1 日"]
    assert "请向窗口确认" in notice.select_one(".notice__facts").text


def test_nothing_is_lost_on_the_way_back_and_a_changed_answer_drops_what_hung_on_it(edition):
    client = Client()
    second = answer(client, client.get(START, follow=True), **{"who-comes-answer": "family"})
    third = answer(client, second, **{"age-answer": "70"})
    assert third.request["PATH_INFO"].endswith("/card-since/")
    back = answer(client, third, wizard_goto_step="age")
    assert page_of(back).select_one("input[name=age-answer]")["value"] == "70"
    back = answer(client, back, wizard_goto_step="who-comes")
    assert page_of(back).select_one("input[value=family]").has_attr("checked")
    stopped = answer(client, back, **{"who-comes-answer": "nobody"})
    assert page_of(stopped).h1.text == "这里办不了。"
    content = services.content_of(Notice.objects.get())
    assert [row["question"] for row in content["answers"]] == ["who-comes"]


@pytest.mark.parametrize(
    ("step", "values", "words"),
    [
        ("who-comes", {}, "请选一个回答。"),
        ("who-comes", {"who-comes-answer": "uncle"}, "请在这几个回答里选一个。"),
        ("age", {"age-answer": "七十"}, "请填整数，用数字。"),
        ("age", {"age-answer": "300"}, "这个数在 0 到 120 之间。"),
        ("card-since", {"card-since-answer_year": "2010", "card-since-answer_month": "2",
                        "card-since-answer_day": "30"}, "没有这一天"),
        ("card-since", {}, "请选年、月、日。"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_said_in_place(edition, step, values, words):
    client = Client()
    asked = client.get(START, follow=True)
    for name, given in (("who-comes", "self"), ("age", "70")):
        if name == step:
            break
        asked = answer(client, asked, **{f"{name}-answer": given})
    refused = answer(client, asked, **values)
    assert words in page_of(refused).select_one(".field__error").text
    if "age-answer" in values:
        assert page_of(refused).select_one("input[name=age-answer]")["value"] == values["age-answer"]
    assert not Notice.objects.exists()


def test_the_session_holds_answers_and_nothing_else(edition):
    client = Client()
    answer(client, client.get(START, follow=True), **{"who-comes-answer": "family", "name": "邻小安"})
    kept = client.session["wizard_notice_care"]
    assert kept["step_data"] == {"who-comes": {"who-comes-answer": ["family"]}}
    assert "邻小安" not in json.dumps(kept, ensure_ascii=False)


def test_a_stop_is_a_notice_with_its_next_step(edition):
    stopped = page_of(to_notice(Client(), who="self", age="59"))
    text = stopped.get_text(" ", strip=True)
    assert "未满 60 周岁，办不了长护险。" in text
    assert "下一步：请到残联窗口问护理补贴。" in text
    assert not stopped.select(".material__name")


def test_an_item_without_questions_goes_straight_to_its_notice(site):
    answered = Client().get("/guides/men-ji-zhen-jiu-yi-ji-lu-ce-shen-ling/notice/", follow=True)
    assert page_of(answered).h1.text == "带齐这 1 样，就能办。"


def test_answers_can_be_changed_from_the_notice(edition):
    client = Client()
    notice = to_notice(client)
    again = client.get(page_of(notice).select_one(".notice__for a")["href"], follow=True)
    assert page_of(again).select_one("input[value=family]").has_attr("checked")
    second = answer(client, again, **{"who-comes-answer": "self"})
    assert page_of(second).select_one("input[name=age-answer]")["value"] == "70"


def test_an_old_form_of_other_questions_starts_where_the_answers_lead(edition):
    client = Client()
    asked = client.get(START, follow=True)
    stale = client.post(asked.request["PATH_INFO"], {"notice_care-current_step": "gone"}, follow=True)
    assert page_of(stale).h1.text == "谁去窗口办？"


def test_the_bytes_are_canonical_and_what_the_page_tells(edition):
    to_notice(Client())
    notice = Notice.objects.get()
    served = Client().get(f"/notices/{notice.token}.json")
    assert served.content == bytes(notice.content)
    content = json.loads(served.content)
    assert json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == served.content
    assert content["edition"] == {"id": edition.pk, "valid_from": "2000-01-01"}
    assert content["rules"]["materials"][2] == {"question": "who-comes", "is": "family"}
    assert content["materials"][0]["name"] == {"zh": "老人的居民身份证", "en": "ID card"}
    assert "邻" not in served.content.decode()


def test_the_link_has_eighty_random_bits_and_the_code_opens_nothing_for_residents(edition):
    to_notice(Client())
    notice = Notice.objects.get()
    assert len(notice.token) * 5 >= 80
    assert len(notice.code) == 6
    assert Client().get(f"/notices/{notice.code}/").status_code == 404
    assert services.notice_by_code(f" {notice.code[:3].lower()} {notice.code[3:]}") == notice
    with pytest.raises(UnknownNotice):
        services.notice_by_code("")


def test_an_unknown_or_expired_link_says_what_to_do(edition):
    to_notice(Client())
    notice = Notice.objects.get()
    Notice.objects.update(issued_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(days=1))
    for address in (f"/notices/{notice.token}/", f"/notices/{notice.token}.pdf", "/notices/guessed/"):
        gone = Client().get(address)
        assert gone.status_code == 404
        assert "重新开一张" in gone.content.decode()
    with pytest.raises(UnknownNotice):
        services.notice_by_code(notice.code)


def test_the_clock_deletes_them_when_their_time_is_over(edition):
    to_notice(Client())
    assert enforce_retention()["notice"] == 0
    RetentionRule.objects.filter(kind="notice").update(days=5)
    assert enforce_retention(now=timezone.now() + timedelta(days=6))["notice"] == 1


def test_looking_often_from_one_address_is_slowed_down(edition):
    client = Client()
    statuses = [client.get("/notices/guessed/").status_code for _number in range(301)]
    assert (statuses[299], statuses[300]) == (404, 429)


def test_the_paper_is_tagged_and_its_text_stands_in_the_page_s_order(edition, tmp_path):
    client = Client()
    to_notice(client)
    notice = Notice.objects.get()
    page = page_of(client.get(f"/notices/{notice.token}/"))
    for large in ("", "?large"):
        pdf = client.get(f"/notices/{notice.token}.pdf{large}").content
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/StructTreeRoot"]["/K"]
        assert root["/Lang"].startswith("zh")
        assert reader.metadata.title.startswith(page.h1.text)
        fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
        assert all("/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts)
        (tmp_path / "notice.pdf").write_bytes(pdf)
        read = subprocess.run(["pdftotext", str(tmp_path / "notice.pdf"), "-"], capture_output=True, check=True)
        text = "".join(read.stdout.decode().split())
        wanted = [page.h1.text, *(name.text for name in page.select(".material__name"))]
        wanted += [page.select_one(".notice__promise b").text, *(dt.text for dt in page.select(".notice__facts dt"))]
        positions = [text.index("".join(word.split())) for word in wanted]
        assert positions == sorted(positions)
        assert f"{notice.code[:3]}{notice.code[3:]}" in text


def test_the_slip_and_the_english_notice_tell_the_same(edition):
    client = Client()
    to_notice(client)
    notice = Notice.objects.get()
    slip = page_of(client.get(f"/notices/{notice.token}/?paper=slip"))
    assert slip.h1.text == "带齐这 3 样，就能办。"
    assert len(slip.select(".slip__tick")) == 3
    english = page_of(client.get(f"/en/notices/{notice.token}/"))
    assert english.h1.text == "Bring these 3 things, and it can be done."
    assert english.select_one(".material__name").text == "ID card"
    assert "family comes" in english.select_one(".material__why").text


def test_todays_rules_beside_what_was_issued(edition):
    given = {"who-comes": "family", "age": 70, "card-since": date(2020, 5, 1)}
    notice = services.issue_notice(edition, given)
    assert services.compare_with_today(notice).is_same
    rows = list(edition.materials.all())
    rows.append(EditionMaterial(material=paper("新表"), form="原件"))
    rows[0].count = 2
    edition.materials = [rows[0], rows[1], rows[4]]
    publish_edition(edition)
    compared = services.compare_with_today(notice)
    assert [compared.added, compared.removed, compared.changed] == [
        [rows[4].material.key], [rows[2].material.key], [rows[0].material.key],
    ]  # fmt: skip
    ServiceItem.objects.filter(key="care").update(is_active=False)
    assert "不办了" in services.compare_with_today(notice).why_not


def test_an_unfinished_path_is_no_notice(edition):
    with pytest.raises(ValueError):
        services.issue_notice(edition, {"who-comes": "self"})
    with translation.override("zh-hans"):
        assert rules_of(current_edition(edition.item)).words["who-comes"].text.zh == "谁去窗口办？"
