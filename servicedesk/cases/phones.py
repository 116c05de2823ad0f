"""The telephone for messages about a case: kept sealed, shown masked, told only that something moved."""

import re
import unicodedata

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from content.items import services as items
from portal.base.outbox import services as outbox
from servicedesk.cases import paperforms
from servicedesk.cases.errors import BadPhone
from servicedesk.cases.locking import lock, note
from servicedesk.cases.models import Case
from servicedesk.residents import services as residents


@transaction.atomic
def set_phone(case: Case, *, phone: str, actor: str) -> Case:
    """Keep a telephone number for messages about the case, or forget it; a phone is never required.

    Raises:
        BadPhone: it is no telephone number.
    """
    phone = unicodedata.normalize("NFKC", phone).strip().replace(" ", "")
    if phone and not re.fullmatch(paperforms.PHONE.pattern, phone):
        raise BadPhone(str(paperforms.PHONE.problem))
    case = lock(case)
    case.phone_sealed = None
    if phone:
        case.phone_sealed = residents.seal_for(case.applicant, phone.encode(), aad=f"cases.case.phone:{case.pk}")
    case.save(update_fields=["phone_sealed"])
    note(case, "phone", actor=actor)
    return case


def phone_of(case: Case) -> str:
    """The telephone for messages, opened; empty when none is kept.

    Raises:
        Erased: the applicant's data are gone.
    """
    if case.phone_sealed is None:
        return ""
    return residents.open_for(case.applicant, case.phone_sealed, aad=f"cases.case.phone:{case.pk}").decode()


def masked_phone(case: Case) -> str:
    """The telephone for messages as screens show it; empty when none is kept, or the person was erased."""
    phone = phone_of(case) if case.applicant.erased_at is None else ""
    return f"{phone[:3]}****{phone[-4:]}" if phone else ""


def tell_by_message(case: Case) -> None:
    """A message that says only that something moved: whoever reads the phone along learns nothing."""
    phone = phone_of(case)
    if not phone:
        return
    # Whatever language the clerk works in, the message is in the place's own.
    with translation.override(settings.LANGUAGE_CODE):
        if items.is_bereavement(case.item):
            text = _("Your application has moved on.")
        else:
            text = _("Your application has moved on. Look it up at any service point or by the code on your paper.")
    outbox.put(
        "sms",
        f"case:{case.pk}",
        {"case": str(case.pk)},
        personal={"phone": phone, "text": text},
    )
