"""The one home of the question: may this account do this at this place?"""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from portal.base.journal import services as journal
from portal.base.places.models import Place
from portal.base.rights.models import Role, RoleAssignment

DESK_ROLES = (Role.CLERK, Role.DUTY_SUPERVISOR)


def reaches(user: User, roles: tuple[str, ...], place: Place) -> bool:
    """Whether the account holds one of the roles at the place or above it."""
    if not user.is_authenticated or not user.is_active:
        return False
    # The path is read anew: a place added meanwhile moves its neighbours, and a path in memory could be another's.
    path = Place.objects.filter(pk=place.pk).values_list("path", flat=True).first() or ""
    paths = [path[:end] for end in range(Place.steplen, len(path) + 1, Place.steplen)]
    return RoleAssignment.objects.filter(user=user, role__in=roles, place__path__in=paths).exists()


def require(user: User, roles: tuple[str, ...], place: Place) -> None:
    """Refuse unless the account reaches the place in one of the roles.

    Raises:
        PermissionDenied: it does not; the message says whom to ask.
    """
    if not reaches(user, roles, place):
        raise PermissionDenied(_("Your role does not reach this place. Ask the centre's manager."))


def places_for(user: User, roles: tuple[str, ...]) -> QuerySet[Place]:
    """All places that the account reaches in one of the roles."""
    paths = RoleAssignment.objects.filter(user_id=user.pk, role__in=roles).values_list("place__path", flat=True)
    bound = Q(pk__in=[])
    for path in paths:
        bound |= Q(path__startswith=path)
    return Place.objects.filter(bound)


def has_role(user: User, roles: tuple[str, ...]) -> bool:
    """Whether the account holds one of the roles anywhere."""
    return bool(user.is_authenticated) and RoleAssignment.objects.filter(user_id=user.pk, role__in=roles).exists()


# What else must follow when an account's roles change, e.g. its groups in the CMS.
on_roles_changed: list[Callable[[User], None]] = []


@transaction.atomic
def grant(user: User, role: str, place: Place, *, by: str = "setup") -> RoleAssignment:
    """Give an account a role at a place; repeating it is harmless.

    Raises:
        ValueError: there is no such role.
    """
    assignment, created = RoleAssignment.objects.get_or_create(user=user, role=Role(role), place=place)
    if created:
        _changed(user, place, action="grant", new=role, by=by)
    return assignment


@transaction.atomic
def revoke(user: User, role: str, place: Place, *, by: str = "setup") -> None:
    """Take a role at a place away; repeating it is harmless."""
    deleted, _rows = RoleAssignment.objects.filter(user=user, role=role, place=place).delete()
    if deleted:
        _changed(user, place, action="revoke", old=role, by=by)


def _changed(user: User, place: Place, *, action: str, by: str, old: str = "", new: str = "") -> None:
    # The lock keeps the account's chain in one order; live screens look at the generation.
    User.objects.select_for_update().get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(rights_generation=F("rights_generation") + 1)
    user.refresh_from_db(fields=["rights_generation"])
    journal.append(("account", user.pk), action=action, actor=by, place=place, old=old, new=new)
    for follow in on_roles_changed:
        follow(user)
