"""How editors see items in the CMS: panels in the resident's order, everything else in quiet tabs behind."""

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
)
from wagtail.admin.ui.tables import Column
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import BaseLogEntry
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from content.editing.viewsets import EditorViewSet
from content.items import import_views, rules_views
from content.items.forms import EditionForm
from content.items.models import ItemAtPlace, ItemEdition, LifeEvent, Line, Material, ServiceItem, Situation
from content.items.panels import EditionsPanel, TouchedPanel, touched_lines
from content.items.publishing import HELD_BACK, held_back_message
from content.items.rules_panels import rules_tab


class EditionViewSet(EditorViewSet):
    model = ItemEdition
    icon = "doc-full"
    list_display = ["name", "item", "valid_from", Column("state_words", label=_("state")), "has_unpublished_changes"]
    list_filter = {"item__line": ["exact"], "live": ["exact"], "valid_from": ["gte", "lte"]}
    search_fields = ["name", "name_en", "aliases", "summary"]
    # Wagtail's own index finds almost nothing in Chinese; the database's "contains" does.
    search_backend_name = None
    ordering = ["item__line__order", "name", "-valid_from"]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    HelpPanel(
                        _(
                            "One edition tells everything that holds from its first day on. Enter what changes on 1 January now, "
                            "as an edition of its own."
                        )
                    ),
                    FieldPanel("item"),
                    FieldPanel("valid_from"),
                    EditionsPanel(heading=_("Editions of this item")),
                    MultiFieldPanel(
                        [FieldPanel("name"), FieldPanel("aliases"), FieldPanel("summary")], heading=_("What it is")
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("applicants"),
                            FieldPanel("conditions"),
                        ],
                        heading=_("Can I do it?"),
                    ),
                    InlinePanel("materials", heading=_("materials"), label=_("material")),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("window_from_day"), FieldPanel("window_to_day")]),
                            FieldPanel("window_skips_holidays"),
                            FieldRowPanel([FieldPanel("is_remote"), FieldPanel("is_onsite")]),
                            FieldPanel("online_at"),
                            FieldPanel("scope"),
                        ],
                        heading=_("Where and when"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("limit_text"),
                            InlinePanel("stages", heading=_("stages"), label=_("stage")),
                        ],
                        heading=_("How long"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("fee_kind"), FieldPanel("fee_text")]),
                            InlinePanel("fees", heading=_("fees"), label=_("fee")),
                            FieldPanel("fee_as_of"),
                        ],
                        heading=_("What it costs"),
                    ),
                    MultiFieldPanel([FieldPanel("procedure"), FieldPanel("receipts")], heading=_("What happens then")),
                    MultiFieldPanel(
                        [
                            FieldPanel("proxy_rule"),
                            FieldPanel("proxy_text"),
                            InlinePanel("proxies", heading=_("proxy rules"), label=_("proxy rule")),
                            FieldPanel("proxy_next_step"),
                        ],
                        heading=_("Can somebody come for me?"),
                    ),
                    InlinePanel("asked", heading=_("questions people ask"), label=_("question people ask")),
                    FieldPanel("note"),
                ],
                heading=_("guide"),
            ),
            ObjectList(
                [
                    FieldPanel(name)
                    for name in (
                        "name_en",
                        "summary_en",
                        "conditions_en",
                        "limit_text_en",
                        "fee_text_en",
                        "procedure_en",
                        "note_en",
                    )
                ],
                heading=_("English"),
            ),
            ObjectList(
                [
                    InlinePanel("bases", heading=_("legal bases"), label=_("legal basis")),
                    FieldPanel("source"),
                    FieldPanel("checked_on"),
                ],
                heading=_("Sources and law"),
            ),
            rules_tab(),
        ],
        base_form_class=EditionForm,
    )


class ItemViewSet(EditorViewSet):
    model = ServiceItem
    icon = "list-ul"
    list_display = ["name", "key", "line", "frequency", "is_active", "owner", "review_due"]
    list_filter = ["line", "is_active", "owner"]
    search_fields = ["name_zh", "name_en", "key"]
    search_backend_name = None
    panels = [
        FieldPanel("key"),
        FieldPanel("line"),
        FieldPanel("department"),
        FieldPanel("is_active"),
        FieldRowPanel([FieldPanel("frequency"), FieldPanel("is_frequency_fixed")]),
        EditionsPanel(heading=_("Editions of this item")),
        FieldPanel("related"),
        FieldRowPanel([FieldPanel("owner"), FieldPanel("deputy")]),
        FieldRowPanel([FieldPanel("review_due"), FieldPanel("review_months")]),
    ]


class MaterialViewSet(EditorViewSet):
    model = Material
    icon = "clipboard-list"
    list_display = ["name", "name_en", "where_from", "live", "has_unpublished_changes"]
    search_fields = ["name", "name_en"]
    search_backend_name = None
    panels = [
        TouchedPanel(heading=_("What this touches")),
        FieldPanel("name"),
        FieldPanel("key"),
        FieldPanel("explanation"),
        FieldPanel("where_from"),
        FieldPanel("validity"),
        InlinePanel("sources", heading=_("designated places"), label=_("designated place")),
        MultiFieldPanel(
            [FieldPanel("name_en"), FieldPanel("explanation_en"), FieldPanel("where_from_en")], heading=_("English")
        ),
    ]


