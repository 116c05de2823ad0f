"""The pages of the site and the site's own settings."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import StreamField
from wagtail.models import Locale, Page
from wagtail.url_routing import RouteResult

from content.blocks.text import BodyBlock
from content.items.models import ServiceItem, in_english
from portal.base.places.models import Place
from portal.base.public_pages import keep_for

# What a page shows without a word of it being published, the clock above all, is at most so old.
KEPT_S = 300


@register_setting
class PortalSettings(BaseSiteSetting):
    """Theme, name and telephone of one site."""

    class Theme(models.TextChoices):
        JINGAN = "jingan", _("Jing'an: plane-tree green")
        KAIFU = "kaifu", _("Kaifu: river blue")

    theme = models.CharField(_("theme"), max_length=10, choices=Theme, default=Theme.JINGAN)
    place_line_1 = models.CharField(_("place, first line"), max_length=20, blank=True)
    place_line_2 = models.CharField(_("place, second line"), max_length=20, blank=True)
    place_line_1_en = models.CharField(_("place in English, first line"), max_length=40, blank=True)
    place_line_2_en = models.CharField(_("place in English, second line"), max_length=40, blank=True)
    district = models.ForeignKey(Place, models.SET_NULL, null=True, blank=True, verbose_name=_("district"))
    phone = models.CharField(_("telephone of the district's centres"), max_length=40, blank=True)
    is_demo = models.BooleanField(_("this is a demo"), default=False)

    panels = [
        FieldPanel("theme"),
        MultiFieldPanel(
            [FieldPanel(name) for name in ("place_line_1", "place_line_2", "place_line_1_en", "place_line_2_en")],
            heading=_("Place beside the name"),
        ),
        FieldPanel("phone"),
        FieldPanel("is_demo"),
    ]

    class Meta:
        verbose_name = _("site's appearance")

    @property
    def place_lines(self) -> list[str]:
        """The place's name beside the mark, in the reader's language."""
        chinese = [self.place_line_1, self.place_line_2]
        english = [self.place_line_1_en, self.place_line_2_en]
        chosen = english if in_english() and any(english) else chinese
        return [line for line in chosen if line]


class PortalPage(Page):
    """What all pages share: an address in the reader's language, also where the page itself is Chinese only."""

    class Meta:
        abstract = True

    def get_url_parts(self, request: Any = None) -> tuple[int, str | None, str | None] | None:
        # A reader of English who follows a link to a Chinese page stays under /en/: items speak both languages there.
        parts = super().get_url_parts(request)
        if parts is None or parts[2] is None or not in_english():
            return parts
        site_id, root_url, path = parts
        return (site_id, root_url, path if path.startswith("/en/") else f"/en{path}")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As Wagtail's; what everybody sees may be kept until the window that it shows opens or closes."""
        from content.points.services import seconds_until_change

        page = super().serve(request, *args, **kwargs)
        status = (getattr(page, "context_data", None) or {}).get("status")
        return keep_for(page, seconds=seconds_until_change(status, timezone.now(), at_most=KEPT_S))

    @property
    def is_missing_in_english(self) -> bool:
        """Whether an English reader sees Chinese text here, which the page then says."""
        return in_english() and not self.locale.language_code.startswith("en")


class HomePage(PortalPage):
    """The front door: search, the nearest lit window, the doors."""

    greeting = models.CharField(_("greeting"), max_length=60, blank=True)
    lead = models.CharField(_("lead"), max_length=200, blank=True)
    notice = models.CharField(_("one line at the foot"), max_length=120, blank=True)
    notice_title = models.CharField(_("title of that line"), max_length=30, blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("greeting"),
        FieldPanel("lead"),
        FieldPanel("notice_title"),
        FieldPanel("notice"),
    ]
    template = "guides/home_page.html"
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.guides.services import home_context

        return super().get_context(request, *args, **kwargs) | home_context(self, request=request)

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """As Wagtail's, but what is missing in the English tree is looked for in the Chinese one."""
        try:
            return super().route(request, path_components)
        except Http404:
            first = Locale.get_default()
            if self.locale_id == first.pk:
                raise
            chinese = self.get_translation_or_none(first)
            if chinese is None:
                raise
            return chinese.specific.route(request, path_components)


class GuideIndexPage(PortalPage):
    """All guides by line, the most frequent first."""

    template = "guides/guide_index_page.html"
    subpage_types = ["guides.GuidePage"]

    class Meta:
        verbose_name = _("list of guides")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.guides.services import index_context

        return super().get_context(request, *args, **kwargs) | index_context(self, request=request)


class GuidePage(PortalPage):
    """Presents one item; its address is the item's key and its texts are the edition's in force."""

    # Not one-to-one: a translated copy of the page presents the same item.
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="guide_pages", verbose_name=_("item"))
    body = StreamField(BodyBlock(required=False), blank=True, verbose_name=_("more"))

    content_panels = [*Page.content_panels, FieldPanel("item"), FieldPanel("body")]
    template = "guides/guide_page.html"
    parent_page_types = ["guides.GuideIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("guide")

    def clean(self) -> None:
        super().clean()
        if self.item_id and self.slug != self.item.key:
            raise ValidationError({"slug": _("The address of a guide is the key of its item: %s") % self.item.key})

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.guides.previewing import asked_day, edition_to_show, preview_told
        from content.guides.services import guide_context

        day = asked_day(request)
        edition = edition_to_show(self.item, request, day)
        if edition is None:
            raise Http404(translation.gettext("This guide is not published yet."))
        context = super().get_context(request, *args, **kwargs) | guide_context(self.item, edition, request=request)
        return context | ({"as_of": preview_told(self.item, edition, request, day)} if day else {})


class ContentPage(PortalPage):
    """An ordinary page, such as privacy or about the district."""

    lead = models.CharField(_("lead"), max_length=200, blank=True)
    body = StreamField(BodyBlock(required=False), blank=True, verbose_name=_("text"))

    content_panels = [*Page.content_panels, FieldPanel("lead"), FieldPanel("body")]
    template = "guides/content_page.html"
    subpage_types = ["guides.ContentPage"]

    class Meta:
        verbose_name = _("page")
