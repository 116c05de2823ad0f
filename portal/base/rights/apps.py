from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "portal.base.rights"
    label = "rights"
    verbose_name = "Rights"

    def ready(self) -> None:
        from portal.base.rights import cms, services

        services.on_roles_changed.append(cms.follow_roles)
