"""The editors' forms of an edition and of a question: what does not make sense is said in place, before it is out."""

from typing import Any

from django.forms import BaseFormSet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm

from content.items.models import Situation
from content.items.rules import Question
from content.items.rules_check import MATERIALS, QUESTIONS, STOPS, check
from content.items.rules_edition import broken_by, draft_of_rows

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


class SituationForm(WagtailAdminModelForm):
    """Refuses a change of a question under which a published guide's conditions would no longer make sense."""

    def is_valid(self) -> bool:
        is_valid = super().is_valid()
        if is_valid and self.instance.pk:
            self._add_what_would_break()
        return is_valid and not self.errors

    def _add_what_would_break(self) -> None:
        row = self.instance
        choices = tuple(form.instance.key for form in _kept(self.formsets.get("choices")))
        question = Question(row.key, row.kind, choices, row.least, row.most, row.name)
        stored = Situation.objects.values_list("key", flat=True).get(pk=row.pk)
        for edition, sentences in broken_by(stored, question).items():
            words = {"guide": edition, "faults": " ".join(sentences)}
            self.add_error(None, _("Not saved: in the guide %(guide)s this would no longer fit. %(faults)s") % words)


def _kept(formset: BaseFormSet | None) -> list[Any]:
    """The rows of a formset that stay, in the order in which the editor put them."""
    if formset is None:
        return []
    kept = [form for form in formset.forms if form not in formset.deleted_forms and form.cleaned_data]
    return sorted(kept, key=lambda form: form.cleaned_data.get("ORDER") or 0)
