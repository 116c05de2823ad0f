"""How editors choose a condition: rows of question, comparison and answer; without JavaScript its data as text."""

from typing import Any

from django import forms
from django.db.models import Field, JSONField
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import register_form_field_override

from content.items.models import EditionMaterial, EditionQuestion, EditionStop

WITH_RULES = (EditionMaterial, EditionQuestion, EditionStop)


class RuleWidget(forms.Textarea):
    """A text area with the condition's data inside an element that a script turns into rows to choose from."""

    template_name = "items/rule_widget.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 2, **(attrs or {})})

    class Media:
        js = (forms.Script("items/rule-widget.js", type="module"),)
        css = {"all": ("items/rules.css",)}


class RuleField(forms.JSONField):
    """A condition; left empty it always holds."""

    widget = RuleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"help_text": _("Leave it empty where it always holds.")} | kwargs))

    def clean(self, value: Any) -> Any:
        return super().clean(value) or {}


def _override(db_field: Field) -> dict[str, Any]:
    is_rule = db_field.name == "rule" and db_field.model in WITH_RULES
    return {"form_class": RuleField, "required": False} if is_rule else {}


register_form_field_override(JSONField, override=_override)
