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

from content.editing.policies import may_publish
from content.editing.viewsets import EditorViewSet
from content.items import import_views, rules_views
from content.items.forms import EditionForm, SituationForm
from content.items.models import ItemAtPlace, ItemEdition, LifeEvent, Line, Material, ServiceItem, Situation
from content.items.panels import EditionsPanel, TouchedPanel, touched_lines, use_lines
from content.items.publishing import HELD_BACK, held_back_message
from content.items.rules_panels import rules_tab
from content.items.usage import blocks_deletion


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
                        [
                            FieldPanel("name", help_text=_("As the office calls it; residents' words go below.")),
                            FieldPanel(
                                "aliases", help_text=_("One a line, as people say it: the search finds it by them.")
                            ),
                            FieldPanel("summary", help_text=_("One sentence that a neighbour would say.")),
                        ],
                        heading=_("What it is"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("applicants"),
                            FieldPanel(
                                "conditions",
                                help_text=_("Short sentences, one condition each. What ends it goes under questions."),
                            ),
                        ],
                        heading=_("Can I do it?"),
                    ),
                    InlinePanel(
                        "materials",
                        heading=_("materials"),
                        label=_("material"),
                        help_text=_(
                            "In the order in which the window looks at them. A condition decides who needs one."
                        ),
                    ),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("window_from_day"), FieldPanel("window_to_day")]),
                            FieldPanel("window_skips_holidays"),
                            FieldRowPanel([FieldPanel("is_remote"), FieldPanel("is_onsite")]),
                            FieldPanel("online_at"),
                            FieldPanel("scope", help_text=_("Not known is told as: please ask at the window.")),
                        ],
                        heading=_("Where and when"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("limit_text", help_text=_("As people count: at once, 5 working days.")),
                            InlinePanel("stages", heading=_("stages"), label=_("stage")),
                        ],
                        heading=_("How long"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("fee_kind"), FieldPanel("fee_text")]),
                            InlinePanel("fees", heading=_("fees"), label=_("fee")),
                            FieldPanel("fee_as_of", help_text=_("The day of the list that the amounts come from.")),
                        ],
                        heading=_("What it costs"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("procedure", help_text=_("One step a line: who does what.")),
                            FieldPanel("receipts", help_text=_("One a line: the papers that people go home with.")),
                        ],
                        heading=_("What happens then"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("proxy_rule"),
                            FieldPanel("proxy_text"),
                            InlinePanel("proxies", heading=_("proxy rules"), label=_("proxy rule")),
                            FieldPanel(
                                "proxy_next_step",
                                help_text=_("Where nobody may come instead, say what helps all the same."),
                            ),
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
        FieldPanel(
            "is_active", help_text=_("Without it the item is in no list, and its guide says so. It can come back.")
        ),
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
        FieldPanel("explanation", help_text=_("Whose it is, and what people should look at before they bring it.")),
        FieldPanel("where_from", help_text=_("Where it can be had today, if somebody has lost it.")),
        FieldPanel("validity", help_text=_("Such as: issued within 3 months. Empty: it does not grow old.")),
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
    edit_handler = ObjectList(
        [
            TouchedPanel(heading=_("What this touches")),
            FieldPanel("question", help_text=_("As one would ask a neighbour; one thing at a time.")),
            FieldPanel("name", help_text=_("How a condition says it: when somebody else comes for you.")),
            FieldPanel("key"),
            FieldPanel("kind"),
            InlinePanel("choices", heading=_("answers"), label=_("answer")),
            FieldRowPanel([FieldPanel("unit"), FieldPanel("least"), FieldPanel("most")]),
            FieldPanel("why", help_text=_("People answer more readily when they know what it is for.")),
            MultiFieldPanel(
                [FieldPanel("question_en"), FieldPanel("name_en"), FieldPanel("why_en")], heading=_("English")
            ),
        ],
        base_form_class=SituationForm,
    )


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
        FieldRowPanel(
            [
                FieldPanel("is_offered", help_text=_("Without it, say below where to go instead.")),
                FieldPanel("starts_on"),
            ]
        ),
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


def _is_published(row: Model) -> bool:
    """Whether deleting the row takes a guide away from readers."""
    if isinstance(row, ServiceItem):
        return row.editions.filter(live=True).exists()
    return isinstance(row, ItemEdition) and row.live


@hooks.register("before_delete_snippet")
def say_where_used(request: HttpRequest, instances: list[Model]) -> HttpResponse | None:
    """What is in use is not deleted: the page says where it is used, so that it can be taken out there first."""
    kept = []
    for row in instances:
        lines = use_lines(row) if isinstance(row, Material | Situation) else []
        by_what = [] if lines else blocks_deletion(row)
        is_out = _is_published(row) and not may_publish(request.user, ItemEdition)  # type: ignore[arg-type]
        if lines or by_what or is_out:
            kept.append({"row": row, "lines": lines, "by_what": by_what, "is_out": is_out})
    if not kept:
        return None
    url_name = type(instances[0]).snippet_viewset.get_url_name("list")  # type: ignore[attr-defined]
    context = {"kept": kept, "list_url": reverse(url_name)}
    return TemplateResponse(request, "items/admin/in_use.html", context, status=409)


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
