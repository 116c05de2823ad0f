"""What a resident may leave with a booking; nothing of it is required."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LeftForm(forms.Form):
    """A telephone for one message, and the number on the card, by which the card finds the booking."""

    phone = forms.CharField(
        label=_("Telephone"),
        help_text=_("One message comes, with time, place and code."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    number = forms.CharField(
        label=_("Identity card number"),
        help_text=_("Then your card alone is enough when you come: no code to remember."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
