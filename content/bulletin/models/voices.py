"""What others say to the editors: questions of committee staff, and the suggestion box 征求意见箱."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import RevisionMixin

from content.bulletin.states import SuggestionState
from content.items.models import Line
from portal.base.ids import new_id
from portal.base.places.models import Place


class PolicyQuestion(RevisionMixin, models.Model):
    """A question of a member of staff about a rule, and the answer that everybody may read."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="policy_questions", verbose_name=_("asked at"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked at what time"), default=timezone.now)
    line = models.ForeignKey(
        Line,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="policy_questions",
        verbose_name=_("line of business"),
    )
    question = models.TextField(_("question"), max_length=300)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    source = models.CharField(_("rule or document"), max_length=200, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_public = models.BooleanField(
        _("shown to everybody"),
        default=False,
        help_text=_("Only with an answer. The name of whoever asked is never shown."),
    )

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("policy question")
        verbose_name_plural = _("policy questions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_public=False) | ~models.Q(answer=""), name="public_question_has_answer"
            ),
            models.CheckConstraint(condition=~models.Q(question=""), name="policy_question_not_empty"),
        ]

    def __str__(self) -> str:
        return self.question[:60]

    def clean(self) -> None:
        super().clean()
        if self.is_public and not self.answer.strip():
            raise ValidationError({"answer": _("Write the answer first; then it can be shown.")})


class Suggestion(models.Model):
    """What somebody wrote into the box; text and contact are sealed, and erased after their time."""

    class Topic(models.TextChoices):
        GUIDE = "guide", _("A guide is wrong or hard to understand")
        POINT = "point", _("A service point or its machine")
        SERVICE = "service", _("How I was served")
        OTHER = "other", _("Something else")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, models.PROTECT, related_name="suggestions", verbose_name=_("about which place"))
    topic = models.CharField(_("What do you write about?"), max_length=8, choices=Topic)
    sealed = models.BinaryField(editable=False)
    # Empty for those of before there were codes; the code itself lies sealed with the text.
    code_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    has_contact = models.BooleanField(_("left a contact"), default=False, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=SuggestionState, default=SuggestionState.RECEIVED)
    reply = models.TextField(_("what was replied or done"), max_length=1000, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-received_at"]
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="answered") | ~models.Q(reply=""), name="answered_suggestion_has_reply"
            )
        ]
        indexes = [models.Index(fields=["state", "-received_at"], name="suggestion_state_newest")]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} {timezone.localtime(self.received_at):%Y-%m-%d}"
