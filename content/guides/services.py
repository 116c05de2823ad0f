"""Building the page tree, publishing a guide for every item, and what guide pages tell."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Locale, Page, Site

from content.bulletin import services as bulletin
from content.guides.models import ContentPage, GuideIndexPage, GuidePage, HomePage, PortalSettings
from content.items import services as items
from content.items.models import EditionMaterial, ItemEdition, ServiceItem, in_english
from content.items.rules_edition import conditions_in_words
from content.items.wording import clauses, public_text
from content.points import services as points
from portal.base.accounts.models import User
from portal.base.places.models import Place
from portal.base.places.services import subdistrict_of

POPULAR_WORDS = 4
RELATED = 3
SHORT_VALUE = 12
PRINTED_HERE = "现场打印"
NOT_NEEDED = ("免于提供", "免于提交")
SAYS_NOTHING = {"未注明", ""}
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
    """Take away the pages of items that are about to go."""
    for page in GuidePage.objects.filter(item__in=[item.pk for item in items_gone]):
        page.delete(user=user)


# --- what pages tell ----------------------------------------------------------------------------------------------


@dataclass
class Fact:
    """One of the four facts at the top of a guide."""

    label: str
    value: str
    note: str = ""


@dataclass
class MaterialRow:
    """One line under "what to bring"."""

    name: str
    source: str = ""
    why: str = ""
    tags: list[str] = field(default_factory=list)


@dataclass
class MaterialList:
    """Lines that belong together; a title only for groups of which one is enough, or that depend on the situation."""

    title: str
    rows: list[MaterialRow]


def url_of(item: ServiceItem) -> str:
    """The address of an item's guide in the reader's language."""
    prefix = "/en" if in_english() else ""
    return f"{prefix}/guides/{item.key}/"


def crumbs(*steps: tuple[str, str]) -> list[dict[str, str]]:
    """Breadcrumbs from the guides on."""
    prefix = "/en" if in_english() else ""
    return [{"title": _("Guides"), "url": f"{prefix}/guides/"}, *({"title": title, "url": url} for title, url in steps)]


def _lit_window(request: HttpRequest) -> dict[str, Any]:
    """The point that a page shows as its lit window, and its state."""
    point = points.point_for_visitor(request)
    if point is None:
        return {"point": None}
    area = subdistrict_of(point)
    return {
        "point": point,
        "point_name": points.name_of(point),
        "point_area": points.name_of(area) if area else "",
        "status": points.status_now(point, timezone.now()),
    }


def home_context(page: HomePage, *, request: HttpRequest) -> dict[str, Any]:
    """The front door's words and its one lit window."""
    popular = []
    for item in items.most_frequent(None, limit=40):
        aliases = [] if in_english() else item.edition.alias_list
        word = aliases[0] if aliases else (item.name if in_english() else "")
        if word:
            popular.append({"title": word, "url": f"{reverse('search')}?q={word}"})
        if len(popular) == POPULAR_WORDS:
            break
    return {
        "popular": popular,
        **_lit_window(request),
        "prefix": "/en" if in_english() else "",
    }


def index_context(page: GuideIndexPage, *, request: HttpRequest) -> dict[str, Any]:
    """All guides by line; `?line=` keeps one."""
    lines = items.lines_with_items()
    chosen = request.GET.get("line", "")
    shown = [(line, found) for line, found in lines if not chosen or line.code == chosen]
    return {
        "lines": [line for line, _found in lines],
        "chosen": chosen if any(line.code == chosen for line, _found in lines) else "",
        "sections": [
            {
                "line": line,
                "entries": [
                    {"title": item.name, "url": url_of(item), "summary": item.edition.said("summary")} for item in found
                ],
            }
            for line, found in (shown or lines)
        ],
        "frequent": []
        if chosen
        else [{"title": item.name, "url": url_of(item)} for item in items.most_frequent(None, 8)],
        "total": sum(len(found) for _line, found in lines),
        "nav_current": "guides",
    }


