"""The lasting identity of a thing to be done, its line of business, its external codes, and the events of life."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from content.items.models.words import KEY_RULE, in_english, in_readers_language


class Line(models.Model):
    """A line of business 条线, such as 医保."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    display_name = in_readers_language("name")

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("line of business")
        verbose_name_plural = _("lines of business")

    def __str__(self) -> str:
        return self.display_name


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
    is_frequency_fixed = models.BooleanField(
        _("keep this figure"), default=False, help_text=_("Otherwise it follows what is counted.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_items",
        verbose_name=_("owner"),
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deputised_items",
        verbose_name=_("deputy"),
        help_text=_("Is told when the owner does not check the item in time."),
    )
    review_due = models.DateField(_("to be checked again by"), null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(_("months between checks"), default=12)
    checked_at = models.DateTimeField(_("last found right"), null=True, blank=True, editable=False)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    escalated_at = models.DateTimeField(null=True, blank=True, editable=False)
    related = models.ManyToManyField("self", symmetrical=False, blank=True, verbose_name=_("related items"))
    # Copied from the edition in force when one is published, so that a list needs no look at editions.
    name_zh = models.CharField(max_length=120, editable=False, default="")
    name_en = models.CharField(max_length=200, editable=False, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    # Set by lists on the items that they give: the edition in force.
    edition: Any

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


class LifeEvent(ClusterableModel):
    """Something that happens in a life, such as moving house, and what is then to be done."""

    key = models.CharField(_("key"), max_length=80, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    words = models.CharField(_("kind words"), max_length=200, blank=True)
    words_en = models.CharField(_("kind words in English"), max_length=300, blank=True)
    is_bereavement = models.BooleanField(
        _("somebody has died"), default=False, help_text=_("No lamp colour, no congratulation, no rating is asked for.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    display_name = in_readers_language("name")
    display_words = in_readers_language("words")

    class Meta:
        ordering = ["order", "key"]
        verbose_name = _("life event")
        verbose_name_plural = _("life events")

    def __str__(self) -> str:
        return self.display_name


class LifeEventItem(Orderable):
    """One item of a life event, in the order in which people meet them."""

    event = ParentalKey(LifeEvent, on_delete=models.CASCADE, related_name="entries")
    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="life_events", verbose_name=_("item"))
    note = models.CharField(_("when it matters"), max_length=120, blank=True)
    note_en = models.CharField(_("when it matters, in English"), max_length=160, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("item of a life event")
        verbose_name_plural = _("items of a life event")
        constraints = [models.UniqueConstraint(fields=["event", "item"], name="life_event_item_once")]

    def __str__(self) -> str:
        return str(self.item)
