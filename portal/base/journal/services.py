"""Appending to the journal and checking its chains."""

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.base.journal.models import JournalEntry, JournalText
from portal.base.keyring import services as keyring
from portal.base.places.models import Place


def _digest(entry: JournalEntry) -> str:
    """SHA-256 over the entry's canonical JSON and the hash before it."""
    body = {
        "id": str(entry.id),
        "subject": [entry.subject_type, entry.subject_id, entry.position],
        "at": entry.at.astimezone(timezone.get_fixed_timezone(0)).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "place": entry.place_id,
        "action": entry.action,
        "change": [entry.old, entry.new, entry.reason],
        "facts": entry.facts,
        "previous": entry.previous_hash,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def append(
    subject: tuple[str, Any],
    *,
    action: str,
    actor: str,
    place: Place | None = None,
    old: str = "",
    new: str = "",
    reason: str = "",
    facts: dict[str, Any] | None = None,
    text: str = "",
    at: datetime | None = None,
) -> JournalEntry:
    """Append one entry to the subject's chain, inside the caller's transaction.

    The caller holds a lock on the subject's row; the unique (subject, position) refuses a lost race all the same.
    `text` is free text: it is sealed apart and chained by its salted hash.
    """
    assert transaction.get_connection().in_atomic_block, "a journal entry belongs in its effect's transaction"
    subject_type, subject_id = subject[0], str(subject[1])
    last = (
        JournalEntry.objects.filter(subject_type=subject_type, subject_id=subject_id)
        .order_by("-position")
        .only("position", "hash")
        .first()
    )
    salt = secrets.token_hex(16) if text else ""
    all_facts = dict(facts or {})
    if text:
        all_facts["text_sha256"] = hashlib.sha256((salt + text).encode()).hexdigest()
    entry = JournalEntry(
        subject_type=subject_type,
        subject_id=subject_id,
        position=last.position + 1 if last else 1,
        at=at or timezone.now(),
        actor=actor,
        place=place,
        action=action,
        old=old,
        new=new,
        reason=reason,
        facts=all_facts,
        previous_hash=last.hash if last else "",
    )
    entry.hash = _digest(entry)
    entry.save(force_insert=True)
    if text:
        sealed = keyring.seal("field", text.encode(), aad=f"journal.text:{entry.id}".encode())
        JournalText.objects.create(entry=entry, salt=salt, sealed=sealed)
    return entry


def entries_for(subject: tuple[str, Any]) -> list[JournalEntry]:
    """The subject's entries in order."""
    return list(JournalEntry.objects.filter(subject_type=subject[0], subject_id=str(subject[1])).order_by("position"))


def chain_faults(subject: tuple[str, Any]) -> list[str]:
    """What is wrong with a subject's chain; an empty list when it holds."""
    return faults_of(entries_for(subject))


def faults_of(entries: list[JournalEntry]) -> list[str]:
    """The same for entries in hand."""
    faults, before = [], ""
    for expected, entry in enumerate(entries, start=1):
        if entry.position != expected:
            faults.append(f"entry {expected} is missing")
        if entry.previous_hash != before:
            faults.append(f"entry {entry.position} does not follow the one before it")
        if entry.hash != _digest(entry):
            faults.append(f"entry {entry.position} was changed")
        before = entry.hash
    return faults


def export(entry: JournalEntry) -> dict[str, Any]:
    """The entry as plain JSON values, for the dossier."""
    return {
        "id": str(entry.id), "subject": [entry.subject_type, entry.subject_id, entry.position],
        "at": entry.at.astimezone(timezone.get_fixed_timezone(0)).isoformat(timespec="microseconds"),
        "actor": entry.actor, "place": entry.place_id, "action": entry.action,
        "change": [entry.old, entry.new, entry.reason], "facts": entry.facts,
        "previous": entry.previous_hash, "hash": entry.hash,
    }  # fmt: skip


@transaction.atomic
def erase_text(entry: JournalEntry) -> bool:
    """Destroy an entry's free text; the chain holds its salted hash and stays whole. False when there was none."""
    erased = JournalText.objects.filter(entry=entry, sealed__isnull=False).update(sealed=None, erased_at=timezone.now())
    return bool(erased)


def text_of(entry: JournalEntry) -> str | None:
    """The entry's free text; None when it has none or it was erased."""
    text = JournalText.objects.filter(entry=entry, sealed__isnull=False).first()
    if text is None or text.sealed is None:
        return None
    return keyring.open_sealed(text.sealed, aad=f"journal.text:{entry.id}".encode()).decode()


def erase_texts(before: datetime) -> int:
    """Destroy the free texts of entries made before that time; their number."""
    return JournalText.objects.filter(entry__at__lt=before, sealed__isnull=False).update(
        sealed=None, erased_at=timezone.now()
    )
