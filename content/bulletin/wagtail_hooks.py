"""How editors see the bulletin in the CMS."""

from typing import Any

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from content.bulletin import services, suggestion_views
from content.bulletin.models import Announcement, PolicyQuestion
from content.editing.reach import reach_of
from content.editing.viewsets import EditorEditView, EditorViewSet


class AnnouncementViewSet(EditorViewSet):
    model = Announcement
    icon = "warning"
    menu_label = _("Announcements")
    list_display = ["title", "place", "item", "kind", "starts_at", "ends_at"]
    list_filter = {"kind": ["exact"], "starts_at": ["gte", "lte"], "ends_at": ["gte", "lte"]}
    list_export = ["title", "place", "item", "kind", "text", "starts_at", "ends_at"]
    search_fields = ["title", "text", "place__name"]
    search_backend_name = None
    panels = [
        FieldRowPanel([FieldPanel("place"), FieldPanel("item")]),
        FieldPanel("kind"),
        FieldPanel("title", help_text=_("First what happened.")),
        FieldPanel("text", help_text=_("Then what people can do, and until when it lasts.")),
        FieldRowPanel([FieldPanel("link"), FieldPanel("link_text")]),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")], heading=_("When")),
        FieldRowPanel([FieldPanel("is_on_kiosk"), FieldPanel("is_on_board")], heading=_("Where else")),
        MultiFieldPanel(
            [FieldPanel("title_en"), FieldPanel("text_en"), FieldPanel("link_text_en")], heading=_("English")
        ),
    ]


class AnswerView(EditorEditView):
    """Answering a question notes who did it, and when first."""

    def save_instance(self) -> PolicyQuestion:
        question = super().save_instance()
        services.note_answer(question, user=self.request.user)
        return question


class QuestionViewSet(EditorViewSet):
    model = PolicyQuestion
    icon = "help"
    menu_label = _("Policy questions")
    list_display = ["__str__", "place", "line", "asked_at", "is_public"]
    list_filter = ["is_public", "line"]
    list_export = ["question", "answer", "source", "line", "place", "asked_at", "answered_at", "is_public"]
    search_fields = ["question", "answer"]
    search_backend_name = None
    copy_view_enabled = False
    edit_view_class = AnswerView
    has_findings = False
    panels = [
        FieldPanel("place", read_only=True),
        FieldPanel("question"),
        FieldPanel("line"),
        FieldPanel("answer", help_text=_("The answer first, the reason behind it. Everybody reads it.")),
        FieldPanel("source", help_text=_("The rule with its number, so that a colleague can look it up.")),
        FieldPanel("is_public"),
    ]


class BulletinGroup(SnippetViewSetGroup):
    items = (AnnouncementViewSet, QuestionViewSet)
    menu_label = _("Bulletin")
    menu_icon = "mail"
    menu_order = 160


register_snippet(BulletinGroup)


@hooks.register("register_admin_urls")
def suggestion_urls() -> list[Any]:
    """The box, read by editors."""
    return [
        path("suggestions/", suggestion_views.suggestion_list, name="suggestion_list"),
        path("suggestions/results/", suggestion_views.suggestion_results, name="suggestion_results"),
        path("suggestions/<uuid:pk>/", suggestion_views.suggestion_detail, name="suggestion_detail"),
    ]


class EditorsMenuItem(MenuItem):
    """Shown to whoever is an editor of any place."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(reach_of(request.user).paths)


@hooks.register("register_admin_menu_item")
def suggestion_menu() -> MenuItem:
    return EditorsMenuItem(
        _("Suggestion box"), reverse("suggestion_list"), name="suggestions", icon_name="comment", order=165
    )