def guide_context(item: ServiceItem, edition: ItemEdition, *, request: HttpRequest | None = None) -> dict[str, Any]:
    """All that a guide page tells about one edition, in the order in which people need it."""
    uses = list(edition.materials.select_related("material")) if edition.pk else []
    checks = [line for line in clauses(edition.said("conditions"))]
    if edition.proxy_rule == ItemEdition.Proxy.NONE:
        checks = [line for line in checks if "不接受委托" not in line] or checks
    line_url = f"{'/en' if in_english() else ''}/guides/?line={item.line.code}"
    return {
        "item": item,
        "edition": edition,
        "title": edition.said("name"),
        "summary": public_text(edition.said("summary")),
        "facts": [_who(edition), _bring(uses), _how_long(edition), _fee(edition)],
        "checks": checks,
        "no_proxy": _no_proxy(edition),
        "material_lists": _material_lists(uses, conditions_in_words(edition) if uses else {}),
        "channels": _channels(edition),
        "window": _window(edition),
        "steps": _steps(edition),
        "receipts": edition.receipt_list,
        "note": public_text(edition.said("note")),
        "department": public_text(item.department),
        "legal_basis": public_text("；".join(str(basis) for basis in edition.bases.all())) if edition.pk else "",
        "basic_codes": [code.code for code in item.codes.all() if code.system == "basic_code"],
        "related": [
            {"title": other.name, "url": url_of(other)}
            for other in ServiceItem.objects.filter(line=item.line, is_active=True).exclude(pk=item.pk)[:RELATED]
        ],
        "is_chinese_only": in_english() and not edition.procedure_en and not edition.conditions_en,
        **(_lit_window(request) if request else {}),
        "points_url": reverse("points"),
        "announcements": bulletin.current_announcements(item=item),
        "breadcrumbs": crumbs((item.line.display_name, line_url), (edition.said("name"), "")),
        "nav_current": "guides",
    }


def _steps(edition: ItemEdition) -> list[str]:
    """What happens, one step a line; a single line that only says where is told under "where to go" already."""
    steps = [public_text(step) or step for step in edition.steps]
    return [] if len(steps) == 1 and steps[0].startswith("就近") else steps


def _who(edition: ItemEdition) -> Fact:
    rule, label = edition.proxy_rule, _("Who")
    own = _("The person")
    if rule == ItemEdition.Proxy.NONE:
        return Fact(label, own, _("nobody else can do it"))
    if rule == ItemEdition.Proxy.ANYONE:
        return Fact(label, _("You, or somebody for you"), _("with what is listed below"))
    if rule == ItemEdition.Proxy.RELATIVE:
        return Fact(label, _("You, or a near relative"), edition.proxy_text)
    if rule == ItemEdition.Proxy.GUARDIAN:
        return Fact(label, _("You, or the guardian"), edition.proxy_text)
    if rule == ItemEdition.Proxy.CONDITIONAL:
        return Fact(label, own, edition.proxy_text)
    return Fact(label, own, _("for somebody else: ask the window first"))


def _form_parts(form: str) -> tuple[str, str]:
    """The form and what stands in its brackets: 原件（现场打印签字） is ("原件", "现场打印签字")."""
    main, _separator, rest = form.partition("（")
    return main.strip(), rest.rstrip("）").strip()


def _is_brought(use: EditionMaterial) -> bool:
    return PRINTED_HERE not in use.form and not use.form.startswith(NOT_NEEDED)


def _bring(uses: list[EditionMaterial]) -> Fact:
    label = _("What to bring")
    needed = [use for use in uses if use.is_required and _is_brought(use)]
    others = [use for use in uses if not use.is_required and _is_brought(use)]
    printed = any(PRINTED_HERE in use.form for use in uses)
    notes = []
    if others:
        count = len({use.group or use.pk for use in others})
        notes.append(
            ngettext("%(count)s more by your situation", "%(count)s more by your situation", count) % {"count": count}
        )
    if printed:
        notes.append(_("forms are printed here"))
    note = _(", ").join(notes)
    if not uses:
        return Fact(label, _("Ask the window"), _("the handbook names no papers"))
    if not needed:
        return Fact(label, _("By your situation") if others else _("Nothing"), note)
    if len(needed) == 1:
        form, _rest = _form_parts(needed[0].form)
        name = needed[0].material.display_name
        if name in ("居民身份证", "本人身份证", "身份证"):
            name = "身份证"
        value = name if form in SAYS_NOTHING or in_english() or len(name) > 8 else f"{name}{form}"
        return Fact(label, value, note)
    count = len(needed)
    return Fact(label, ngettext("%(count)s paper", "%(count)s papers", count) % {"count": count}, note)


def _how_long(edition: ItemEdition) -> Fact:
    label = _("How long")
    text = public_text(edition.said("limit_text"))
    stages = list(edition.stages.all()) if edition.pk else []
    if len(stages) > 1:
        days = sum(stage.working_days for stage in stages)
        value = ngettext("%(days)s working day at most", "%(days)s working days at most", days) % {"days": days}
        return Fact(label, value, text)
    if not text:
        return Fact(label, _("Ask the window"), _("no limit is written down"))
    if len(text) <= SHORT_VALUE or in_english():
        return Fact(label, text)
    for mark in ("（", "，", "；"):
        head, separator, rest = text.partition(mark)
        if separator and len(head) <= SHORT_VALUE:
            return Fact(label, head, rest.rstrip("）"))
    return Fact(label, _("Look below"), text)


def _fee(edition: ItemEdition) -> Fact:
    label = _("What it costs")
    if edition.fee_kind == ItemEdition.FeeKind.FREE:
        return Fact(label, _("Free"))
    if edition.fee_kind == ItemEdition.FeeKind.TABLE:
        return Fact(label, _("By this year's table"), "" if in_english() else edition.fee_text)
    text = edition.said("fee_text")
    return Fact(label, text, _("ask the window for today's amount")) if text else Fact(label, _("Ask the window"))


