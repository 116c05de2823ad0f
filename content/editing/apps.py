from django.apps import AppConfig


class EditingConfig(AppConfig):
    name = "content.editing"
    label = "editing"
    verbose_name = "Editing"

    def ready(self) -> None:
        from wagtail.permissions import register_permission_policy

        from content.editing import groups
        from content.editing.policies import PlacePolicy
        from content.items.models import ItemAtPlace
        from portal.base.places.models import Place
        from portal.base.rights import services as rights

        # Places come from the district's set-up and are never deleted; editors keep what is told about them.
        register_permission_policy(Place, PlacePolicy(Place, "", actions=frozenset({"view", "change"})))
        register_permission_policy(ItemAtPlace, PlacePolicy(ItemAtPlace))
        rights.on_roles_changed.append(groups.follow_roles)
