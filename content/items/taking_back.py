"""Putting back what was before an import, unless somebody has edited it since."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from content.items import services
from content.items.differences import Change
from content.items.exporting import MODELS, snapshot
from content.items.importing import import_items
from content.items.models import ItemAtPlace, ItemEdition, ServiceItem
from content.items.reading import ItemFile, read_content
from portal.base.accounts.models import User
from portal.base.errors import DomainError

# What other rooms remove before an item can go, such as its guide page.
on_items_removed: list[Callable[[list[ServiceItem], User | None], Any]] = []
SHARED = ("lines", "shared_materials", "situations", "life_events")


class NotTakenBack(DomainError):
    """Something was edited after the import; nothing was taken back."""

    code: ClassVar[str] = "edited_since"

    def __init__(self, names: list[str]) -> None:
        self.names = names
        shown = _("; ").join(names[:10])
        more = _(" and %(count)s more") % {"count": len(names) - 10} if len(names) > 10 else ""
        sentence = _("Nothing was taken back: edited since the import: %(names)s. Take these back by hand first.")
        super().__init__(sentence % {"names": shown + more})


@transaction.atomic
def take_back(changes: list[Change], *, user: User | None = None) -> list[str]:
    """Restore what was changed and remove what was added; returns the names of what had to stay, because it is in use.

    Raises:
        NotTakenBack: what is stored is no longer what the import wrote; the names are in the message.
    """
    now = snapshot()
    edited = [change.label for change in changes if now.get(change.identity) != change.after]
    if edited:
        raise NotTakenBack(list(dict.fromkeys(edited)))
    with services.gathered_changes():
        _restore([change for change in changes if change.before is not None], user)
        stayed = _remove([change for change in changes if change.before is None], user)
        services.content_changed()
    return stayed


def _restore(changes: list[Change], user: User | None) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(dict(change.before or {}))
    identities = {row["key"]: row for row in by_kind.get("items", [])}
    for place in by_kind.get("places", []):
        key = place.pop("key")
        identities.setdefault(key, {"key": key}).setdefault("places", []).append(place)
    content = {"items": [*identities.values(), *by_kind.get("editions", [])]}
    content |= {kind: by_kind[kind] for kind in SHARED if kind in by_kind}
    read = ItemFile()
    read_content(content, read)
    import_items(read, user=user, is_exact=True)


def _remove(changes: list[Change], user: User | None) -> list[str]:
    """Remove what the import added, dependants first; what is in use by others stays and is named."""
    stayed = []
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change)
    for change in by_kind.get("places", []):
        key, place = change.key.split()
        ItemAtPlace.objects.filter(item__key=key, place__code=place).delete()
    for change in by_kind.get("editions", []):
        key, day = change.key.split()
        ItemEdition.objects.filter(item__key=key, valid_from=day).delete()
    for change in by_kind.get("items", []):
        item = ServiceItem.objects.get(key=change.key)
        if not _removed(item, user):
            item.is_active = False
            item.save(update_fields=["is_active", "changed_at"])
            stayed.append(change.label)
    for kind in reversed(SHARED):
        for change in by_kind.get(kind, []):
            row = MODELS[kind].objects.filter(**{"code" if kind == "lines" else "key": change.key}).first()
            if row is not None and not _deleted(row):
                stayed.append(change.label)
    return stayed


def _removed(item: ServiceItem, user: User | None) -> bool:
    """Whether the item could go, with what presents it; not when somebody has a number or a case for it."""
    try:
        with transaction.atomic():
            for remove in on_items_removed:
                remove([item], user)
            item.delete()
    except models.ProtectedError:
        return False
    return True


def _deleted(row: models.Model) -> bool:
    try:
        with transaction.atomic():
            row.delete()
    except models.ProtectedError:
        return False
    return True
