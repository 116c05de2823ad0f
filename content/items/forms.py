"""The editor's form of an edition: faulty rules are said beside the row that they are in, before anything is published."""

from typing import Any

from django.forms import BaseFormSet
from django.utils import timezone
from wagtail.admin.forms import WagtailAdminModelForm

from content.items.rules_check import MATERIALS, QUESTIONS, STOPS, check
from content.items.rules_edition import draft_of_rows

# What somebody pressed who wants others to see it; a plain "save draft" may be unfinished.
GOES_OUT = ("action-publish", "action-submit", "action-restart-workflow", "action-workflow-action")


class EditionForm(WagtailAdminModelForm):
    """Refuses to publish an edition whose questions, conditions and ends do not make sense together."""

    def is_valid(self) -> bool:
        is_valid = super().is_valid()
        if is_valid and any(action in self.data for action in GOES_OUT):
            self._add_rule_faults()
            return not self.errors and all(formset.is_valid() for formset in self.formsets.values())
        return is_valid

    def _add_rule_faults(self) -> None:
        forms = {part: _kept(self.formsets.get(part)) for part in (QUESTIONS, MATERIALS, STOPS)}
        draft = draft_of_rows(*([form.instance for form in forms[part]] for part in (QUESTIONS, MATERIALS, STOPS)))
        for fault in check(draft, today=timezone.localdate()).errors:
            rows = forms.get(fault.part, [])
            if fault.number is None or fault.number >= len(rows):
                self.add_error(None, fault.sentence)
            else:
                rows[fault.number].add_error("rule" if "rule" in rows[fault.number].fields else None, fault.sentence)


def _kept(formset: BaseFormSet | None) -> list[Any]:
    """The rows of a formset that stay, in the order in which the editor put them."""
    if formset is None:
        return []
    kept = [form for form in formset.forms if form not in formset.deleted_forms and form.cleaned_data]
    return sorted(kept, key=lambda form: form.cleaned_data.get("ORDER") or 0)
