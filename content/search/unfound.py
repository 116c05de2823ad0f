"""What found nothing: counting it without keeping anything of a person, and what editors make of it."""

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from content.items import aliases
from content.items.models import ServiceItem
from content.search import tokens
from content.search.models import MAX_TEXT, UnfoundQuery
from portal.base.accounts.models import User
from portal.base.keyring import services as keyring

# So many different addresses or days until the words can be read.
WITNESSES = 3
# Rows that wait for their witnesses at most: somebody who types noise must not fill the table.
MAX_WAITING = 5_000
_NOISE = re.compile(r"[\W_]+")
_LONG_NUMBER = re.compile(r"\d{6,}")


def normalised(query: str) -> str:
    """The query as it is counted; empty when it may hold something of a person and is therefore not counted at all.

    Left out are long texts (a sentence tells a story), anything with six digits in a row, separators aside (numbers of
    cards, telephones, cases), addresses of mail, and single characters.
    """
    if "@" in query:
        return ""
    text = _NOISE.sub("", tokens.plain(query))
    if not 2 <= len(text) <= MAX_TEXT or _LONG_NUMBER.search(text):
        return ""
    return text


def note_unfound(query: str, *, address: str) -> None:
    """Count a query that found nothing; the words become readable with the third address or day."""
    text = normalised(query)
    if not text:
        return
    today = timezone.localdate()
    fingerprint = keyring.blind_index(f"unfound:{text}")
    witness = keyring.blind_index(f"unfound:{fingerprint}:{today}:{address}")[:16]
    with transaction.atomic():
        row = UnfoundQuery.objects.select_for_update().filter(fingerprint=fingerprint).first()
        if row is None:
            if UnfoundQuery.objects.filter(text="").count() >= MAX_WAITING:
                return
            try:
                with transaction.atomic():
                    row = UnfoundQuery.objects.create(fingerprint=fingerprint, last_day=today)
            except IntegrityError:
                row = UnfoundQuery.objects.select_for_update().get(fingerprint=fingerprint)
        row.count += 1
        row.last_day = today
        if not row.text:
            row.witnesses = [*row.witnesses, witness] if witness not in row.witnesses else row.witnesses
            if len(row.witnesses) >= WITNESSES:
                row.text, row.witnesses = text, []
        row.save(update_fields=["count", "last_day", "text", "witnesses"])


def listed(*, dismissed: bool = False) -> QuerySet[UnfoundQuery]:
    """What editors see, the most frequent first."""
    return UnfoundQuery.objects.exclude(text="").filter(is_dismissed=dismissed)


def make_alias(row: UnfoundQuery, item: ServiceItem, *, user: User) -> bool:
    """Give the words to an item, published at once; False when the item had them already.

    Raises:
        ItemLocked: somebody has locked the item's edition.
        NoEdition: the item has no edition in force.
    """
    with transaction.atomic():
        is_new = aliases.add_alias(item, row.text, user=user)
        # Put aside and not deleted, so that it can be taken back; retention erases it.
        dismiss(row)
    return is_new


def take_back(row: UnfoundQuery, item: ServiceItem, *, user: User) -> None:
    """Undo `make_alias`: the item loses the words, the list has them again."""
    with transaction.atomic():
        aliases.remove_alias(item, row.text, user=user)
        dismiss(row, dismissed=False)


def dismiss(row: UnfoundQuery, *, dismissed: bool = True) -> None:
    """Put the words aside, or back into the list."""
    row.is_dismissed = dismissed
    row.save(update_fields=["is_dismissed"])


def forget(before: datetime) -> int:
    """Erase what was last looked for before that time; returns how many rows."""
    count, _by_model = UnfoundQuery.objects.filter(last_day__lt=timezone.localtime(before).date()).delete()
    return count
