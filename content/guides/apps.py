from django.apps import AppConfig


class GuidesConfig(AppConfig):
    name = "content.guides"
    label = "guides"
    verbose_name = "Guides"

    def ready(self) -> None:
        from content.guides import receivers
        from content.guides.services import publish_guides, remove_guides
        from content.items.importing import on_items_written
        from content.items.taking_back import on_items_removed

        receivers.connect()
        on_items_written.append(publish_guides)
        on_items_removed.append(remove_guides)
