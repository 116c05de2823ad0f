"""Building the page tree, and publishing a guide for every item; what pages tell is in `telling` and `lists`."""

from django.db import transaction
from django.utils import timezone
from wagtail.actions.delete_page import DeletePageAction
from wagtail.models import Locale, Page, Site

from content.guides.lists import book_url, home_context, index_context, life_context, url_of
from content.guides.models import ContentPage, GuideIndexPage, GuidePage, HomePage, PortalSettings
from content.guides.telling import guide_context
from content.items import services as items
from content.items.models import ServiceItem
from portal.base.accounts.models import User
from portal.base.places.models import Place

__all__ = [
    "book_url",
    "build_site",
    "guide_context",
    "home_context",
    "index_context",
    "life_context",
    "publish_guides",
    "remove_guides",
    "url_of",
]
ABOUT = [
    (
        "paragraph",
        "<p>很多事不用再跑受理中心。家门口的居委会里有一台双屏机，刷一下身份证，就能和受理中心的工作人员视频面对面办。</p>",
    ),
    (
        "steps",
        {
            "title": "怎么用",
            "steps": [
                "到就近的服务点，把身份证放在机器上。",
                "选要办的事。说不清楚，就点“我说不清楚”，工作人员来问您。",
                "坐着等，轮到您会叫号。",
                "和工作人员视频，一起看材料、填表、签名。",
                "结果当场打印。办到哪一步，随时可以查。",
            ],
        },
    ),
    (
        "next_step",
        {"text": "不会用机器，也没带手机。", "next_step": "请居委会的工作人员帮您，或者直接到受理中心窗口办。"},
    ),
]


# --- the tree -----------------------------------------------------------------------------------------------------


@transaction.atomic
def build_site(
    *, theme: str, district_place: Place | None, hostname: str = "localhost", port: int = 80, is_demo: bool = False
) -> Site:
    """Make (or complete) the page tree of the site: home, guides, about; set theme and place; publish missing guides.

    Repeating it is harmless: pages that are there stay as editors left them.
    """
    chinese = Locale.get_default()
    Locale.objects.get_or_create(language_code="en")
    home = HomePage.objects.filter(locale=chinese).order_by("path").first()
    if home is None:
        home = Page.get_first_root_node().add_child(instance=HomePage(title="邻办", slug="linban", locale=chinese))
        home.save_revision().publish()
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    welcome = site.root_page if site.root_page_id and site.root_page_id != home.pk else None
    site.root_page, site.hostname, site.port = home.page_ptr, hostname, port
    site.site_name = district_place.name if district_place else "Linban"
    site.save()
    if welcome is not None and welcome.specific_class is Page:
        Page.objects.get(pk=welcome.pk).delete()
        home.refresh_from_db()
    for page_class, title, slug in ((GuideIndexPage, "办事指南", "guides"), (ContentPage, "关于远程窗口", "about")):
        if not page_class.objects.filter(locale=chinese, slug=slug).exists():
            page = page_class(title=title, slug=slug, locale=chinese)
            if isinstance(page, ContentPage):
                page.lead, page.body = "在家门口，和受理中心面对面。", ABOUT
            home.add_child(instance=page)
            page.save_revision().publish()
    _write_settings(site, theme=theme, district_place=district_place, is_demo=is_demo)
    publish_guides(list(ServiceItem.objects.all()))
    return site


def _write_settings(site: Site, *, theme: str, district_place: Place | None, is_demo: bool) -> None:
    settings = PortalSettings.for_site(site)
    settings.theme, settings.is_demo = theme, is_demo
    if district_place is not None:
        above = district_place.get_parent()
        settings.district = district_place
        settings.place_line_1 = (above.name if above else "")[:20]
        settings.place_line_2 = district_place.name[:20]
        settings.place_line_1_en = (above.name_en if above else "")[:40]
        settings.place_line_2_en = district_place.name_en[:40]
        settings.phone = settings.phone or district_place.phone
    settings.save()


def publish_guides(changed: list[ServiceItem], user: User | None = None) -> int:
    """Give each item a published guide page, or a new title to the one it has; returns how many were published.

    Does nothing while there is no site: `build_site` makes up for it.
    """
    index = GuideIndexPage.objects.filter(locale=Locale.get_default()).first()
    if index is None:
        return 0
    pages = {
        page.item_id: page
        for page in GuidePage.objects.filter(locale=index.locale, item__in=[item.pk for item in changed])
    }
    count = 0
    for item in changed:
        page = pages.get(item.pk)
        title = item.name_zh or item.key
        if page is None:
            # A first page has no history to keep: it is born published, which is four times as fast as a revision.
            now = timezone.now()
            index.add_child(
                instance=GuidePage(
                    title=title, slug=item.key, item=item, locale=index.locale, owner=user,
                    first_published_at=now, last_published_at=now,
                )
            )  # fmt: skip
        elif page.title == title and page.live:
            continue
        else:
            page.title = page.draft_title = title
            page.save_revision(user=user).publish(user=user, skip_permission_checks=True)
        count += 1
    if count:
        items.content_changed()
    return count


def remove_guides(items_gone: list[ServiceItem], user: User | None = None) -> None:
    """Take away the pages of items that are about to go; who may do that, whoever takes the items away has asked."""
    for page in GuidePage.objects.filter(item__in=[item.pk for item in items_gone]):
        DeletePageAction(page, user).execute(skip_permission_checks=True)
