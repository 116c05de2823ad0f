"""Daily seals over the journal: what each place's rows of a day came to, chained, and sent out through the outbox.

Triggers keep rows as they are against everybody but the database's owner. Against the owner stands what has left the
machine: `verify_journal --seals FILE` holds the rows against the seals that another system has received.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.base.journal import services
from portal.base.journal.models import JournalEntry, JournalSeal
from portal.base.outbox import services as outbox

# A transaction that began before midnight may commit a little after it.
SEAL_AFTER = timedelta(hours=1)


def _bounds(day: date) -> tuple[datetime, datetime]:
    """Where the local day begins and ends."""
    return tuple(timezone.make_aware(datetime.combine(day + timedelta(days=n), time.min)) for n in (0, 1))  # type: ignore[return-value]


def _sums(day: date) -> dict[str, tuple[int, str]]:
    """Number and digest of the day's rows by the place's code."""
    begins, ends = _bounds(day)
    digests: dict[str, Any] = {}
    counts: dict[str, int] = {}
    rows = JournalEntry.objects.filter(at__gte=begins, at__lt=ends).order_by("pk")
    for pk, row_hash, code in rows.values_list("pk", "hash", "place__code").iterator():
        scope = code or ""
        digests.setdefault(scope, hashlib.sha256()).update(f"{pk} {row_hash}\n".encode())
        counts[scope] = counts.get(scope, 0) + 1
    return {scope: (counts[scope], digest.hexdigest()) for scope, digest in digests.items()}


def body_of(seal: JournalSeal) -> dict[str, Any]:
    """What leaves the machine: counts and hashes, nothing of the rows themselves."""
    return {
        "scope": seal.scope, "day": seal.day.isoformat(), "rows": seal.rows, "digest": seal.digest,
        "previous": seal.previous_hash, "hash": seal.hash,
    }  # fmt: skip


def _hash_of(body: dict[str, Any]) -> str:
    hashed = {name: value for name, value in body.items() if name != "hash"}
    return hashlib.sha256(json.dumps(hashed, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def seal_past_days(*, now: datetime | None = None) -> int:
    """Seal every day that is over and not sealed yet, the oldest first; the number of seals."""
    now = now or timezone.now()
    newest = JournalSeal.objects.order_by("-day").values_list("day", flat=True).first()
    oldest_row = JournalEntry.objects.order_by("at").values_list("at", flat=True).first()
    if oldest_row is None:
        return 0
    # The newest day again: a clock that was killed may have sealed half of its places.
    day, made = newest or timezone.localdate(oldest_row), 0
    while _bounds(day)[1] + SEAL_AFTER <= now:
        made += _seal_day(day, now)
        day += timedelta(days=1)
    return made


def _seal_day(day: date, now: datetime) -> int:
    sealed = set(JournalSeal.objects.filter(day=day).values_list("scope", flat=True))
    made = 0
    for scope, (rows, digest) in sorted(_sums(day).items()):
        if scope in sealed:
            continue
        before = JournalSeal.objects.filter(scope=scope, day__lt=day).order_by("-day").first()
        seal = JournalSeal(
            scope=scope, day=day, rows=rows, digest=digest, previous_hash=before.hash if before else "", sealed_at=now
        )
        seal.hash = _hash_of(body_of(seal))
        with transaction.atomic():
            seal.save(force_insert=True)
            outbox.put(
                "seal",
                f"journal:{scope or '-'}",
                body_of(seal),
                idempotency_key=f"seal:{scope or '-'}:{day}",
            )
        made += 1
    return made


# --- checking -----------------------------------------------------------------------------------------------------


def faults(received: Iterable[dict[str, Any]] = ()) -> list[str]:
    """What is wrong: changed rows, broken chains, days unlike their seals, seals unlike those received.

    :param received: bodies of seals as another system has kept them.
    """
    return [*_row_faults(), *_seal_faults(), *_received_faults(received)]


def _row_faults() -> Iterator[str]:
    rows = JournalEntry.objects.order_by("subject_type", "subject_id", "position").iterator()
    for (kind, subject), entries in groupby(rows, key=lambda entry: (entry.subject_type, entry.subject_id)):
        yield from (f"{kind} {subject}: {fault}" for fault in services.faults_of(list(entries)))


def _seal_faults() -> Iterator[str]:
    newest = None
    for day, seals in groupby(JournalSeal.objects.order_by("day", "scope"), key=lambda seal: seal.day):
        newest, sums = day, _sums(day)
        for seal in seals:
            name = f"{day} at {seal.scope or 'no place'}"
            rows, digest = sums.pop(seal.scope, (0, hashlib.sha256().hexdigest()))
            if _hash_of(body_of(seal)) != seal.hash:
                yield f"{name}: the seal itself was changed"
            if rows != seal.rows:
                yield f"{name}: {seal.rows} rows were sealed, and {rows} are there"
            elif digest != seal.digest:
                yield f"{name}: rows were changed after the seal"
        yield from (f"{day} at {scope or 'no place'}: rows have no seal" for scope in sums)
    before: dict[str, str] = {}
    for seal in JournalSeal.objects.order_by("scope", "day"):
        if seal.previous_hash != before.get(seal.scope, ""):
            yield f"{seal.day} at {seal.scope or 'no place'}: does not follow the seal before it"
        before[seal.scope] = seal.hash
    if newest:
        yield from _days_without_seal(newest)


def _days_without_seal(newest: date) -> Iterator[str]:
    sealed = set(JournalSeal.objects.values_list("day", flat=True))
    moments = JournalEntry.objects.filter(at__lt=_bounds(newest)[0]).values_list("at", flat=True)
    days = {timezone.localdate(at) for at in moments.iterator()}
    yield from (f"{day}: rows of that day have no seal" for day in sorted(days - sealed))


def _received_faults(received: Iterable[dict[str, Any]]) -> Iterator[str]:
    for body in received:
        name = f"{body['day']} at {body['scope'] or 'no place'}"
        seal = JournalSeal.objects.filter(scope=body["scope"], day=body["day"]).first()
        if seal is None:
            yield f"{name}: the seal that was received is not here any more"
        elif body_of(seal) != body:
            yield f"{name}: the seal here is not the one that was received"
