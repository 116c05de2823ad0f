"""Pages of the CMS about rules: the questions to choose from, and what an edition's rules lead to, with a try beside."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from wagtail.permissions import policy_registry

from content.editing.viewsets import SEEING, may_see
from content.items.models import ItemEdition, Situation
from content.items.rules_edition import check_edition, rules_of
from content.items.rules_flow import materials_needed, step
from content.items.rules_words import say

OPERATOR_WORDS = {
    "yes_no": {"is": lambda: _("is")},
    "choice": {"is": lambda: _("is"), "not_is": lambda: _("is not"), "in": lambda: _("is one of")},
    "number": {"at_least": lambda: _("at least"), "at_most": lambda: _("at most"), "is": lambda: _("is")},
    "date": {"on_or_after": lambda: _("on or after"), "before": lambda: _("earlier than"), "is": lambda: _("is")},
}


def rule_questions(request: HttpRequest) -> JsonResponse:
    """All questions with their answers, and the words of the rows; for whoever may open the form of an edition."""
    if not policy_registry.get_by_type(ItemEdition).user_has_any_permission(request.user, SEEING):
        raise PermissionDenied
    questions = [
        {
            "key": row.key,
            "name": row.display_name,
            "kind": row.kind,
            "choices": [{"key": choice.key, "text": choice.display_text} for choice in row.choices.all()],
        }
        for row in Situation.objects.prefetch_related("choices").order_by("name")
    ]
    words = {
        "always": _("Always."), "all": _("All of these hold"), "any": _("One of these holds"), "how": _("How they join"),
        "question": _("question"), "comparison": _("comparison"), "answer": _("answer"), "add": _("Add a condition"),
        "remove": _("Remove"), "yes": _("Yes"), "no": pgettext("answer", "No"), "day": _("2026-01-31 or today-60d"),
        "nested": _("This condition is nested deeper than rows can show. Change it as text."),
        "operators": {kind: {name: say_it() for name, say_it in row.items()} for kind, row in OPERATOR_WORDS.items()},
    }  # fmt: skip
    return JsonResponse({"questions": questions, "words": words})


def edition_rules(request: HttpRequest, pk: str) -> HttpResponse:
    """Who gets what: the questions in order, a table of conditions in words, faults, and a try."""
    from content.notices.forms import AnswerForm

    stored = get_object_or_404(ItemEdition.objects.select_related("item"), pk=unquote(pk))
    user = request.user
    if not user.is_authenticated or not may_see(user, stored):
        raise PermissionDenied
    edition = stored.get_latest_revision_as_object()
    checked, rules = check_edition(edition), rules_of(edition)
    materials, stops = list(edition.materials.all()), list(edition.stops.all())
    given: dict[str, Any] = {}
    forms = []
    now = step(rules.flow, given, today=timezone.localdate())
    while now.question:
        words = rules.words[now.question]
        form = AnswerForm(request.GET or None, prefix=now.question, words=words)
        forms.append(form)
        if not form.is_valid():
            break
        given[now.question] = form.cleaned_data["answer"]
        now = step(rules.flow, given, today=timezone.localdate())
    is_done = now.question is None
    needed = (
        materials_needed(rules.flow, now.answers, today=timezone.localdate()) if is_done and now.stop is None else []
    )
    context = {
        "edition": edition,
        "checked": checked,
        "asked": [(rules.words[question.key], say(rule, rules.words)) for question, rule in rules.flow.questions],
        "table": [(row, say(rule, rules.words)) for row, rule in zip(materials, rules.flow.materials, strict=True)],
        "stops": [(row, say(rule, rules.words)) for row, rule in zip(stops, rules.flow.stops, strict=True)],
        "forms": forms,
        "is_done": is_done,
        "needed": [materials[number] for number in needed],
        "stop": stops[now.stop] if now.stop is not None else None,
    }
    return render(request, "items/edition_rules.html", context)
