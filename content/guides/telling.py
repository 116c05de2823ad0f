"""What a guide page tells about one edition, in the order in which people need it."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.bulletin import services as bulletin
from content.guides.lists import book_url, crumbs, lit_window, url_of
from content.guides.materials_told import Fact, bring_fact, material_lists
from content.items import services as items
from content.items.models import EditionStage, ItemEdition, LifeEvent, ServiceItem, in_english
from content.items.rules_edition import conditions_in_words
from content.items.wording import clauses, public_text

RELATED = 5
SHORT_VALUE = 12


def guide_context(item: ServiceItem, edition: ItemEdition, *, request: HttpRequest | None = None) -> dict[str, Any]:
    """All that a guide page tells about one edition, in the order in which people need it."""
    uses = (
        list(edition.materials.select_related("material").prefetch_related("material__sources")) if edition.pk else []
    )
    checks = [line for line in clauses(edition.said("conditions")) if "不接受委托" not in line]
    line_url = f"{'/en' if in_english() else ''}/guides/?line={item.line.code}"
    stages = list(edition.stages.all()) if edition.pk else []
    events = list(LifeEvent.objects.filter(entries__item=item)) if item.pk else []
    return {
        "item": item,
        "edition": edition,
        "title": edition.said("name"),
        "summary": public_text(edition.said("summary")),
        "facts": [_who(edition), bring_fact(uses), _how_long(edition, stages), _fee(edition)],
        "checks": checks or clauses(edition.said("conditions")),
        "applicants": _applicants(edition),
        "material_lists": material_lists(uses, conditions_in_words(uses)),
        "channels": _channels(edition),
        "window": _window(edition),
        "limit": public_text(edition.said("limit_text")),
        "stages": _stages(stages),
        "cost": _cost(edition),
        "steps": _steps(edition),
        "receipts": edition.receipt_list,
        "proxies": _proxies(edition),
        "no_proxy": _no_proxy(edition),
        "asked": _asked(edition),
        "note": public_text(edition.said("note")),
        "department": public_text(item.department),
        "legal_basis": public_text("；".join(str(basis) for basis in edition.bases.all())) if edition.pk else "",
        "basic_codes": [code.code for code in item.codes.all() if code.system == "basic_code"],
        "related": related_to(item) if item.pk else [],
        "life_events": [
            {"title": event.display_name, "url": reverse("life_event", args=[event.key])} for event in events
        ],
        # Where somebody has died there is no lamp on the page.
        "is_quiet": bool(events) and all(event.is_bereavement for event in events),
        "is_chinese_only": in_english() and not edition.procedure_en and not edition.conditions_en,
        **(lit_window(request) if request else {}),
        "points_url": reverse("points"),
        "announcements": bulletin.current_announcements(item=item),
        "notice_url": notice_url(item),
        "book_url": book_url(item=item.key) if edition.is_onsite or edition.is_remote else "",
        "breadcrumbs": crumbs((item.line.display_name, line_url), (edition.said("name"), "")),
        "nav_current": "guides",
    }


def notice_url(item: ServiceItem) -> str:
    """Where the questions about an item begin; empty in an installation without them."""
    try:
        return reverse("notice_start", args=[item.key])
    except NoReverseMatch:
        return ""


def related_to(item: ServiceItem) -> list[dict[str, str]]:
    """What is often done together: what editors chose, then what belongs to the same events of life, then its line."""
    chosen = list(item.related.filter(is_active=True))
    active = ServiceItem.objects.filter(is_active=True).exclude(pk=item.pk)
    for more in (active.filter(life_events__event__entries__item=item).distinct(), active.filter(line=item.line)):
        if len(chosen) >= RELATED:
            break
        taken = {other.pk for other in chosen}
        chosen += [other for other in more[: RELATED * 2] if other.pk not in taken]
    return [{"title": other.name, "url": url_of(other)} for other in chosen[:RELATED]]


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


def _how_long(edition: ItemEdition, stages: list[EditionStage]) -> Fact:
    label = _("How long")
    text = public_text(edition.said("limit_text"))
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


def _applicants(edition: ItemEdition) -> str:
    """For whom it is, where that is not simply everybody who comes."""
    if edition.applicants == ItemEdition.Applicants.COMPANIES:
        return _("This is for companies and organisations.")
    if edition.applicants == ItemEdition.Applicants.BOTH:
        return _("Persons and companies can both apply.")
    return ""


def _stages(stages: list[EditionStage]) -> list[dict[str, str]]:
    """The chain of limits: which office, how long; only where there is more than one link."""
    if len(stages) < 2:
        return []
    told = []
    for stage in stages:
        days = ngettext("%(days)s working day", "%(days)s working days", stage.working_days)
        text = days % {"days": stage.working_days}
        if stage.extension_days:
            more = ngettext("up to %(days)s day more", "up to %(days)s days more", stage.extension_days)
            text = _("%(text)s (%(more)s)") % {"text": text, "more": more % {"days": stage.extension_days}}
        told.append({"title": stage.office or _("Office"), "text": text})
    return told


def _cost(edition: ItemEdition) -> dict[str, Any]:
    """What it costs: a sentence, the table of fees, and the day on which that was published."""
    kinds = ItemEdition.FeeKind
    fees = list(edition.fees.all()) if edition.pk else []
    text = edition.said("fee_text")
    if edition.fee_kind == kinds.FREE:
        text = _("Free of charge.")
    elif not text:
        text = "" if fees else _("Not written down. Ask the window, or call 12345.")
    rows = [
        {
            "what": (fee.what_en if in_english() else "") or fee.what,
            "amount": _("%(amount)s yuan") % {"amount": f"{fee.amount.normalize():f}"},
            "unit": fee.unit,
        }
        for fee in fees
    ]
    if edition.fee_as_of:
        as_of = _("As published on %s.") % formats.date_format(edition.fee_as_of, _("F j, Y"))
    else:
        is_changing = edition.fee_kind in (kinds.FIXED, kinds.TABLE)
        as_of = _("Ask the window for today's amount.") if is_changing else ""
    return {"text": text, "rows": rows, "as_of": as_of}


def _proxies(edition: ItemEdition) -> list[dict[str, str]]:
    """Who may come instead, under which condition, with what."""
    rows = list(edition.proxies.all()) if edition.pk else []
    told = []
    for row in rows:
        when = (row.when_text_en if in_english() else "") or row.when_text
        brings = (row.brings_en if in_english() else "") or row.brings
        told.append({"who": row.get_who_display(), "when": when, "brings": brings})
    if told or edition.proxy_rule == ItemEdition.Proxy.NONE:
        return told
    rules = ItemEdition.Proxy
    sentences = {
        rules.ANYONE: _("Anyone whom you give a letter of authority."),
        rules.RELATIVE: _("A near relative."),
        rules.GUARDIAN: _("The guardian."),
        rules.CONDITIONAL: _("Only under a condition:"),
        rules.UNKNOWN: _("This is not written down. Ask the window first, or call 12345."),
    }
    rule = rules(edition.proxy_rule)
    brings = _("Both identity cards, and what the list above asks for.") if rule == rules.ANYONE else ""
    return [{"who": sentences[rule], "when": edition.proxy_text, "brings": brings}]


def _asked(edition: ItemEdition) -> list[dict[str, Any]]:
    """Questions people ask, each answer by paragraphs."""
    rows = list(edition.asked.all()) if edition.pk else []
    return [
        {
            "question": (row.question_en if in_english() else "") or row.question,
            "answer": ((row.answer_en if in_english() else "") or row.answer).splitlines(),
        }
        for row in rows
    ]


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
