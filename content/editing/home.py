"""What editors see first: how many items ask for attention, and why."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.components import Component

from content.bulletin.models import Announcement, PolicyQuestion, Suggestion
from content.bulletin.states import SuggestionState
from content.editing import services
from content.editing.reach import Reach, reach_of

OPEN_SUGGESTIONS = (SuggestionState.RECEIVED, SuggestionState.IN_WORK)
KINDS = (
    ("mine", _("Mine, to be checked now")),
    ("due", _("To be checked now")),
    ("soon", _("To be checked within 30 days")),
    ("elsewhere", _("A material, a question or a place changed since")),
    ("unowned", _("Without an owner")),
    ("incomplete", _("Incomplete")),
    ("findings", _("Words to look at")),
    ("drafts", _("Drafts waiting")),
    ("scheduled", _("Scheduled")),
)


def is_of_kind(state: services.ItemState, kind: str, *, user_id: int) -> bool:
    """Whether an item stands on the list of that kind."""
    return {
        "mine": state.is_due and user_id in (state.item.owner_id, state.item.deputy_id),
        "due": state.is_due,
        "soon": state.is_due_soon,
        "elsewhere": bool(state.changed_elsewhere),
        "unowned": state.is_unowned,
        "incomplete": bool(state.missing),
        "findings": bool(state.findings),
        "drafts": state.has_draft,
        "scheduled": state.scheduled_for is not None,
    }[kind]


class AttentionPanel(Component):
    """The home panel: counts that lead to the lists, each bounded to what the editor reaches."""

    name = "attention"
    template_name = "editing/attention_panel.html"
    order = 100

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        user = parent_context["request"].user
        reach = reach_of(user)
        rows = _item_rows(user.pk) if reach.is_district else []
        return {"rows": rows + _place_rows(reach), "is_editor": bool(reach.paths)}


def _item_rows(user_id: int) -> list[dict[str, Any]]:
    states = services.item_states()
    counts = {kind: sum(is_of_kind(state, kind, user_id=user_id) for state in states) for kind, _label in KINDS}
    base = reverse("editing_attention")
    return [
        {"label": label, "count": counts[kind], "url": f"{base}?kind={kind}", "is_first": kind in ("mine", "due")}
        for kind, label in KINDS
        if counts[kind]
    ]


def _place_rows(reach: Reach) -> list[dict[str, Any]]:
    bound = reach.bound("place")
    rows = [
        (
            _("Questions to answer"),
            PolicyQuestion.objects.filter(bound, is_public=False).count(),
            reverse("wagtailsnippets_bulletin_policyquestion:list") + "?is_public=false",
        ),
        (
            _("Suggestions to read"),
            Suggestion.objects.filter(bound, state__in=OPEN_SUGGESTIONS).count(),
            reverse("suggestion_list"),
        ),
        (
            _("Announcements shown now"),
            Announcement.objects.filter(bound, is_shown=True).count(),
            reverse("wagtailsnippets_bulletin_announcement:list"),
        ),
    ]
    return [{"label": label, "count": count, "url": url, "is_first": False} for label, count, url in rows if count]
