"""The forms of the points' screens in the CMS: fields, hours, exceptions, status, a new point, a year of holidays."""

from datetime import time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.base.places.editing import FIELDS
from portal.base.places.hours import DayRow, Interval, weekday_name
from portal.base.places.models import OpeningInterval, Place

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
END_OF_DAY = "24:00"


class ClockField(forms.TimeField):
    """A time of day; 24:00 is its end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "9:00", "size": 6}), **kwargs
        )

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str):
            value = value.strip().replace("：", ":")
        return time.max if value == END_OF_DAY else super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, time):
            return END_OF_DAY if value >= time(23, 59) else f"{value.hour}:{value.minute:02d}"
        return value


class PlaceForm(forms.ModelForm):
    why = forms.CharField(
        label=_("why it changes"),
        max_length=200,
        required=False,
        help_text=_("For the history; residents do not see it."),
    )

    class Meta:
        model = Place
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.level != Place.Level.POINT:
            del self.fields["kind"], self.fields["has_remote_window"]

    def _post_clean(self) -> None:
        """The instance stays as it was: the service writes, under its lock."""


class HoursForm(forms.Form):
    weekday = forms.TypedChoiceField(label=_("weekday"), coerce=int, required=False, empty_value=None)
    nth = forms.IntegerField(label=_("only the nth of the month"), min_value=1, max_value=5, required=False)
    opens = ClockField(label=_("opens"), required=False)
    closes = ClockField(label=_("closes"), required=False)
    on_holidays = forms.BooleanField(label=_("also on public holidays"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = [(str(day), weekday_name(day)) for day in range(OpeningInterval.MAKE_UP_DAY + 1)]
        self.fields["weekday"].choices = [("", "—"), *days]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [
            cleaned.get("weekday") is not None,
            cleaned.get("opens") is not None,
            cleaned.get("closes") is not None,
        ]
        if any(given) and not all(given) and not self.errors and not cleaned.get("DELETE"):
            raise forms.ValidationError(_("A row needs its weekday, opening and closing."))
        return cleaned

    def interval(self) -> Interval | None:
        row = self.cleaned_data
        if row.get("weekday") is None or row.get("DELETE"):
            return None
        return Interval(row["weekday"], row["opens"], row["closes"], row["nth"], row["on_holidays"])


class DayForm(forms.Form):
    date = forms.DateField(label=_("date"), required=False, widget=DATE)
    opens = ClockField(label=_("opens"), required=False)
    closes = ClockField(label=_("closes"), required=False)
    reason = forms.CharField(label=_("reason"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("date") and (cleaned.get("opens") or cleaned.get("reason")) and not self.errors:
            raise forms.ValidationError(_("A row needs its date."))
        return cleaned

    def day_row(self) -> DayRow | None:
        row = self.cleaned_data
        if not row.get("date") or row.get("DELETE"):
            return None
        return DayRow(row["date"], row["reason"], row["opens"], row["closes"])


HoursRows = forms.formset_factory(HoursForm, extra=2, can_delete=True)
DayRows = forms.formset_factory(DayForm, extra=2, can_delete=True)


class StatusForm(forms.Form):
    status = forms.ChoiceField(label=_("status"), choices=Place.Status.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("reason"), max_length=200, help_text=_("People read it on the point's page."))
    starts_at = forms.DateTimeField(label=_("from"), required=False, widget=MOMENT, help_text=_("Empty: from now on."))
    until = forms.DateTimeField(
        label=_("until"), required=False, widget=MOMENT, help_text=_("It then opens again by itself. Empty: no end.")
    )
    moved_to = forms.ModelChoiceField(
        queryset=Place.objects.none(), label=_("moved to this place"), required=False, to_field_name="code"
    )
    moved_address = forms.CharField(label=_("new address"), max_length=200, required=False)

    def __init__(self, *args: Any, others: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["moved_to"].queryset = others  # type: ignore[attr-defined]


class NewPointForm(forms.Form):
    subdistrict = forms.ModelChoiceField(queryset=Place.objects.none(), label=_("subdistrict"), to_field_name="code")
    code = forms.SlugField(label=_("code"), max_length=30)
    kind = forms.ChoiceField(label=_("kind"), choices=[choice for choice in Place.Kind.choices if choice[0]])
    name = forms.CharField(label=_("name"), max_length=80)

    def __init__(self, *args: Any, subdistricts: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subdistrict"].queryset = subdistricts  # type: ignore[attr-defined]


class HolidaysForm(forms.Form):
    file = forms.FileField(
        label=_("file"), help_text=_("Excel, CSV or JSON with the columns 日期, 名称, 类别 (放假 or 上班).")
    )
