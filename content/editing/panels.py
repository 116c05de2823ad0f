"""The panel that shows, above the form, what an editor should look at; it warns and never blocks."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import Panel

from content.editing.checks import findings_of


class FindingsPanel(Panel):
    """What the checks found in the version that is being edited."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("heading", _("What to look at"))
        super().__init__(**kwargs)

    class BoundPanel(Panel.BoundPanel):
        template_name = "editing/findings_panel.html"

        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk) and bool(self.findings)

        @property
        def findings(self) -> list[Any]:
            if not hasattr(self, "_findings"):
                self._findings = findings_of(self.instance)
            return self._findings

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            return super().get_context_data(parent_context) | {"findings": self.findings}
