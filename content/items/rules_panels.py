"""The tab of an edition's form in which questions, conditions and ends are chosen."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, InlinePanel, ObjectList, Panel

from content.items import rules_widget  # noqa: F401  Gives the fields of conditions their rows.


class WhoGetsWhatPanel(Panel):
    """The way to the table, the faults and the try of what was saved last."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "items/who_gets_what_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            from content.items.rules_edition import check_edition

            context = super().get_context_data(parent_context)
            context["checked"] = check_edition(self.instance) if self.instance.pk else None
            return context


def rules_tab() -> ObjectList:
    """Questions and ends of an edition; conditions of materials stand with the materials."""
    return ObjectList(
        [
            WhoGetsWhatPanel(heading=_("Who gets what")),
            InlinePanel(
                "questions",
                [FieldPanel("situation"), FieldPanel("rule")],
                heading=_("questions of an edition"),
                label=_("question"),
                help_text=_("Without any, what the conditions name is asked."),
            ),
            InlinePanel("stops", heading=_("answers that end here"), label=_("end")),
        ],
        heading=_("Questions and conditions"),
    )
