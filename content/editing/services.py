"""Keeping items right: who checks what until when, who is told when nobody does, and what asks for attention now."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Revision

from content.editing.checks import Finding, findings_of
from content.items import services as items
from content.items.models import (
    EditionMaterial,
    EditionQuestion,
    ItemAtPlace,
    ItemEdition,
    ServiceItem,
    Situation,
)
from content.items.rules import keys_in
from portal.base.accounts.models import User
from portal.base.outbox import services as outbox

DUE_SOON = timedelta(days=30)
ESCALATE_AFTER = timedelta(days=14)
KEPT_FINDINGS_S = 3600


def in_months(day: date, months: int) -> date:
    """The same day that many months later; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


# --- checked again ------------------------------------------------------------------------------------------------


@transaction.atomic
def mark_checked(item: ServiceItem, *, user: User) -> ServiceItem:
    """Note that somebody read the item and found it right; it is due again after its months."""
    item = ServiceItem.objects.select_for_update().get(pk=item.pk)
    now = timezone.now()
    item.checked_at, item.checked_by, item.escalated_at = now, user, None
    item.review_due = in_months(timezone.localdate(now), item.review_months)
    item.save(update_fields=["checked_at", "checked_by", "escalated_at", "review_due", "changed_at"])
    log(instance=item, action="linban.checked", user=user, data={"due": str(item.review_due)})
    return item


def set_first_due() -> int:
    """Give every item without a review date one, counted from when it was checked or made; how many got one."""
    count = 0
    for item in ServiceItem.objects.filter(is_active=True, review_due__isnull=True):
        since = timezone.localdate(item.checked_at or item.created_at)
        count += ServiceItem.objects.filter(pk=item.pk, review_due__isnull=True).update(
            review_due=in_months(since, item.review_months)
        )
    return count


def tell_about_due(*, today: date | None = None) -> int:
    """Tell owners whose items are due and, two weeks later, deputies; how many messages went out.

    Each is told once for each review date; without an owner the deputy is told at once.
    """
    today = today or timezone.localdate()
    told = 0
    due = ServiceItem.objects.filter(is_active=True, review_due__lte=today).select_related("owner", "deputy")
    for item in due:
        assert item.review_due is not None, "the filter asks for a date"
        is_late = item.review_due + ESCALATE_AFTER <= today
        told += _tell(item, item.owner, kind="due")
        if item.deputy and item.escalated_at is None and (is_late or item.owner is None):
            told += _escalate(item)
    return told


@transaction.atomic
def _escalate(item: ServiceItem) -> int:
    # Compare and swap: two clocks tell once.
    if not ServiceItem.objects.filter(pk=item.pk, escalated_at__isnull=True).update(escalated_at=timezone.now()):
        return 0
    log(instance=item, action="linban.escalated", data={"due": str(item.review_due)})
    return _tell(item, item.deputy, kind="late")


@transaction.atomic
def _tell(item: ServiceItem, user: User | None, *, kind: str) -> int:
    key = f"review:{item.pk}:{item.review_due}:{kind}"
    if user is None or not user.is_active or outbox.is_known(key):
        return 0
    # Mail is written in the first language, whatever the reader of this moment speaks.
    with translation.override("zh-hans"):
        values = {"item": item.name_zh or item.key, "day": str(item.review_due)}
        subject = _("Please check: %(item)s") % values
        text = (
            _("%(item)s was to be checked by %(day)s. Read it, mend what is wrong, and press “I have checked it”.")
            if kind == "due"
            else _("%(item)s was to be checked by %(day)s and nobody has. You are the deputy: please see to it.")
        ) % values
    address = reverse("editing_check", args=[item.pk])
    outbox.put(
        "mail",
        f"item:{item.pk}",
        {"kind": f"review.{kind}", "item": item.key, "account": user.username, "url": address},
        personal={"to": user.email, "subject": subject, "text": text},
        idempotency_key=key,
    )
    return 1


# --- what asks for attention --------------------------------------------------------------------------------------


@dataclass
class ItemState:
    """How one item stands with its editors."""

    item: ServiceItem
    edition: ItemEdition | None
    findings: list[Finding] = field(default_factory=list)
    changed_elsewhere: list[str] = field(default_factory=list)
    has_draft: bool = False
    scheduled_for: date | None = None
    today: date = field(default_factory=timezone.localdate)

    @property
    def is_due(self) -> bool:
        return self.item.review_due is None or self.item.review_due <= self.today

    @property
    def is_due_soon(self) -> bool:
        due = self.item.review_due
        return due is not None and self.today < due <= self.today + DUE_SOON

    @property
    def is_unowned(self) -> bool:
        return self.item.owner_id is None

    @property
    def missing(self) -> list[str]:
        """What a guide needs and this one lacks."""
        if self.edition is None:
            return [_("nothing is published")]
        edition = self.edition
        gaps = [
            (not edition.summary, _("what it is for")),
            (not edition.conditions, _("who may apply")),
            (not edition.materials.all(), _("materials")),
            (not edition.limit_text and not edition.stages.all(), _("how long it takes")),
            (edition.fee_kind == ItemEdition.FeeKind.UNKNOWN, _("fee")),
            (edition.proxy_rule == ItemEdition.Proxy.UNKNOWN, _("who may come instead")),
            (edition.scope == ItemEdition.Scope.UNKNOWN, _("where it can be done")),
            (not edition.source, _("source")),
        ]
        return [name for lacks, name in gaps if lacks]


