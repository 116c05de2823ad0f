from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "content.items"
    label = "items"
    verbose_name = "Items"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save, pre_delete
        from wagtail.signals import page_published, page_unpublished, published, unpublished

        from content.items import models, receivers, usage

        for signal in (published, unpublished):
            signal.connect(receivers.published_or_not, dispatch_uid="items.published_or_not")
        for signal in (page_published, page_unpublished):
            signal.connect(receivers.page_changed, dispatch_uid="items.page_changed")
        for model in (models.ServiceItem, models.Situation, models.LifeEvent, models.ItemAtPlace, models.Line):
            for signal in (post_save, post_delete):
                signal.connect(receivers.saved_or_deleted, sender=model, dispatch_uid=f"items.changed.{model.__name__}")
        for model in (models.Material, models.Situation):
            pre_delete.connect(usage.refuse_while_used, sender=model, dispatch_uid=f"items.used.{model.__name__}")
