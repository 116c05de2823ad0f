"""How Django forms are drawn: every field with its label above, hint below it and error in place."""

from typing import Any

from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import MultiWidget, Widget

UNBOXED_INPUTS = ("checkbox", "radio", "hidden")


class LinbanBoundField(BoundField):
    """A bound field whose text, number, date, file, select and textarea controls carry the class "control"."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        """Return Django's attributes with our class beside the widget's own classes."""
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if getattr(widget, "input_type", "") in UNBOXED_INPUTS or isinstance(widget, MultiWidget):
            return attrs
        classes = attrs.get("class") or widget.attrs.get("class", "")
        attrs["class"] = f"{classes} control".strip()
        return attrs


class LinbanRenderer(TemplatesSetting):
    """Draw forms with our own templates; name it as FORM_RENDERER = "themes.forms.LinbanRenderer"."""

    form_template_name = "forms/form.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"
    bound_field_class = LinbanBoundField
