"""What is told about an item from one day on, with all that belongs to that edition alone."""

from datetime import date
from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    Orderable,
    PreviewableMixin,
    RevisionMixin,
    WorkflowMixin,
)

from content.items.models.item import ServiceItem
from content.items.models.material import Material, Situation
from content.items.models.words import DAY_RULES, basis_text, in_english, lines_of, split_steps

SCHEDULED = "wagtail.publish.scheduled"


class ItemEdition(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, ClusterableModel):
    """What is told about an item from one day on; the one in force is chosen by date when it is read."""

    class Scope(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        CITY = "city", _("any centre of the city")
        LOCAL = "local", _("the centre of the registered residence")

    class Proxy(models.TextChoices):
        UNKNOWN = "unknown", _("not known: the clerk decides with a reason")
        NONE = "none", _("only the person")
        RELATIVE = "relative", _("a near relative")
        ANYONE = "anyone", _("anyone with a letter of authority")
        GUARDIAN = "guardian", _("the guardian")
        CONDITIONAL = "conditional", _("under a condition")

    class FeeKind(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        FREE = "free", _("free of charge")
        FIXED = "fixed", _("a fixed amount")
        TABLE = "table", _("by a published table")

    class Applicants(models.TextChoices):
        PERSONS = "persons", _("persons")
        COMPANIES = "companies", _("companies")
        BOTH = "both", _("persons and companies")

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="editions", verbose_name=_("item"))
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    aliases = models.TextField(_("in residents' words"), blank=True, help_text=_("One a line."))
    summary = models.CharField(_("what it is for"), max_length=300, blank=True)
    summary_en = models.CharField(_("what it is for, in English"), max_length=400, blank=True)
    applicants = models.CharField(_("for"), max_length=10, choices=Applicants, default=Applicants.PERSONS)
    conditions = models.TextField(_("who may apply"), blank=True)
    conditions_en = models.TextField(_("who may apply, in English"), blank=True)
    proxy_rule = models.CharField(_("who may come instead"), max_length=12, choices=Proxy, default=Proxy.UNKNOWN)
    proxy_text = models.CharField(_("the condition in words"), max_length=300, blank=True)
    proxy_next_step = models.CharField(_("what to do if nobody may come instead"), max_length=300, blank=True)
    is_remote = models.BooleanField(_("at a remote window"), default=True)
    is_onsite = models.BooleanField(_("at a centre's counter"), default=True)
    online_at = models.CharField(_("online at"), max_length=120, blank=True, help_text=_("Empty: not online."))
    scope = models.CharField(_("where it can be done"), max_length=8, choices=Scope, default=Scope.UNKNOWN)
    window_from_day = models.PositiveSmallIntegerField(
        _("from day of month"), null=True, blank=True, validators=DAY_RULES
    )
    window_to_day = models.PositiveSmallIntegerField(_("to day of month"), null=True, blank=True, validators=DAY_RULES)
    window_skips_holidays = models.BooleanField(_("not on public holidays"), default=False)
    limit_text = models.CharField(_("how long it takes"), max_length=200, blank=True)
    limit_text_en = models.CharField(_("how long it takes, in English"), max_length=200, blank=True)
    fee_kind = models.CharField(_("kind of fee"), max_length=8, choices=FeeKind, default=FeeKind.UNKNOWN)
    fee_text = models.CharField(_("fee"), max_length=200, blank=True)
    fee_text_en = models.CharField(_("fee in English"), max_length=200, blank=True)
    fee_as_of = models.DateField(_("fees as published on"), null=True, blank=True)
    procedure = models.TextField(_("steps"), blank=True, help_text=_("One a line."))
    procedure_en = models.TextField(_("steps in English"), blank=True, help_text=_("One a line."))
    receipts = models.TextField(_("receipts"), blank=True, help_text=_("One a line."))
    note = models.TextField(_("good to know"), blank=True)
    note_en = models.TextField(_("good to know, in English"), blank=True)
    source = models.TextField(
        _("source"), blank=True, help_text=_("Where these facts were found. Seen by editors only.")
    )
    checked_on = models.DateField(_("last checked"), null=True, blank=True)

    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="item_edition")
    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="item_edition",
        for_concrete_model=False,
    )

    class Meta:
        ordering = ["item", "-valid_from"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        constraints = [
            models.UniqueConstraint(fields=["item", "valid_from"], name="edition_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(window_from_day__isnull=True, window_to_day__isnull=True)
                | models.Q(window_from_day__isnull=False, window_to_day__isnull=False),
                name="edition_window_has_both_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.valid_from:%Y-%m-%d})" if isinstance(self.valid_from, date) else self.name

    @property
    def revisions(self):
        return self._revisions

    def clean(self) -> None:
        super().clean()
        if (self.window_from_day is None) != (self.window_to_day is None):
            raise ValidationError({"window_to_day": _("Give both days of the month, or neither.")})
        if self.proxy_rule == self.Proxy.CONDITIONAL and not self.proxy_text:
            raise ValidationError({"proxy_text": _("Say the condition in words.")})
        # An arrow parts steps, here as in a file: what is exported then comes back as it was.
        self.procedure, self.procedure_en = split_steps(self.procedure), split_steps(self.procedure_en)

    @classmethod
    def from_serializable_data(cls, data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """A stored version; rows over a paper or question that is gone since are left out, so that it can be read."""
        there = {}
        for rows, name, model in (("materials", "material", Material), ("questions", "situation", Situation)):
            named = {row.get(name) for row in data.get(rows, [])}
            known = set(model.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
            there[rows] = [row for row in data.get(rows, []) if row.get(name) in known]
        return super().from_serializable_data({**data, **there}, *args, **kwargs)

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> Any:
        """As Wagtail's, but an edition whose rules are faulty is not published, whoever asks for it.

        Raises:
            EditionFaulty: the rules do not make sense. When the clock publishes on schedule nobody is there to read it:
                then the revision is held back, and the edition's history says why.
        """
        from content.items.publishing import is_held_back

        if is_held_back(self, revision, is_scheduled=kwargs.get("log_action") == SCHEDULED):
            return None
        return super().publish(revision, *args, **kwargs)

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        return [("", _("Website")), ("kiosk", _("Kiosk")), ("notice", _("Notice")), ("slip", _("Slip"))]

    def get_preview_template(self, request: Any, mode_name: str) -> str:
        from content.notices.previewing import TEMPLATES

        return TEMPLATES.get(mode_name, "guides/guide_page.html")

    def get_preview_context(self, request: Any, mode_name: str) -> dict[str, Any]:
        from content.guides.services import guide_context
        from content.notices.previewing import preview_context

        return (
            preview_context(self, mode_name, request) if mode_name else guide_context(self.item, self, request=request)
        )

    def said(self, field: str) -> str:
        """A text in the reader's language; Chinese where the English is missing."""
        return (getattr(self, f"{field}_en") if in_english() else "") or getattr(self, field)

    @property
    def state_words(self) -> str:
        """For the editors' list: whether it is published, and from when."""
        if not self.live:
            return gettext("draft")
        return gettext("published, comes later") if self.valid_from > timezone.localdate() else gettext("published")

    @property
    def steps(self) -> list[str]:
        return lines_of(self.said("procedure"))

    @property
    def alias_list(self) -> list[str]:
        return lines_of(self.aliases)

    @property
    def receipt_list(self) -> list[str]:
        return lines_of(self.receipts)


class EditionMaterial(Orderable):
    """A material as one edition asks for it."""

    class Kind(models.TextChoices):
        UNKNOWN = "", _("not said")
        ORIGINAL = "original", _("original")
        COPY = "copy", _("copy")
        BOTH = "both", _("original and copy")
        EITHER = "either", _("original or a copy")
        CHECKED = "checked", _("copy, and the original to look at")
        SEEN = "seen", _("original, only looked at")
        ELECTRONIC = "electronic", _("electronic, shown on a phone")
        FETCHED = "fetched", _("fetched by the office")
        PRINTED = "printed", _("printed and signed on the spot")

    class Fate(models.TextChoices):
        UNKNOWN = "", _("not said")
        KEPT = "kept", _("kept")
        RETURNED = "returned", _("given back")

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="materials")
    material = models.ForeignKey(Material, models.PROTECT, related_name="uses", verbose_name=_("material"))
    form = models.CharField(
        _("original or copy"), max_length=60, blank=True, help_text=_("Original, copy, printed on the spot …")
    )
    count = models.PositiveSmallIntegerField(_("how many"), default=1)
    is_required = models.BooleanField(_("always needed"), default=True)
    # A condition over typed answers, in the form that content.items.rules reads; empty: no condition.
    rule = models.JSONField(_("needed if"), default=dict, blank=True)
    kind = models.CharField(_("how it is shown"), max_length=10, choices=Kind, blank=True, default=Kind.UNKNOWN)
    fate = models.CharField(_("what becomes of it"), max_length=8, choices=Fate, blank=True, default=Fate.UNKNOWN)
    group = models.CharField(
        _("any one of"), max_length=40, blank=True, help_text=_("Of materials with the same word one is enough.")
    )

    class Meta(Orderable.Meta):
        verbose_name = _("material of an edition")
        verbose_name_plural = _("materials of an edition")

    def __str__(self) -> str:
        return str(self.material)


class EditionStage(Orderable):
    """One link of the chain of time limits: which office, how many working days."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="stages")
    office = models.CharField(_("office"), max_length=60, blank=True)
    working_days = models.PositiveSmallIntegerField(_("working days"))
    extension_days = models.PositiveSmallIntegerField(_("may be extended by"), null=True, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("stage")
        verbose_name_plural = _("stages")

    def __str__(self) -> str:
        return f"{self.office} {self.working_days}".strip()


class EditionQuestion(Orderable):
    """A question as one edition asks it: in this order, and only if an earlier answer makes it matter."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="questions")
    situation = models.ForeignKey(Situation, models.PROTECT, related_name="asked_by", verbose_name=_("question"))
    rule = models.JSONField(_("asked if"), default=dict, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("question of an edition")
        verbose_name_plural = _("questions of an edition")

    def __str__(self) -> str:
        return str(self.situation)


class EditionStop(Orderable):
    """Answers with which it cannot be done here, and where to go instead."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="stops")
    rule = models.JSONField(_("if"), default=dict)
    sentence = models.CharField(_("why it cannot be done here"), max_length=200)
    sentence_en = models.CharField(_("why it cannot be done here, in English"), max_length=300, blank=True)
    next_step = models.CharField(_("what to do instead"), max_length=300, blank=True)
    next_step_en = models.CharField(_("what to do instead, in English"), max_length=400, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("answers that end here")
        verbose_name_plural = _("answers that end here")

    def __str__(self) -> str:
        return self.sentence


class EditionProxy(Orderable):
    """Who may come instead under a condition."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="proxies")
    who = models.CharField(_("who may come instead"), max_length=12, choices=ItemEdition.Proxy)
    when_text = models.CharField(_("under which condition"), max_length=200, blank=True)
    when_text_en = models.CharField(_("under which condition, in English"), max_length=300, blank=True)
    brings = models.CharField(_("what he or she brings"), max_length=200, blank=True)
    brings_en = models.CharField(_("what he or she brings, in English"), max_length=300, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("proxy rule")
        verbose_name_plural = _("proxy rules")

    def __str__(self) -> str:
        return self.get_who_display()


class EditionFee(Orderable):
    """One line of a table of fees."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="fees")
    what = models.CharField(_("what for"), max_length=120)
    what_en = models.CharField(_("what for, in English"), max_length=160, blank=True)
    amount = models.DecimalField(_("amount in yuan"), max_digits=10, decimal_places=2)
    unit = models.CharField(_("for each"), max_length=40, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints = [models.CheckConstraint(condition=models.Q(amount__gte=0), name="fee_not_negative")]

    def __str__(self) -> str:
        return f"{self.what} {self.amount}"


class EditionBasis(Orderable):
    """One law or rule on which an item rests."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="bases")
    title = models.CharField(_("title"), max_length=300, blank=True)
    number = models.CharField(_("document number"), max_length=120, blank=True)
    article = models.CharField(_("article"), max_length=80, blank=True)
    link = models.URLField(_("address"), max_length=300, blank=True)
    valid_until = models.DateField(_("in force until"), null=True, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal bases")

    def __str__(self) -> str:
        return basis_text(self.title, self.number, self.article)

    def clean(self) -> None:
        super().clean()
        if not self.title and not self.number:
            raise ValidationError({"title": _("Give the title or the document number.")})


class EditionAsked(Orderable):
    """A question that people ask, with its answer."""

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="asked")
    question = models.CharField(_("question"), max_length=200)
    question_en = models.CharField(_("question in English"), max_length=300, blank=True)
    answer = models.TextField(_("answer"), max_length=1000)
    answer_en = models.TextField(_("answer in English"), max_length=1500, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("question people ask")
        verbose_name_plural = _("questions people ask")

    def __str__(self) -> str:
        return self.question
