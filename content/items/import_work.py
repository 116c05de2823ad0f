"""The work of an import: a file read, tried, written and kept as a run; at once from a command line, else in a task."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items.cells import Fault
from content.items.differences import Change, compare
from content.items.exporting import snapshot
from content.items.import_states import MOVES, ImportState
from content.items.importing import ImportRefused, ImportReport, Progress, import_items, trial
from content.items.models import ImportRun
from content.items.reading import ItemFile, read_bytes, read_file
from portal.base.accounts.models import User
from portal.base.transitions import move

log = logging.getLogger("linban.items.imports")
SUBJECT = "items.import"
PROGRESS_KEPT_S = 3600


@dataclass
class Outcome:
    """What an import did or would do."""

    counts: dict[str, int]
    warnings: list[Fault]
    changes: list[Change] = field(default_factory=list)
    run: ImportRun | None = None


def import_file(
    path: Path, *, is_trial: bool = False, user: User | None = None, progress: Progress | None = None
) -> Outcome:
    """Import a file at once, from the command line; what was written is kept as a run that can be taken back.

    Raises:
        ImportRefused: nothing was written.
    """
    read = read_file(path)
    if is_trial:
        return _tried(read, user=user, progress=progress)
    with transaction.atomic():
        report, changes = _written(read, user=user, progress=progress)
        run = None
        if changes:
            now = timezone.now()
            run = ImportRun.objects.create(state=ImportState.WRITING, file_name=path.name[:200], by=user)
            _finish(run, report, changes, at=now, actor=actor_of(user))
    return Outcome(_counts(report), report.warnings, changes, run)


def check(run_id: str) -> None:
    """Read the file, try the import, and keep what differs and every fault; nothing is written."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state != ImportState.WAITING:
        return
    try:
        outcome = _tried(read_bytes(run.file_name, bytes(run.content)), user=run.by, progress=_remembered(run))
    except ImportRefused as refused:
        _refuse(run, refused.faults)
        return
    except Exception:
        _refuse(run, [_broken()])
        raise
    changes = {"counts": outcome.counts, "faults": _as_json(outcome.warnings)}
    changes["changes"] = [change.as_json() for change in outcome.changes]
    move(run, "check", table=MOVES, subject=SUBJECT, actor=actor_of(run.by), changes=changes)


def write(run_id: str) -> None:
    """Write a confirmed import; what changed since it was checked counts as it is now."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state != ImportState.WRITING:
        return
    try:
        with transaction.atomic():
            read = read_bytes(run.file_name, bytes(run.content))
            report, changes = _written(read, user=run.by, progress=_remembered(run))
            _finish(run, report, changes, at=timezone.now(), actor=actor_of(run.by))
    except ImportRefused as refused:
        _refuse(run, refused.faults)
    except Exception:
        _refuse(run, [_broken()])
        raise


def progress_of(run: ImportRun) -> tuple[int, int]:
    """Items done and items in all, while a run is at work; (0, 0) before the first."""
    return cache.get(_progress_key(run)) or (0, 0)


def actor_of(user: User | None) -> str:
    """Who it was, as the journal names them."""
    return f"user:{user.pk}" if user else "command"


def _tried(read: ItemFile, *, user: User | None, progress: Progress | None) -> Outcome:
    with trial():
        report, changes = _written(read, user=user, progress=progress)
    return Outcome(_counts(report), report.warnings, changes)


def _written(read: ItemFile, *, user: User | None, progress: Progress | None) -> tuple[ImportReport, list[Change]]:
    before = snapshot()
    report = import_items(read, user=user, progress=progress)
    return report, compare(before, snapshot())


def _finish(run: ImportRun, report: ImportReport, changes: list[Change], *, at: datetime, actor: str) -> None:
    move(
        run, "finish", table=MOVES, subject=SUBJECT, actor=actor, facts={"changes": len(changes)},
        changes={
            "counts": _counts(report), "faults": _as_json(report.warnings), "written_at": at, "content": b"",
            "changes": [change.as_json() for change in changes],
        },
    )  # fmt: skip


def _refuse(run: ImportRun, faults: list[Fault]) -> None:
    move(
        run, "refuse", table=MOVES, subject=SUBJECT, actor=actor_of(run.by),
        changes={"faults": _as_json(faults), "content": b""},
    )  # fmt: skip


def _broken() -> Fault:
    log.exception("an import broke off")
    return Fault("", "", _("Something went wrong on our side; nothing was written. Tell whoever runs this portal."))


def _remembered(run: ImportRun) -> Progress:
    """Progress that other requests can see, although the import is one long transaction."""

    def remember(done: int, total: int) -> None:
        cache.set(_progress_key(run), (done, total), PROGRESS_KEPT_S)

    return remember


def _progress_key(run: ImportRun) -> str:
    return f"items.import.{run.pk}"


def _counts(report: ImportReport) -> dict[str, int]:
    return {"added": len(report.added), "changed": len(report.changed), "same": len(report.unchanged)}


def _as_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [
        {
            "where": one.where,
            "cell": one.cell,
            "field": one.field,
            "sentence": one.sentence,
            "is_warning": one.is_warning,
        }
        for one in faults
    ]
