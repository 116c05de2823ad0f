"""What the clock does for the journal: each day is sealed, and free texts are erased when their time is over."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from portal.base.journal import seals, services

kept("journal.JournalEntry", "journal.JournalSeal", because="append-only; holds references, never personal data")


@periodic(every_s=900, name="journal.seal_days")
def seal_days() -> None:
    seals.seal_past_days()


@retention("journal_text", default_days=1095, of=("journal.JournalText",))
def forget(before: datetime) -> int:
    return services.erase_texts(before)
