"""What can be done here: items, editions by date, shared materials and situations, what a place does differently."""

from datetime import date

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
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

from portal.base.places.models import Place

KEY_RULE = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", _("A key has small Latin letters, digits and single hyphens only.")
)
DAY_RULES = [MinValueValidator(1), MaxValueValidator(31)]


def in_english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "").startswith("en")


def lines_of(text: str) -> list[str]:
    """A text field with one entry a line as a list."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class Line(models.Model):
    """A line of business 条线, such as 医保."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("line of business")
        verbose_name_plural = _("lines of business")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name


class ServiceItem(models.Model):
    """The lasting identity of a thing to be done; what is told about it is in its editions."""

    key = models.CharField(
        _("key"),
        max_length=80,
        unique=True,
        validators=[KEY_RULE],
        help_text=_("In addresses, imports and the API. It never changes."),
    )
    line = models.ForeignKey(Line, models.PROTECT, related_name="items", verbose_name=_("line of business"))
    department = models.CharField(_("department"), max_length=80, blank=True)
    list_number = models.PositiveIntegerField(_("number in the handbook"), null=True, blank=True)
    is_active = models.BooleanField(_("offered"), default=True)
    frequency = models.PositiveIntegerField(
        _("how often it is asked for"), default=0, help_text=_("Per year. The most frequent comes first in every list.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_items",
        verbose_name=_("owner"),
    )
    review_due = models.DateField(_("to be checked again by"), null=True, blank=True)
    # Copied from the edition in force when one is published, so that a list needs no look at editions.
    name_zh = models.CharField(max_length=120, editable=False, default="")
    name_en = models.CharField(max_length=200, editable=False, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-frequency", "line__order", "list_number", "key"]
        verbose_name = _("item")
        verbose_name_plural = _("items")
        indexes = [models.Index(fields=["is_active", "-frequency"], name="item_active_frequency")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        stored = ServiceItem.objects.filter(pk=self.pk).values_list("key", flat=True).first() if self.pk else None
        if stored and stored != self.key:
            raise ValidationError({"key": _("The key of an item never changes. Make a new item instead.")})

    @property
    def name(self) -> str:
        """The name in the reader's language; Chinese where the English is missing."""
        return self.name_en if in_english() and self.name_en else self.name_zh or self.key


class ItemCode(models.Model):
    """A code that somebody else gave the item: text of any length, optional, not unique."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="codes")
    system = models.CharField(_("whose code"), max_length=40, default="basic_code")
    code = models.CharField(_("code"), max_length=200)

    class Meta:
        ordering = ["system", "code"]
        verbose_name = _("external code")
        verbose_name_plural = _("external codes")
        constraints = [models.UniqueConstraint(fields=["item", "system", "code"], name="item_code_once")]

    def __str__(self) -> str:
        return f"{self.system}: {self.code}"


class Material(models.Model):
    """A paper, shared by all items that ask for it."""

    key = models.CharField(_("key"), max_length=80, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("name"), max_length=200, unique=True)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    explanation = models.CharField(_("whose, and what to look for"), max_length=300, blank=True)
    where_from = models.CharField(_("where one gets it"), max_length=300, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("material")
        verbose_name_plural = _("materials")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name


class Situation(models.Model):
    """A yes/no question whose answer decides whether a material is needed 情形."""

    key = models.CharField(_("key"), max_length=80, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("short: when"), max_length=120)
    name_en = models.CharField(_("short, in English"), max_length=120, blank=True)
    question = models.CharField(_("question"), max_length=200)
    question_en = models.CharField(_("question in English"), max_length=200, blank=True)

    class Meta:
        ordering = ["key"]
        verbose_name = _("situation")
        verbose_name_plural = _("situations")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name

    @property
    def display_question(self) -> str:
        return self.question_en if in_english() and self.question_en else self.question


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

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="editions", verbose_name=_("item"))
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    aliases = models.TextField(_("in residents' words"), blank=True, help_text=_("One a line."))
    summary = models.CharField(_("what it is for"), max_length=300, blank=True)
    summary_en = models.CharField(_("what it is for, in English"), max_length=400, blank=True)
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
    procedure = models.TextField(_("steps"), blank=True, help_text=_("One a line."))
    procedure_en = models.TextField(_("steps in English"), blank=True, help_text=_("One a line."))
    receipts = models.TextField(_("receipts"), blank=True, help_text=_("One a line."))
    legal_basis = models.TextField(_("legal basis"), blank=True)
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

    def get_preview_template(self, request, mode_name: str) -> str:
        return "guides/guide_page.html"

    def get_preview_context(self, request, mode_name: str) -> dict:
        from content.guides.services import guide_context

        return guide_context(self.item, self, request=request)

    def said(self, field: str) -> str:
        """A text in the reader's language; Chinese where the English is missing."""
        return (getattr(self, f"{field}_en") if in_english() else "") or getattr(self, field)

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

    edition = ParentalKey(ItemEdition, on_delete=models.CASCADE, related_name="materials")
    material = models.ForeignKey(Material, models.PROTECT, related_name="uses", verbose_name=_("material"))
    form = models.CharField(
        _("original or copy"), max_length=60, blank=True, help_text=_("Original, copy, printed on the spot …")
    )
    count = models.PositiveSmallIntegerField(_("how many"), default=1)
    is_required = models.BooleanField(_("always needed"), default=True)
    when_text = models.CharField(_("needed when"), max_length=120, blank=True)
    situation = models.ForeignKey(
        Situation, models.PROTECT, null=True, blank=True, related_name="uses", verbose_name=_("situation")
    )
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


class ItemAtPlace(models.Model):
    """What a place and all below it do differently with an item; the nearest row above a point decides."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="at_places", verbose_name=_("item"))
    place = models.ForeignKey(Place, models.CASCADE, related_name="item_rules", verbose_name=_("place"))
    is_offered = models.BooleanField(_("offered here"), default=True)
    is_remote = models.BooleanField(_("at a remote window"), null=True, blank=True)
    is_onsite = models.BooleanField(_("at a counter"), null=True, blank=True)
    note = models.CharField(_("what to know here"), max_length=200, blank=True)
    next_step = models.CharField(_("where to go instead"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("item at a place")
        verbose_name_plural = _("items at places")
        constraints = [models.UniqueConstraint(fields=["item", "place"], name="item_at_place_once")]

    def __str__(self) -> str:
        return f"{self.item} · {self.place}"