def _editions_to_read(on: date) -> QuerySet[ItemEdition]:
    return items.editions_in_force(on).prefetch_related(
        "stages",
        "asked",
        "stops",
        "bases",
        "fees",
        Prefetch("materials", EditionMaterial.objects.select_related("material")),
        Prefetch("questions", EditionQuestion.objects.select_related("situation")),
    )


def item_states(rows: QuerySet[ServiceItem] | None = None) -> list[ItemState]:
    """Every active item's state, in a number of queries that does not grow with the items."""
    rows = ServiceItem.objects.filter(is_active=True) if rows is None else rows
    rows = rows.select_related("line", "owner", "deputy", "checked_by")
    today = timezone.localdate()
    in_force = {edition.item_id: edition for edition in _editions_to_read(today)}
    found = [ItemState(item, in_force.get(item.pk), today=today) for item in rows]
    drafts, scheduled = _drafts_and_scheduled(today)
    findings = all_findings(in_force)
    elsewhere = _changed_elsewhere(found)
    for state in found:
        state.has_draft = state.item.pk in drafts
        state.scheduled_for = scheduled.get(state.item.pk)
        state.findings = findings.get(state.item.pk, [])
        state.changed_elsewhere = elsewhere.get(state.item.pk, [])
    return found


def _drafts_and_scheduled(today: date) -> tuple[set[int], dict[int, date]]:
    """Items with an unpublished draft, and items with an edition or a version that takes over on a later day."""
    editions = ItemEdition.objects.exclude(live=True, has_unpublished_changes=False, valid_from__lte=today)
    drafts: set[int] = set()
    scheduled: dict[int, date] = {}
    for edition in editions.only("item_id", "live", "has_unpublished_changes", "valid_from", "go_live_at"):
        if edition.has_unpublished_changes or not edition.live:
            drafts.add(edition.item_id)
        day = edition.valid_from if edition.valid_from > today else None
        if edition.go_live_at and edition.go_live_at > timezone.now():
            day = timezone.localdate(edition.go_live_at)
        if day and day < scheduled.get(edition.item_id, date.max):
            scheduled[edition.item_id] = day
    return drafts, scheduled


def all_findings(in_force: dict[int, ItemEdition]) -> dict[int, list[Finding]]:
    """By item the findings of its edition in force; kept until content changes, in each language."""
    key = f"editing.findings:{items.content_generation()}:{timezone.localdate()}:{translation.get_language()}"
    known = cache.get(key)
    if known is None:
        known = {item_id: findings_of(edition) for item_id, edition in in_force.items()}
        cache.set(key, known, KEPT_FINDINGS_S)
    return known


def _changed_elsewhere(states: list[ItemState]) -> dict[int, list[str]]:
    """What changed after an item was last found right, by name.

    A material that it asks for, a question that its conditions name, a place that has a rule for it (address, hours,
    status), and what that place does differently with it.
    """
    papers, questions = _last_changes("material"), _last_changes("situation")
    named = {row.key: row for row in Situation.objects.filter(pk__in=questions)}
    rules: dict[int, list[ItemAtPlace]] = {}
    for rule in ItemAtPlace.objects.select_related("place"):
        rules.setdefault(rule.item_id, []).append(rule)
    found: dict[int, list[str]] = {}
    for state in states:
        since = state.item.checked_at
        if since is None:
            continue
        names = []
        for use in state.edition.materials.all() if state.edition else []:
            if papers.get(use.material_id, since) > since:
                names.append(use.material.display_name)
        for key in _questions_of(state.edition) if state.edition else []:
            if key in named and questions[named[key].pk] > since:
                names.append(named[key].display_name)
        for rule in rules.get(state.item.pk, []):
            if rule.place.changed_at > since:
                names.append(rule.place.name)
            if rule.changed_at > since:
                names.append(_("%s: what it does differently") % rule.place.name)
        if names:
            found[state.item.pk] = list(dict.fromkeys(names))
    return found


def _questions_of(edition: ItemEdition) -> list[str]:
    """The keys of the questions that an edition asks or names in its conditions."""
    rows = [*edition.questions.all(), *edition.materials.all(), *edition.stops.all()]
    asked = [row.situation.key for row in edition.questions.all()]
    return list(dict.fromkeys([*asked, *(key for row in rows for key in keys_in(row.rule))]))


def _last_changes(model: str) -> dict[int, datetime]:
    """When each shared paper or question got its newest version."""
    rows = (
        Revision.objects.filter(content_type__app_label="items", content_type__model=model)
        .values("object_id")
        .annotate(newest=Max("created_at"))
    )
    return {int(row["object_id"]): row["newest"] for row in rows}
