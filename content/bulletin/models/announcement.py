"""A notice that shows itself from one moment to another: at a place and all below it, or on the guide of one item."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import PreviewableMixin, RevisionMixin

from content.items.models import ServiceItem, in_english, in_readers_language, said
from portal.base.places.models import Place

SHOWN_FOR = timedelta(days=14)


def in_two_weeks() -> datetime:
    """The end that a new announcement gets unless its editor sets another."""
    return timezone.now() + SHOWN_FOR


class Announcement(RevisionMixin, PreviewableMixin, models.Model):
    """What people must know for a while; it begins and ends by itself."""

    class Kind(models.TextChoices):
        INFO = "info", _("notice")
        WARN = "warn", _("warning")

    place = models.ForeignKey(
        Place,
        models.CASCADE,
        related_name="announcements",
        verbose_name=_("place"),
        help_text=_("It is shown there and at all places below it; the district means everywhere."),
    )
    item = models.ForeignKey(
        ServiceItem,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="announcements",
        verbose_name=_("item"),
        help_text=_("Empty: it is not about one item. Otherwise it stands on the guide of that item alone."),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.INFO)
    title = models.CharField(_("heading"), max_length=40)
    title_en = models.CharField(_("title in English"), max_length=80, blank=True)
    text = models.CharField(
        _("text"), max_length=160, blank=True, help_text=_("First what happened, then what people can do instead.")
    )
    text_en = models.CharField(_("text in English"), max_length=300, blank=True)
    link = models.CharField(
        _("address with more"), max_length=200, blank=True, help_text=_("For example /points/ or https://…")
    )
    link_text = models.CharField(_("words of the link"), max_length=30, blank=True)
    link_text_en = models.CharField(_("words of the link in English"), max_length=60, blank=True)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"), default=in_two_weeks)
    is_on_kiosk = models.BooleanField(_("at the kiosks too"), default=True)
    is_on_board = models.BooleanField(_("on the hall displays too"), default=False)
    # Kept by the clock, so that it notices which ones began or ended and tells caches and screens.
    is_shown = models.BooleanField(default=False, editable=False)
    said_title = in_readers_language("title")
    said_text = in_readers_language("text")
    said_link_text = in_readers_language("link_text")

    class Meta:
        ordering = ["-starts_at", "-pk"]
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="announcement_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(link="") | ~models.Q(link_text=""), name="announcement_link_has_words"
            ),
        ]
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="announcement_times")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("It ends before it begins. Choose a later time.")})
        if self.link and not self.link.startswith(("/", "https://", "http://")):
            raise ValidationError({"link": _("Begin with / for a page of this site, or with https://.")})
        if self.link and not self.link_text:
            raise ValidationError({"link_text": _("Say where the link leads.")})

    def said(self, field: str) -> str:
        """A text in the reader's language; Chinese where the English is missing."""
        return said(self, field)

    @property
    def is_missing_in_english(self) -> bool:
        """Whether an English reader sees Chinese here."""
        return in_english() and not self.title_en

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        return [("page", _("Website")), ("kiosk", _("Kiosk"))]

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        return f"bulletin/preview_{mode_name or 'page'}.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        return {"announcements": [self], "announcement": self}
