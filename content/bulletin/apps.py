from django.apps import AppConfig


class BulletinConfig(AppConfig):
    name = "content.bulletin"
    label = "bulletin"
    verbose_name = "Bulletin"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save
        from wagtail.permissions import register_permission_policy

        from content.bulletin import models, receivers
        from content.editing.policies import PlacePolicy

        register_permission_policy(models.Announcement, PlacePolicy(models.Announcement))
        answering = frozenset({"view", "change"})
        register_permission_policy(models.PolicyQuestion, PlacePolicy(models.PolicyQuestion, actions=answering))
        register_permission_policy(models.Suggestion, PlacePolicy(models.Suggestion, actions=answering))
        for model in (models.Announcement, models.PolicyQuestion):
            for signal in (post_save, post_delete):
                signal.connect(receivers.bulletin_changed, sender=model, dispatch_uid=f"{model.__name__}.{id(signal)}")
