from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "content.items"
    label = "items"
    verbose_name = "Items"

    def ready(self) -> None:
        from wagtail.signals import page_published, page_unpublished, published, unpublished

        from content.items import receivers

        for signal in (published, unpublished):
            signal.connect(receivers.edition_changed, dispatch_uid="items.edition_changed")
        for signal in (page_published, page_unpublished):
            signal.connect(receivers.page_changed, dispatch_uid="items.page_changed")
