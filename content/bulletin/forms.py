"""The forms of the bulletin: a suggestion of anybody, a question of staff."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.bulletin.contacts import way_of
from content.bulletin.models import PolicyQuestion, Suggestion
from content.items.models import Line
from portal.base.places.models import Place

LONGEST_TEXT = 1000


class SuggestionForm(forms.Form):
    """What the box takes. `website` is a trap that no person sees: a program that fills everything falls into it."""

    topic = forms.ChoiceField(
        label=gettext_lazy("What do you write about?"), choices=Suggestion.Topic.choices, widget=forms.RadioSelect
    )
    place = forms.ModelChoiceField(
        Place.objects.none(), required=False, label=gettext_lazy("Which place?"), to_field_name="code"
    )
    text = forms.CharField(
        label=gettext_lazy("What should be better?"),
        help_text=gettext_lazy("As you would say it. Please no ID number: it is not needed here."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": gettext_lazy("Write what you want to tell us, then send it."),
            "max_length": gettext_lazy("That is longer than %(limit_value)d characters. Please say it shorter."),
        },
    )
    contact = forms.CharField(
        label=gettext_lazy("Telephone or e-mail"),
        help_text=gettext_lazy(
            "Only if you want a message when there is an answer. It is kept encrypted and erased after two years."
        ),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        field.queryset = Place.objects.filter(level=Place.Level.SUBDISTRICT)  # type: ignore[attr-defined]
        field.empty_label = _("The whole district")  # type: ignore[attr-defined]
        self.fields["topic"].error_messages["required"] = _("Choose what it is about.")

    def clean_contact(self) -> str:
        contact = self.cleaned_data["contact"]
        if contact and not way_of(contact):
            raise forms.ValidationError(
                _("This is neither a telephone number nor an e-mail address. Look at it again, or leave it empty.")
            )
        return contact

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get("website"))

    def visible_rows(self) -> list[Any]:
        """The fields that people see."""
        return [field for field in self if field.name != "website"]


class CodeForm(forms.Form):
    """The code of a suggestion, by which its reply is looked up."""

    code = forms.CharField(
        label=gettext_lazy("Code of your suggestion"),
        help_text=gettext_lazy("Twelve signs, from the page after sending or from the message."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Type the twelve signs, then press the button.")},
    )


class QuestionForm(forms.ModelForm):
    """What committee staff ask the editors."""

    line = forms.ModelChoiceField(Line.objects.all(), required=False, label=gettext_lazy("Line of business"))

    class Meta:
        model = PolicyQuestion
        fields = ("line", "question")
        widgets = {"question": forms.Textarea(attrs={"rows": 4})}
        labels = {"question": gettext_lazy("Your question")}
        help_texts = {
            "question": gettext_lazy("Without names or numbers of residents: question and answer will be public.")
        }
        error_messages = {"question": {"required": gettext_lazy("Write your question, then send it.")}}
