"""What items share: papers, and the questions whose answers decide which of them are needed."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import DraftStateMixin, LockableMixin, Orderable, RevisionMixin, WorkflowMixin

from content.items.models.words import KEY_RULE, in_english


class Material(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, ClusterableModel):
    """A paper, shared by all items that ask for it; approved and published for all of them together."""

    key = models.CharField(_("key"), max_length=80, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("name"), max_length=200, unique=True)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    explanation = models.CharField(_("whose, and what to look for"), max_length=300, blank=True)
    explanation_en = models.CharField(_("whose, and what to look for, in English"), max_length=400, blank=True)
    where_from = models.CharField(_("where one gets it"), max_length=300, blank=True)
    where_from_en = models.CharField(_("where one gets it, in English"), max_length=400, blank=True)
    validity = models.CharField(_("how old it may be"), max_length=120, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("material")
        verbose_name_plural = _("materials")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name


class MaterialSource(Orderable):
    """A designated place that gives out a paper, such as a hospital that may assess."""

    material = ParentalKey(Material, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    hours = models.CharField(_("hours"), max_length=120, blank=True)
    note = models.CharField(_("good to know"), max_length=200, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("designated place")
        verbose_name_plural = _("designated places")

    def __str__(self) -> str:
        return self.name


class Situation(RevisionMixin, ClusterableModel):
    """A question whose typed answer decides what is needed 情形; shared by items."""

    class Kind(models.TextChoices):
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of several")
        NUMBER = "number", _("a number")
        DATE = "date", _("a date")

    key = models.CharField(_("key"), max_length=80, unique=True, validators=[KEY_RULE])
    name = models.CharField(_("short: when"), max_length=120)
    name_en = models.CharField(_("short, in English"), max_length=120, blank=True)
    question = models.CharField(_("question"), max_length=200)
    question_en = models.CharField(_("question in English"), max_length=200, blank=True)
    kind = models.CharField(_("kind of answer"), max_length=8, choices=Kind, default=Kind.YES_NO)
    why = models.CharField(_("why it is asked"), max_length=200, blank=True)
    why_en = models.CharField(_("why it is asked, in English"), max_length=300, blank=True)
    unit = models.CharField(_("unit of a number"), max_length=20, blank=True)
    least = models.IntegerField(_("least number"), null=True, blank=True)
    most = models.IntegerField(_("greatest number"), null=True, blank=True)

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

    @property
    def display_why(self) -> str:
        return self.why_en if in_english() and self.why_en else self.why

    def clean(self) -> None:
        super().clean()
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValidationError({"most": _("The greatest number is smaller than the least.")})


class SituationChoice(Orderable):
    """One of the answers of a question with several."""

    situation = ParentalKey(Situation, on_delete=models.CASCADE, related_name="choices")
    key = models.CharField(_("key"), max_length=40, validators=[KEY_RULE])
    text = models.CharField(_("answer"), max_length=120)
    text_en = models.CharField(_("answer in English"), max_length=160, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["situation", "key"], name="situation_choice_once")]

    def __str__(self) -> str:
        return self.display_text

    @property
    def display_text(self) -> str:
        return self.text_en if in_english() and self.text_en else self.text
