"""The printable forms as data: which fields they have, what may stand in them, and which come from the card."""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.items.models import ServiceItem


@dataclass(frozen=True)
class Field:
    """One field. `from_card` names the identity's attribute; `choices` are the printed words themselves."""

    name: str
    label: str | Promise
    required: bool = True
    from_card: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    problem: str | Promise = ""
    max_length: int = 80


@dataclass(frozen=True)
class PaperForm:
    """A form of one version; `items` are the keys of the items it belongs to, empty for every item."""

    key: str
    title: str
    fields: tuple[Field, ...]
    version: int = 1
    items: tuple[str, ...] = ()
    declaration: str = ""


CARD_FIELDS = (
    Field("name", gettext_lazy("Applicant"), from_card="name"),
    Field("number", gettext_lazy("Certificate number"), from_card="number"),
)
# Messages about the case go there; nobody must have a telephone.
PHONE = Field(
    "phone",
    gettext_lazy("Telephone"),
    required=False,
    pattern=r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}",
    problem=gettext_lazy("A mobile number of 11 digits, or a landline with its area code"),
)
FORMS = (
    PaperForm(
        key="archive_use",
        title="利用档案申请表",
        fields=(
            *CARD_FIELDS,
            Field(
                "archive",
                gettext_lazy("Which archive"),
                choices=("结婚登记档案", "离婚登记档案", "独生子女证档案", "知青档案", "其他民生档案"),
            ),
            Field(
                "purpose",
                gettext_lazy("What it is used for"),
                choices=("房屋过户公证", "办理社会保险", "补办证件", "其他"),
            ),
            Field(
                "year",
                gettext_lazy("Year of registration"),
                pattern=r"(19|20)\d{2}",
                problem=gettext_lazy("Four digits of a year, such as 1975"),
            ),
            Field("registered_at", gettext_lazy("Place of registration")),
            Field(
                "collect",
                gettext_lazy("How it is collected"),
                choices=("在服务点打印", "到受理中心领取", "居委会代为领取", "快递到家"),
            ),
            Field(
                "copies",
                gettext_lazy("Copies"),
                pattern=r"[1-9]",
                problem=gettext_lazy("A number from 1 to 9"),
            ),
            PHONE,
        ),
        declaration="本人声明所填内容属实，所查档案仅用于上述用途。",
    ),
    PaperForm(
        key="general_application",
        title="业务申请表",
        fields=(
            *CARD_FIELDS,
            Field("address", gettext_lazy("Address"), from_card="address", max_length=120),
            PHONE,
            Field("request", gettext_lazy("What is applied for"), max_length=200),
            Field("remarks", gettext_lazy("Remarks"), required=False, max_length=200),
        ),
        declaration="本人声明所填内容属实。",
    ),
)
ARCHIVE_WORD = "档案"


def get_form(key: str) -> PaperForm:
    """The form by its key.

    Raises:
        LookupError: there is none.
    """
    for form in FORMS:
        if form.key == key:
            return form
    raise LookupError(f"no printable form {key!r}")


def forms_for(item: ServiceItem) -> list[PaperForm]:
    """The forms that fit an item, the most special one first."""
    is_archive = ARCHIVE_WORD in item.name_zh
    return [form for form in FORMS if is_archive or form.key != "archive_use"]


def problems_of(form: PaperForm, values: dict[str, str]) -> dict[str, str]:
    """A sentence for every field that is not right yet."""
    problems = {}
    for field in form.fields:
        value = values.get(field.name, "").strip()
        if not value:
            if field.required:
                problems[field.name] = _("This has to be filled in.")
        elif field.choices and value not in field.choices:
            problems[field.name] = _("Choose one of the list.")
        elif field.pattern and not re.fullmatch(field.pattern, value):
            problems[field.name] = str(field.problem)
        elif len(value) > field.max_length:
            problems[field.name] = _("At most %(count)d characters.") % {"count": field.max_length}
    return problems
