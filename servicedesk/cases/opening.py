"""Opening a case: who may, once a matter and ticket, under a number of its own."""

import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.items.models import ItemEdition, ServiceItem
from portal.base.accounts.models import User
from portal.base.errors import Changed
from servicedesk.cases.errors import AlreadyOpen, NotReady
from servicedesk.cases.locking import note
from servicedesk.cases.models import Case
from servicedesk.queueing.models import Ticket
from servicedesk.queueing.states import AT_COUNTER
from servicedesk.residents.models import Person


@transaction.atomic
def open_case(
    *,
    ticket: Ticket,
    item: ServiceItem,
    clerk: User,
    applicant: Person | None,
    present: Person | None,
    basis: str,
    actor: str,
    reason: str = "",
) -> Case:
    """Open a case for a ticket; the clerk's decision in an unclear proxy question takes a reason.

    Raises:
        NotReady: nobody is identified, nobody is at the counter with this number, or the reason is missing.
        AlreadyOpen: the same matter was opened a moment ago.
    """
    if applicant is None or present is None:
        raise NotReady(_("Nobody is identified yet. Ask the resident to put the card on the reader."))
    if basis not in Case.Basis.values:
        raise ValueError(f"basis {basis!r}")
    edition = items.current_edition(item)
    _check_basis(edition, basis, reason)
    # The ticket's lock makes two presses of the button one after the other.
    ticket = Ticket.objects.select_for_update(of=("self",)).select_related("centre", "point").get(pk=ticket.pk)
    if ticket.state not in AT_COUNTER:
        raise NotReady(_("Nobody is at a counter with this number. Call it first."))
    already = ticket.cases.filter(item=item, closed_at=None).first()
    if already is not None:
        raise AlreadyOpen(_("Case %(number)s is open for this already. Go on with it.") % {"number": already.number})
    now = timezone.now()
    for _attempt in range(5):
        case = Case(
            number=_new_number(ticket),
            item=item,
            edition_id=edition.pk if edition else None,
            notice_id=ticket.notice_id,
            ticket=ticket,
            centre=ticket.centre,
            point=ticket.point,
            clerk=clerk,
            applicant=applicant,
            present=present,
            basis=basis,
            track_code=secrets.token_urlsafe(12),
            opened_at=now,
        )
        try:
            with transaction.atomic():
                case.save(force_insert=True)
            break
        except IntegrityError:
            continue
    else:
        raise Changed(_("The case could not be numbered. Try once more."))
    facts = {"ticket": str(ticket.pk), "item": item.key, "applicant": str(applicant.pk), "basis": basis}
    note(case, "open", actor=actor, new=case.state, facts=facts, text=reason)
    return case


def _check_basis(edition: ItemEdition | None, basis: str, reason: str) -> None:
    """Whether somebody else may stand there; an unknown rule is the clerk's decision, with a reason."""
    if basis == Case.Basis.SELF:
        return
    rule = edition.proxy_rule if edition else ItemEdition.Proxy.UNKNOWN
    if rule == ItemEdition.Proxy.NONE and basis != Case.Basis.DECIDED:
        next_step = edition.proxy_next_step if edition else ""
        raise NotReady(_("Only the person may apply for this.") + (f" {next_step}" if next_step else ""))
    if (basis == Case.Basis.DECIDED or rule == ItemEdition.Proxy.UNKNOWN) and not reason.strip():
        raise NotReady(
            _("It is not known who may come instead. Write the reason of your decision, then open the case.")
        )


def _new_number(ticket: Ticket) -> str:
    """Such as 019-261123-0042: the centre's three digits, the date, and the day's serial; unique by constraint."""
    short = "".join(char for char in ticket.centre.code if char.isdigit())[6:9].rjust(3, "0")
    day = timezone.localdate()
    prefix = f"{short}-{day:%y%m%d}-"
    last = Case.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()
    return f"{prefix}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:04d}"
