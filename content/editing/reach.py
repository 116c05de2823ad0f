"""How far an editor reaches: which places, and whether the whole district."""

from dataclasses import dataclass

from django.db.models import Q

from portal.base.accounts.models import User
from portal.base.places.models import Place
from portal.base.rights.models import Role, RoleAssignment

DISTRICT_LEVELS = (Place.Level.CITY, Place.Level.DISTRICT)


@dataclass(frozen=True)
class Reach:
    """The places at which an account is an editor, as paths, and whether one of them is the district."""

    paths: tuple[str, ...]
    is_district: bool

    def covers(self, place: Place) -> bool:
        """Whether the place is one of them or below one."""
        return any(place.path.startswith(path) for path in self.paths)

    def bound(self, field: str) -> Q:
        """A filter for rows whose place, named by `field`, is covered; the empty field is the row's own path."""
        lookup = f"{field}__path__startswith" if field else "path__startswith"
        found = Q(pk__in=[])
        for path in self.paths:
            found |= Q(**{lookup: path})
        return found


def reach_of(user: User) -> Reach:
    """The account's reach; kept on the account in memory until its rights change, since a list asks it for every row."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Reach((), False)
    known = getattr(user, "_reach", None)
    if known is not None and known[0] == user.rights_generation:
        return known[1]
    if user.is_superuser:
        reach = Reach(("",), True)
    else:
        held = RoleAssignment.objects.filter(user_id=user.pk, role=Role.EDITOR).values_list(
            "place__path", "place__level"
        )
        reach = Reach(
            tuple(sorted(path for path, _level in held)), any(level in DISTRICT_LEVELS for _path, level in held)
        )
    user._reach = (user.rights_generation, reach)  # type: ignore[attr-defined]
    return reach


def editors(place: Place | None = None) -> list[User]:
    """Active accounts that are editors: anywhere, or such that they reach a place."""
    roles = RoleAssignment.objects.filter(role=Role.EDITOR, user__is_active=True).select_related("user", "place")
    found = {role.user_id: role.user for role in roles if place is None or place.path.startswith(role.place.path)}
    return sorted(found.values(), key=lambda user: user.username)