def _no_proxy(edition: ItemEdition) -> dict[str, str] | None:
    """The refusal of a proxy with its next step, where the edition has one."""
    if edition.proxy_rule != ItemEdition.Proxy.NONE:
        return None
    reason = next((line for line in clauses(edition.conditions) if "不接受委托" in line), "")
    reason = f"{reason.partition('（')[0]}。" if reason and not in_english() else ""
    step = edition.proxy_next_step if not in_english() else ""
    return {
        "reason": reason,
        "next_step": step
        or _("If the person cannot come, call 12345 or ask at the window: they find out who can help."),
    }


def _material_row(use: EditionMaterial, why: str = "") -> MaterialRow:
    form, inside = _form_parts(use.form)
    row = MaterialRow(use.material.display_name)
    explanation = [use.material.explanation, use.material.where_from]
    if use.form.startswith(NOT_NEEDED):
        row.tags.append(_("not needed"))
        explanation.append(_("The office looks it up itself."))
    elif PRINTED_HERE in use.form:
        row.tags.append(_("printed here"))
        explanation.append(_("You need not prepare it: the window fills it in, prints it, and you sign."))
    else:
        if form not in SAYS_NOTHING:
            row.tags.append(FORMS_IN_ENGLISH.get(form, form) if in_english() else form)
        if inside and not in_english():
            explanation.append(f"{inside}。")
        if use.is_required:
            row.tags.append(_("always"))
    if use.count > 1:
        row.tags.append(ngettext("%(count)s copy", "%(count)s copies", use.count) % {"count": use.count})
    row.source = "".join(part for part in explanation if part)
    row.why = why
    return row


FORMS_IN_ENGLISH = {
    "原件": "original",
    "复印件": "copy",
    "原件和复印件": "original and copy",
    "原件或复印件": "original or copy",
    "原件及签名复印件": "original and signed copy",
    "原件或电子亮证": "original or electronic",
}


def _material_lists(uses: list[EditionMaterial], whys: dict[int, str]) -> list[MaterialList]:
    """What is always needed first, then groups of which one is enough, then what depends on the situation."""
    always = [_material_row(use, whys.get(use.pk, "")) for use in uses if use.is_required and not use.group]
    groups: dict[str, list[MaterialRow]] = {}
    for use in uses:
        if use.group:
            groups.setdefault(use.group, []).append(_material_row(use, whys.get(use.pk, "")))
    depends = [_material_row(use, whys.get(use.pk, "")) for use in uses if not use.is_required and not use.group]
    lists = [MaterialList("", always)] if always else []
    lists += [MaterialList(_("Any one of these") if len(rows) > 1 else _("Also"), rows) for rows in groups.values()]
    if depends:
        lists.append(MaterialList(_("Only in these situations"), depends))
    return lists


def _channels(edition: ItemEdition) -> list[dict[str, Any]]:
    at_centre = {
        ItemEdition.Scope.CITY: _("Any community service centre of the city"),
        ItemEdition.Scope.LOCAL: _("The service centre of the subdistrict where you are registered"),
        ItemEdition.Scope.UNKNOWN: _("Your subdistrict's service centre; for another one, ask first"),
    }[ItemEdition.Scope(edition.scope)]
    points_url = reverse("points")
    rows = []
    if edition.is_remote:
        rows.append(
            {
                "name": _("Near your home"),
                "badge": _("remote window"),
                "text": _("The two-screen machine at the neighbourhood committee: ID card, then by video"),
                "url": f"{points_url}?remote=1",
                "link": _("All service points"),
                "live": True,
            }
        )
    if edition.is_onsite:
        rows.append(
            {
                "name": _("Service centre"),
                "text": at_centre,
                "url": f"{points_url}?kind=centre",
                "link": _("Addresses"),
            }
        )
    online = _("In %s") % edition.online_at if edition.online_at else _("No way online is known for this yet")
    rows.append({"name": _("Online"), "text": online, "is_muted": not edition.online_at})
    return rows


def _window(edition: ItemEdition) -> dict[str, Any] | None:
    """The day-of-month window, and what it means today."""
    text = items.window_text(edition)
    if not text:
        return None
    today = timezone.localdate()
    answer = items.is_in_window(edition, today)
    if answer is None:
        return {
            "title": text,
            "text": _("Whether that is so today is not known yet: call 12345 first."),
            "kind": "info",
        }
    if answer:
        return {"title": text, "text": _("It can be done today."), "kind": "ok"}
    next_on = items.next_day_in_window(edition, today)
    if next_on is None:
        return {"title": text, "text": _("Not today. The next day is not known yet: call 12345 first."), "kind": "warn"}
    when = formats.date_format(next_on, _("F j"))
    return {"title": text, "text": _("Not today. The next day is %s.") % when, "kind": "warn"}
