"""Who may do what with a row that belongs to a place: the editors who reach that place, and nobody else.

Rows of the district (items, editions, materials) have Wagtail's usual policy: the permissions of the district's group.
"""

from typing import Any

from django.db.models import Model, QuerySet
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import policy_registry

from content.editing.reach import reach_of
from portal.base.accounts.models import User
from portal.base.rights.models import Role


def may_publish(user: User, model: type[Model]) -> bool:
    """Whether an account may put rows of the district before everybody, or take them down, without being approved."""
    return policy_registry.get_by_type(model).user_has_permission(user, "publish")


class PlacePolicy(BasePermissionPolicy):
    """Editors of a place may do everything with the rows of that place and of those below it.

    :param field: the name of the foreign key to the place; empty when the row is a place itself.
    :param actions: what may be done at all, e.g. without "add" and "delete" where rows come from elsewhere.
    """

    def __init__(self, model: Any, field: str = "place", *, actions: frozenset[str] | None = None) -> None:
        super().__init__(model)
        self.field = field
        self.actions = actions

    def _allows(self, action: str) -> bool:
        return self.actions is None or action in self.actions

    def user_has_permission(self, user: User, action: str) -> bool:
        return self._allows(action) and bool(reach_of(user).paths)

    def user_has_permission_for_instance(self, user: User, action: str, instance: Model) -> bool:
        if not self._allows(action):
            return False
        reach = reach_of(user)
        place: Any = getattr(instance, self.field, None) if self.field else instance
        # A new row has no place yet: the form offers only those that the editor reaches.
        return bool(reach.paths) if place is None or instance.pk is None else reach.covers(place)

    def instances_user_has_any_permission_for(self, user: User, actions: Any) -> QuerySet:
        rows = self.model._default_manager.all()
        if not any(self._allows(action) for action in actions):
            return rows.none()
        return rows.filter(reach_of(user).bound(self.field))

    def users_with_any_permission(self, actions: Any) -> QuerySet:
        if not any(self._allows(action) for action in actions):
            return User.objects.none()
        return User.objects.filter(is_active=True, role_assignments__role=Role.EDITOR).distinct()

    def users_with_any_permission_for_instance(self, actions: Any, instance: Model) -> QuerySet:
        users = self.users_with_any_permission(actions)
        reaching = [user.pk for user in users if self.user_has_any_permission_for_instance(user, actions, instance)]
        return users.filter(pk__in=reaching)
