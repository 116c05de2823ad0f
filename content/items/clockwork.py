"""What the clock does for items: an edition that holds from today gives its item the new name."""

from content.items import services
from portal.base.clock.services import kept, periodic

kept(
    "items", "guides", "content_images", "content_documents",
    because="published content; earlier editions say what held at the time",
)  # fmt: skip


@periodic(every_s=60, name="items.refresh_names")
def refresh_names() -> None:
    services.refresh_names()
