"""Pages of the bulletin: about the district, news, and the sections of the subdistricts."""

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField

from content.blocks.text import BodyBlock
from content.guides.models import PortalPage
from portal.base.places.models import Place

NEWS_A_PAGE = 20


class InfoIndexPage(PortalPage):
    """About the district: its pages as a short list."""

    lead = models.CharField(_("lead"), max_length=200, blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("lead")]
    template = "bulletin/info_index_page.html"
    subpage_types = ["guides.ContentPage"]

    class Meta:
        verbose_name = _("about the district")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        children = self.get_children().live().specific()
        return super().get_context(request, *args, **kwargs) | {"entries": children}


class NewsPage(PortalPage):
    """One piece of news."""

    date = models.DateField(_("date"), default=timezone.localdate)
    lead = models.CharField(_("lead"), max_length=200, blank=True)
    picture = models.ForeignKey(
        "content_images.PortalImage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("picture"),
    )
    body = StreamField(BodyBlock(required=False), blank=True, verbose_name=_("text"))

    content_panels = [
        *PortalPage.content_panels,
        FieldPanel("date"),
        FieldPanel("lead"),
        FieldPanel("picture"),
        FieldPanel("body"),
    ]
    template = "bulletin/news_page.html"
    parent_page_types = ["bulletin.NewsIndexPage", "bulletin.SectionPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("news")
        verbose_name_plural = _("news")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        parent = self.get_parent().specific
        crumbs = [{"title": parent.title, "url": parent.get_url(request)}, {"title": self.title, "url": ""}]
        return super().get_context(request, *args, **kwargs) | {"breadcrumbs": crumbs}


class NewsIndexPage(PortalPage):
    """All news, newest first: the district's own, and those of its subdistricts."""

    lead = models.CharField(_("lead"), max_length=200, blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("lead")]
    template = "bulletin/news_index_page.html"
    subpage_types = ["bulletin.NewsPage"]

    class Meta:
        verbose_name = _("list of news")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        news = NewsPage.objects.live().filter(locale=self.locale).order_by("-date", "-pk")
        page = Paginator(news, NEWS_A_PAGE).get_page(request.GET.get("page"))
        return super().get_context(request, *args, **kwargs) | {"news": page, "query": ""}


class SectionPage(PortalPage):
    """A subdistrict's own section of the site, which its editors keep."""

    # Not one-to-one: a translated copy of the section belongs to the same place.
    place = models.ForeignKey(Place, models.PROTECT, related_name="sections", editable=False)
    lead = models.CharField(_("lead"), max_length=200, blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("lead")]
    template = "bulletin/section_page.html"
    parent_page_types = ["guides.HomePage"]
    subpage_types = ["guides.ContentPage", "bulletin.NewsPage"]

    class Meta:
        verbose_name = _("section of a subdistrict")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from content.bulletin.services import current_announcements

        return super().get_context(request, *args, **kwargs) | {
            "entries": self.get_children().live().specific(),
            "announcements": current_announcements(place=self.place),
        }
