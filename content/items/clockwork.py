"""What the clock does for items: names that hold from today, and the order of lists by what is asked for."""

from datetime import datetime

from content.items import import_runs, services
from portal.base.clock.services import kept, periodic, retention

kept(
    "items", "guides", "content_images", "content_documents",
    because="published content; earlier editions say what held at the time",
)  # fmt: skip


@periodic(every_s=60, name="items.refresh_names")
def refresh_names() -> None:
    services.refresh_names()


@periodic(every_s=6 * 3600, name="items.fold_demand")
def fold_demand() -> None:
    if services.fold_demand():
        services.content_changed()


@retention("item_demand", default_days=400, of=("items.ItemDemand",))
def forget_demand(before: datetime) -> int:
    return services.forget_demand(before)


@periodic(every_s=3600, name="items.forget_unconfirmed_imports")
def forget_unconfirmed_imports() -> None:
    import_runs.forget_unconfirmed()


@retention("item_import", default_days=365, of=("items.ImportRun",))
def forget_imports(before: datetime) -> int:
    return import_runs.forget_runs(before)
