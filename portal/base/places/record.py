"""What was changed of a place, in the journal: its address, position, hours and the rest, old and new, by whom and why.

A change is `{field: [old, new]}`; the fields are those of `Place`, `parent` (codes), and two that are lists of rows:
`hours` ([weekday, opens, closes, nth, on_holidays]) and `exceptions` ([date, opens, closes, reason]), times as ISO text.
All of it is public and says nothing of a person, so that the entry may hold it. A change of status is not here:
`PlaceStatusChange` is its history.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.base.journal import services as journal
from portal.base.journal.models import JournalEntry
from portal.base.places.models import Place

Changes = dict[str, list[Any]]
SUBJECT = "place"
ADDED, CHANGED = "add", "change"


@dataclass(frozen=True)
class PlaceChange:
    """One entry of a place's record, for showing."""

    at: datetime
    by: str
    is_new: bool
    changes: Changes
    reason: str


def note(place: Place, changes: Changes, *, by: str, reason: str = "", action: str = CHANGED) -> None:
    """Write a change into the journal, in the writer's transaction; the writer holds the place's lock."""
    journal.append(
        (SUBJECT, place.pk), action=action, actor=by, place=place, facts={"changes": changes}, text=reason.strip()
    )


def latest_changes(place: Place, limit: int = 50) -> list[PlaceChange]:
    """What was changed of a place, newest first."""
    entries = JournalEntry.objects.filter(subject_type=SUBJECT, subject_id=str(place.pk)).order_by("-position")
    return [
        PlaceChange(
            at=entry.at,
            by=entry.actor,
            is_new=entry.action == ADDED,
            changes=entry.facts["changes"],
            reason=(journal.text_of(entry) or "") if "text_sha256" in entry.facts else "",
        )
        for entry in entries[:limit]
    ]
