"""How editors see items in the CMS: panels in the resident's order, everything else in quiet tabs behind."""

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, TabbedInterface
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import BaseLogEntry
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from content.editing.viewsets import EditorViewSet
from content.items import rules_views
from content.items.forms import EditionForm
from content.items.models import ItemAtPlace, ItemEdition, Line, Material, ServiceItem, Situation
from content.items.publishing import HELD_BACK, held_back_message
from content.items.rules_panels import rules_tab


class EditionViewSet(EditorViewSet):
    model = ItemEdition
    icon = "doc-full"
    list_display = ["name", "item", "valid_from", "live", "has_unpublished_changes"]
    list_filter = {"item__line": ["exact"], "live": ["exact"], "valid_from": ["gte", "lte"]}
    search_fields = ["name", "name_en", "aliases", "summary"]
    # Wagtail's own index finds almost nothing in Chinese; the database's "contains" does.
    search_backend_name = None
    ordering = ["item__line__order", "name", "-valid_from"]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("item"),
                    FieldPanel("valid_from"),
                    MultiFieldPanel(
                        [FieldPanel("name"), FieldPanel("aliases"), FieldPanel("summary")], heading=_("What it is")
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("conditions"),
                            FieldPanel("proxy_rule"),
                            FieldPanel("proxy_text"),
                            FieldPanel("proxy_next_step"),
                            FieldRowPanel([FieldPanel("is_remote"), FieldPanel("is_onsite")]),
                            FieldPanel("online_at"),
                            FieldPanel("scope"),
                        ],
                        heading=_("Who and where"),
                    ),
                    InlinePanel("materials", heading=_("materials"), label=_("material")),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("window_from_day"), FieldPanel("window_to_day")]),
                            FieldPanel("window_skips_holidays"),
                            FieldPanel("limit_text"),
                            InlinePanel("stages", heading=_("stages"), label=_("stage")),
                            FieldRowPanel([FieldPanel("fee_kind"), FieldPanel("fee_text")]),
                        ],
                        heading=_("When, how long, what it costs"),
                    ),
                    FieldPanel("procedure"),
                    FieldPanel("receipts"),
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
        FieldPanel("frequency"),
        FieldRowPanel([FieldPanel("owner"), FieldPanel("deputy")]),
        FieldRowPanel([FieldPanel("review_due"), FieldPanel("review_months")]),
    ]


class MaterialViewSet(EditorViewSet):
    model = Material
    icon = "clipboard-list"
    list_display = ["name", "name_en", "where_from"]
    search_fields = ["name", "name_en"]
    search_backend_name = None


class SituationViewSet(EditorViewSet):
    model = Situation
    icon = "help"
    list_display = ["name", "question"]
    search_fields = ["name", "question"]
    search_backend_name = None


class ItemAtPlaceViewSet(EditorViewSet):
    model = ItemAtPlace
    icon = "site"
    list_display = ["item", "place", "is_offered", "is_remote", "is_onsite"]
    list_filter = ["is_offered", "item__line"]
    search_fields = ["item__name_zh", "place__name"]
    search_backend_name = None


class LineViewSet(EditorViewSet):
    model = Line
    icon = "tag"
    list_display = ["name", "name_en", "order"]


class ItemsGroup(SnippetViewSetGroup):
    items = (ItemViewSet, EditionViewSet, MaterialViewSet, SituationViewSet, ItemAtPlaceViewSet, LineViewSet)
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
