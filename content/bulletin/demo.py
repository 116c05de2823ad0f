"""What the demo tells beside its guides; every text says that it is the demo's."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Locale, Page

from content.bulletin.models import (
    Announcement,
    InfoIndexPage,
    NewsIndexPage,
    NewsPage,
    PolicyQuestion,
    Suggestion,
)
from content.bulletin.services import put_suggestion
from content.guides.models import ContentPage, HomePage
from content.items.models import ServiceItem
from portal.base.places.models import Place
from portal.base.rights.models import Role, RoleAssignment

DEMO_LINE = "本页是演示内容，正式内容由区里的编辑填写。"
ABOUT_DISTRICT = (
    (
        "profile",
        "区情概况",
        "静安区在上海市中心。",
        ["静安区下辖13个街道和1个镇。", "2015年，原静安区和闸北区合并成现在的静安区。"],
    ),
    ("scenery", "城区风光", "苏州河、静安寺和梧桐路。", ["苏州河从区里流过，两岸有步道。", "静安公园和大宁公园是常去的地方。"]),
    ("history", "历史文化", "静安寺和石库门。", ["区名来自静安寺。", "区里有不少石库门里弄和近代建筑。"]),
    ("economy", "经济发展", "商务楼宇多，服务业为主。", ["南京西路一带商务楼宇集中。", "区里的产业以服务业为主。"]),
    ("civility", "精神文明", "志愿服务在社区里。", ["各街镇都有志愿服务队。", "想参加，可以到居委会报名。"]),
    ("party", "党的建设", "中共二大会址在区里。", ["中共二大会址在老成都北路。", "党群服务中心对居民开放。"]),
)  # fmt: skip
NEWS = (
    ("home-window", "远程窗口开到居委会", "和受理中心视频面对面。", "带上身份证到居委会，就能和受理中心的窗口视频办事。"),
    ("holiday-hours", "节假日怎么办事", "受理中心全年开放。", "居委会的服务点节假日休息。急事请到受理中心，或打12345。"),
    ("ask-first", "先问清要带什么", "每件事都有指南。", "出门前先查指南，材料带齐，少跑一次。"),
)  # fmt: skip
QUESTIONS = (
    (
        "居民没带身份证原件，手机里的电子身份证可以用吗？",
        "取号可以用。办事时看这件事的指南：写着“原件或电子亮证”的可以，只写“原件”的不可以。（演示）",
        "演示",
    ),
    ("子女替老人办，要不要写委托书？", "看指南里的“谁可以替您来”。写着“任何人”的，带委托书和两个人的身份证。（演示）", "演示"),
)  # fmt: skip


def _page(parent: Page, kind: type[Page], slug: str, **fields: Any) -> Page:
    found = parent.get_children().filter(slug=slug).first()
    if found is not None:
        return found.specific
    page = kind(slug=slug, locale=parent.locale, **fields)
    parent.add_child(instance=page)
    page.save_revision().publish()
    return page


def _body(*paragraphs: str) -> list[tuple[str, str]]:
    return [("paragraph", f"<p>{paragraph}</p>") for paragraph in (*paragraphs, DEMO_LINE)]


def load_pages() -> None:
    """About the district, with its six pages, and the news; what is there stays as editors left it."""
    home = HomePage.objects.filter(locale=Locale.get_default()).order_by("path").first()
    if home is None:
        return
    about = _page(home, InfoIndexPage, "district", title="静安概览", lead=DEMO_LINE, show_in_menus=True)
    for slug, title, lead, paragraphs in ABOUT_DISTRICT:
        _page(about, ContentPage, slug, title=title, lead=lead, body=_body(*paragraphs))
    news = _page(home, NewsIndexPage, "news", title="新闻", show_in_menus=True)
    for slug, title, lead, text in NEWS:
        _page(news, NewsPage, slug, title=title, lead=lead, body=_body(text))


@transaction.atomic
def load_demo(*, district: Place, subdistrict: Place) -> None:
    """The demo's pages, announcements, answered questions and suggestion; a second time nothing is added."""
    load_pages()
    now = timezone.now()
    if not Announcement.objects.exists():
        Announcement.objects.create(
            place=district, kind=Announcement.Kind.INFO, title="这是演示网站。",
            title_en="This is a demo.", text="地点、人名和号码都是编的。",
            text_en="Places, people and numbers are made up.", ends_at=now + timedelta(days=3650), is_on_kiosk=False,
        )  # fmt: skip
        Announcement.objects.create(
            place=subdistrict, kind=Announcement.Kind.WARN, title="周六上午机器维护（演示）。",
            title_en="The machines are serviced on Saturday morning (demo).",
            text="要办事请周六下午来，或到受理中心。", text_en="Come on Saturday afternoon, or go to the centre.",
            link="/points/?kind=centre", link_text="受理中心在哪里", link_text_en="Where the centres are",
            ends_at=now + timedelta(days=30),
        )  # fmt: skip
        if item := ServiceItem.objects.order_by("-frequency").first():
            Announcement.objects.create(
                place=district, item=item, title="这件事最近问的人多（演示）。",
                text="请先看清要带的材料。", ends_at=now + timedelta(days=90), is_on_kiosk=False,
            )  # fmt: skip
    helper = (
        RoleAssignment.objects.filter(role=Role.HELPER, place__path__startswith=subdistrict.path)
        .select_related("user", "place")
        .first()
    )
    if helper is not None and not PolicyQuestion.objects.exists():
        for question, answer, source in QUESTIONS:
            PolicyQuestion.objects.create(
                place=helper.place, asked_by=helper.user, question=question, answer=answer, source=source,
                answered_at=now, is_public=True,
            )  # fmt: skip
        PolicyQuestion.objects.create(
            place=helper.place, asked_by=helper.user, question="居民的户口在外区，能在我们这里办吗？"
        )
    if not Suggestion.objects.exists():
        put_suggestion(place=subdistrict, topic="point", text="机器旁边放一把椅子就好了。（演示）")
