"""Who may do what at the desk: the counter where a clerk sits, and the cases that their place reaches."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.places.models import Counter
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.cases.models import Case

CASE_READERS = (Role.CLERK, Role.DUTY_SUPERVISOR, Role.CENTRE_MANAGER)


def counter_of(user: User) -> Counter | None:
    """The counter where the account sits, if its role still reaches the centre."""
    counter = Counter.objects.select_related("centre").filter(clerk_id=user.pk, is_active=True).first()
    if counter is None or not rights.reaches(user, rights.DESK_ROLES, counter.centre):
        return None
    return counter


def require_desk(user: User) -> None:
    """Refuse whoever is no clerk and no duty supervisor anywhere."""
    if not rights.has_role(user, rights.DESK_ROLES):
        raise PermissionDenied(_("The desk is for clerks. Ask the centre's manager for the role."))


def require_reader(user: User) -> None:
    """Refuse whoever may read no case anywhere."""
    if not rights.has_role(user, CASE_READERS):
        raise PermissionDenied(_("Cases are for the staff of the centre. Ask its manager for the role."))


def free_counters(user: User) -> list[Counter]:
    """The counters of the places that the account reaches, with who sits there."""
    centres = rights.places_for(user, rights.DESK_ROLES)
    counters = Counter.objects.filter(centre__in=centres, is_active=True)
    return list(counters.select_related("centre", "clerk").order_by("centre__path", "number"))


def require_case(user: User, case: Case) -> None:
    """Refuse unless the account reaches the case's centre."""
    rights.require(user, CASE_READERS, case.centre)