class SituationViewSet(EditorViewSet):
    model = Situation
    icon = "help"
    list_display = ["name", "question", "kind"]
    list_filter = ["kind"]
    search_fields = ["name", "question"]
    search_backend_name = None
    panels = [
        TouchedPanel(heading=_("What this touches")),
        FieldPanel("question"),
        FieldPanel("name"),
        FieldPanel("key"),
        FieldPanel("kind"),
        InlinePanel("choices", heading=_("answers"), label=_("answer")),
        FieldRowPanel([FieldPanel("unit"), FieldPanel("least"), FieldPanel("most")]),
        FieldPanel("why"),
        MultiFieldPanel([FieldPanel("question_en"), FieldPanel("name_en"), FieldPanel("why_en")], heading=_("English")),
    ]


class ItemAtPlaceViewSet(EditorViewSet):
    model = ItemAtPlace
    icon = "site"
    list_display = ["item", "place", "is_offered", "starts_on", "is_remote", "is_onsite", "difficulty"]
    list_filter = ["is_offered", "difficulty", "item__line"]
    search_fields = ["item__name_zh", "place__name"]
    search_backend_name = None
    panels = [
        HelpPanel(
            _(
                "A row holds for its place and for all below it; the nearest row above a point decides. So one item, or one "
                "point, can be switched on singly."
            )
        ),
        FieldPanel("item"),
        FieldPanel("place"),
        FieldRowPanel([FieldPanel("is_offered"), FieldPanel("starts_on")]),
        FieldRowPanel([FieldPanel("is_remote"), FieldPanel("is_onsite")]),
        InlinePanel("hours", heading=_("hours of an item"), label=_("hours of an item")),
        FieldPanel("difficulty"),
        FieldPanel("note"),
        FieldPanel("next_step"),
    ]


class LineViewSet(EditorViewSet):
    model = Line
    icon = "tag"
    list_display = ["name", "name_en", "order"]


class LifeEventViewSet(EditorViewSet):
    model = LifeEvent
    icon = "calendar"
    list_display = ["name", "name_en", "order", "is_bereavement"]
    search_backend_name = None
    panels = [
        FieldPanel("name"),
        FieldPanel("words"),
        FieldPanel("is_bereavement"),
        InlinePanel("entries", heading=_("items of a life event"), label=_("item")),
        FieldRowPanel([FieldPanel("key"), FieldPanel("order")]),
        MultiFieldPanel([FieldPanel("name_en"), FieldPanel("words_en")], heading=_("English")),
    ]


class ItemsGroup(SnippetViewSetGroup):
    items = (
        ItemViewSet,
        EditionViewSet,
        MaterialViewSet,
        SituationViewSet,
        ItemAtPlaceViewSet,
        LifeEventViewSet,
        LineViewSet,
    )
    menu_label = _("Items and materials")
    menu_icon = "list-ul"
    menu_order = 150


register_snippet(ItemsGroup)


@hooks.register("register_log_actions")
def register_held_back(actions: LogActionRegistry) -> None:
    """An edition that was not published on schedule says so in its history."""

    @actions.register_action(HELD_BACK)
    class HeldBack(LogFormatter):
        label = _("Held back")

        def format_message(self, log_entry: BaseLogEntry) -> str:
            return held_back_message(log_entry.data)


@hooks.register("register_admin_urls")
def rules_urls() -> list[URLPattern]:
    return [
        path("rules/questions.json", rules_views.rule_questions, name="rule_questions"),
        path("rules/<str:pk>/", rules_views.edition_rules, name="edition_rules"),
    ]


@hooks.register("before_edit_snippet")
def ask_before_publishing_for_many(request: HttpRequest, instance: Model) -> HttpResponse | None:
    """A shared paper is published for all guides that ask for it; the editor sees which before it happens."""
    if not isinstance(instance, Material) or "action-publish" not in request.POST or "confirmed" in request.POST:
        return None
    touched = touched_lines(instance)
    if not touched:
        return None
    left_out = {"csrfmiddlewaretoken", "action-publish"}
    posted = [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]
    context = {"material": instance, "touched": touched, "posted": posted}
    return TemplateResponse(request, "items/admin/confirm_material.html", context)


@hooks.register("register_admin_urls")
def import_addresses() -> list[URLPattern]:
    """Import and export in the CMS."""
    return import_views.urlpatterns


@hooks.register("register_settings_menu_item")
def import_menu() -> MenuItem:
    """Shown to editors of the whole district alone; the views ask again."""
    return import_views.ImportsMenuItem(
        _("Import and export items"), reverse("items_imports"), icon_name="upload", order=50
    )
