"""Giving an item one more word by which residents call it, in every published edition that holds now or later."""

from typing import ClassVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items.models import ItemEdition, ServiceItem
from content.items.services import current_edition, publish_edition
from portal.base.accounts.models import User
from portal.base.errors import DomainError


class NoEdition(DomainError):
    """The item has no edition in force."""

    code: ClassVar[str] = "no_edition"


class ItemLocked(DomainError):
    """Somebody keeps the edition for themselves."""

    code: ClassVar[str] = "locked"
    status: ClassVar[int] = 423


@transaction.atomic
def add_alias(item: ServiceItem, word: str, *, user: User) -> bool:
    """Add a word to the edition in force and to those that come after it, and publish; False when it was there.

    A draft that somebody has begun keeps its changes and gets the word too.

    Raises:
        NoEdition: nothing is published for the item.
        ItemLocked: an edition is locked against this account.
    """
    # One at a time for an item: two words added together must not lose one.
    ServiceItem.objects.select_for_update().get(pk=item.pk)
    current = current_edition(item)
    if current is None:
        raise NoEdition(_("%s has no guide in force. Publish one first, then add the word.") % item.name)
    later = ItemEdition.objects.filter(item=item, live=True, valid_from__gt=timezone.localdate())
    is_new = False
    for edition in [current, *later]:
        if edition.get_lock() and edition.get_lock().for_user(user):
            raise ItemLocked(_("%s is locked by somebody else. Ask them, or try again later.") % item.name)
        is_new |= _add_to(edition, word, user)
    return is_new


def _add_to(edition: ItemEdition, word: str, user: User) -> bool:
    if word in edition.alias_list:
        return False
    draft = edition.get_latest_revision_as_object() if edition.has_unpublished_changes else None
    edition.aliases = "\n".join([*edition.alias_list, word])
    publish_edition(edition, user=user)
    if draft is not None:
        if word not in draft.alias_list:
            draft.aliases = "\n".join([*draft.alias_list, word])
        draft.save_revision(user=user)
    return True


@transaction.atomic
def remove_alias(item: ServiceItem, word: str, *, user: User) -> None:
    """Take a word away again from the editions that hold now or later, and publish."""
    ServiceItem.objects.select_for_update().get(pk=item.pk)
    current = current_edition(item)
    later = ItemEdition.objects.filter(item=item, live=True, valid_from__gt=timezone.localdate())
    for edition in [*([current] if current else []), *later]:
        if word in edition.alias_list:
            edition.aliases = "\n".join(known for known in edition.alias_list if known != word)
            publish_edition(edition, user=user)
