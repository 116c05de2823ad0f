"""Panels of the CMS that show what is not a field: the editions of an item, and what an edit touches."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from wagtail.admin.panels import Panel

from content.items import services
from content.items.models import ItemEdition, Material, ServiceItem, Situation
from content.items.usage import uses_of


class _InfoPanel(Panel):
    """A panel without fields, drawn by a template from one row."""

    class BoundPanel(Panel.BoundPanel):
        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk)


class EditionsPanel(_InfoPanel):
    """Which editions the item has, which is in force, which comes, and how each will read on its day."""

    class BoundPanel(_InfoPanel.BoundPanel):
        template_name = "items/admin/editions_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            item = self.instance if isinstance(self.instance, ServiceItem) else self.instance.item
            lines = services.edition_lines(item)
            for line in lines:
                day = max(line.edition.valid_from, timezone.localdate())
                line.edition.admin_url = reverse("wagtailsnippets_items_itemedition:edit", args=[line.edition.pk])
                drafts = "" if line.edition.live else "&drafts=1"
                line.edition.preview_url = f"/guides/{item.key}/?as_of={day.isoformat()}{drafts}"
            return super().get_context_data(parent_context) | {"lines": lines, "shown": self.instance}


class TouchedPanel(_InfoPanel):
    """Every item that asks for this paper, or whose rules ask this question: an edit changes all of them."""

    class BoundPanel(_InfoPanel.BoundPanel):
        template_name = "items/admin/touched_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            return super().get_context_data(parent_context) | {"touched": touched_lines(self.instance)}


def touched_lines(thing: Material | Situation) -> list[dict[str, str]]:
    """Names and addresses of the guides that an edit of a shared thing touches."""
    touched = services.touched_by(thing)
    newest: dict[int, int] = {}
    for pk, item_id in ItemEdition.objects.filter(item__in=touched).order_by("valid_from").values_list("pk", "item_id"):
        newest[item_id] = pk
    return [
        {
            "name": item.name,
            "edit_url": reverse("wagtailsnippets_items_itemedition:edit", args=[newest[item.pk]]),
            "guide_url": f"/guides/{item.key}/",
        }
        for item in touched
    ]


def use_lines(thing: Material | Situation) -> list[dict[str, Any]]:
    """Each edition that uses a shared thing, the newest of an item first, with where in it and the way there."""
    lines: dict[int, dict[str, Any]] = {}
    uses = uses_of(thing)
    for use in sorted(uses, key=lambda use: (use.edition.name, -use.edition.valid_from.toordinal(), use.is_draft)):
        edition = use.edition
        url = reverse("wagtailsnippets_items_itemedition:edit", args=[edition.pk])
        line = lines.setdefault(edition.pk, {"edition": edition, "url": url, "where": [], "is_draft": True})
        line["where"].append(use.where)
        line["is_draft"] &= use.is_draft
    return list(lines.values())
