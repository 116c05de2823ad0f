"""One question as a form: chosen or counted, never typed in Chinese."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.items.models import in_english
from content.items.rules import CHOICE, DATE, NUMBER, Answer, Question, plain_answer
from content.items.rules_words import QuestionWords

OLDEST_YEARS, YEARS_AHEAD = 110, 2
# Up to so many numbers a list to choose from serves at the kiosk, which has no keyboard.
MOST_TO_CHOOSE = 150
YES, NO = "yes", "no"


class AnswerForm(forms.Form):
    """Asks one question; `cleaned_data["answer"]` is a typed answer."""

    def __init__(self, *args: Any, words: QuestionWords, at_kiosk: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        self.fields["answer"] = _field(words, at_kiosk=at_kiosk)
        # Otherwise the first year, month and day stand there as if somebody had chosen them.
        self.fields["answer"].widget.is_required = False

    def clean_answer(self) -> Answer:
        answer = self.cleaned_data["answer"]
        kind = self.words.question.kind
        if kind == NUMBER:
            return int(answer)
        if kind in (CHOICE, DATE):
            return answer
        return answer == YES

    @property
    def is_listed(self) -> bool:
        """Whether the answers are rows to choose from."""
        return self.words.question.kind not in (NUMBER, DATE)


def _field(words: QuestionWords, *, at_kiosk: bool) -> forms.Field:
    question = words.question
    if question.kind == NUMBER:
        return _number_field(words, at_kiosk=at_kiosk)
    if question.kind == DATE:
        this_year = timezone.localdate().year
        years = range(this_year + YEARS_AHEAD, this_year - OLDEST_YEARS, -1)
        return forms.DateField(
            label=str(words.text),
            widget=forms.SelectDateWidget(
                years=years, months=_months(), empty_label=(str(_("Year")), str(_("Month")), str(_("Day")))
            ),
            error_messages={
                "required": _("Choose year, month and day."),
                "invalid": _("There is no such day. Look at the month again."),
            },
        )
    choices = [(YES, str(_("Yes"))), (NO, str(pgettext_lazy("answer", "No")))]
    if question.kind == CHOICE:
        choices = [(key, str(words.choices[key])) for key in question.choices]
    return forms.ChoiceField(
        label=str(words.text),
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one answer."),
            "invalid_choice": _("Choose one of these answers."),
        },
    )


def _months() -> dict[int, str] | None:
    """In Chinese by their numbers, which a keyboard finds in the list; None: by their names."""
    return None if in_english() else {number: f"{number} 月" for number in range(1, 13)}


def _number_field(words: QuestionWords, *, at_kiosk: bool) -> forms.Field:
    least, most = words.question.range
    if at_kiosk and most - least <= MOST_TO_CHOOSE:
        choices = [("", "—"), *((str(number), f"{number} {words.unit}") for number in range(least, most + 1))]
        return forms.ChoiceField(
            label=str(words.text), choices=choices, error_messages={"required": _("Choose a number.")}
        )
    between = _("The number lies between %(least)s and %(most)s.") % {"least": least, "most": most}
    return forms.IntegerField(
        label=str(words.text),
        min_value=least,
        max_value=most,
        help_text=words.unit,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Fill in a number."),
            "invalid": _("Fill in a whole number, in digits."),
            "min_value": between,
            "max_value": between,
        },
    )


def as_posted(question: Question, answer: Answer) -> dict[str, str]:
    """The answer as a browser would have sent it, by the question's own prefix."""
    name = f"{question.key}-answer"
    if isinstance(answer, date):
        return {f"{name}_year": str(answer.year), f"{name}_month": str(answer.month), f"{name}_day": str(answer.day)}
    if isinstance(answer, bool):
        return {name: YES if answer else NO}
    return {name: str(plain_answer(answer))}
