"""How long residents' data are kept."""

from datetime import datetime

from portal.base.clock.services import kept, retention
from servicedesk.residents import services
from servicedesk.residents.models import Person

UNDER_WAY = ("open", "accepted", "processing", "supplementing")


kept("residents.PrivacyNotice", because="what people were told must stay readable")


@retention("person", default_days=3650, of=("residents.Person", "residents.PersonKey", "residents.Certificate"))
def forget_persons(before: datetime) -> int:
    """Erase persons who have not been seen since, unless a ticket or case of theirs is younger."""
    old = Person.objects.filter(erased_at=None, last_seen_at__lt=before)
    old = old.exclude(tickets__issued_at__gte=before).exclude(cases__opened_at__gte=before)
    # A case that is still under way keeps its applicant, however old it is.
    old = old.exclude(cases__state__in=UNDER_WAY)
    erased = 0
    for person in old.iterator():
        services.erase(person, actor="clock", reason="retention")
        erased += 1
    return erased


@retention("consent", default_days=3650, of=("residents.Consent",))
def forget_consents(before: datetime) -> int:
    return services.forget_consents(before)
