"""Imports as runs: checked, shown, written with what was before, and taken back as a whole."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from content.items.cells import Fault
from content.items.differences import Change, compare
from content.items.exporting import snapshot
from content.items.import_states import MOVES, ImportState
from content.items.importing import ImportRefused, ImportReport, Progress, import_items, trial
from content.items.models import ImportRun, ItemEdition
from content.items.reading import ItemFile, read_bytes, read_file
from content.items.taking_back import NotTakenBack, take_back
from portal.base.accounts.models import User
from portal.base.errors import DomainError
from portal.base.transitions import move

log = logging.getLogger("linban.items.imports")
SUBJECT = "items.import"
PROGRESS_KEPT_S = 3600
# A file that nobody confirmed is forgotten after a day.
UNCONFIRMED_HOURS = 24
__all__ = ["NotTakenBack", "Outcome", "import_file"]


class NoSuchFile(DomainError):
    """The run's file is gone."""

    code: ClassVar[str] = "no_file"


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
            _finish(run, report, changes, at=now, actor=_actor(user))
    return Outcome(_counts(report), report.warnings, changes, run)


def begin(*, file_name: str, data: bytes, user: User) -> ImportRun:
    """Keep an uploaded file and have it checked in the background."""
    from content.items.tasks import check_import

    with transaction.atomic():
        run = ImportRun.objects.create(file_name=file_name[:200], content=data, by=user)
        transaction.on_commit(lambda: check_import.enqueue(str(run.pk)))
    return run


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
    move(run, "check", table=MOVES, subject=SUBJECT, actor=_actor(run.by), changes=changes)


def confirm(run: ImportRun, *, user: User) -> ImportRun:
    """Have a checked import written in the background.

    Raises:
        InvalidTransition: it was written, refused or taken back already.
    """
    from content.items.tasks import write_import

    with transaction.atomic():
        run = move(run, "write", table=MOVES, subject=SUBJECT, actor=_actor(user))
        transaction.on_commit(lambda: write_import.enqueue(str(run.pk)))
    return run


def write(run_id: str) -> None:
    """Write a confirmed import; what changed since it was checked counts as it is now."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state != ImportState.WRITING:
        return
    try:
        with transaction.atomic():
            read = read_bytes(run.file_name, bytes(run.content))
            report, changes = _written(read, user=run.by, progress=_remembered(run))
            _finish(run, report, changes, at=timezone.now(), actor=_actor(run.by))
    except ImportRefused as refused:
        _refuse(run, refused.faults)
    except Exception:
        _refuse(run, [_broken()])
        raise


@transaction.atomic
def undo(run: ImportRun, *, user: User | None) -> list[str]:
    """Take a whole import back: what it changed gets its old content, what it added goes; returns what had to stay.

    Raises:
        NotTakenBack: somebody has edited some of it since; nothing was taken back.
        InvalidTransition: it was not written, or was taken back already.
    """
    run = move(
        run, "undo", table=MOVES, subject=SUBJECT, actor=_actor(user),
        changes={"undone_at": timezone.now(), "undone_by": user},
    )  # fmt: skip
    return take_back([Change(**change) for change in run.changes], user=user)


def progress_of(run: ImportRun) -> tuple[int, int]:
    """Items done and items in all, while a run is at work; (0, 0) before the first."""
    return cache.get(_progress_key(run)) or (0, 0)


def latest_runs(limit: int = 30) -> Iterable[ImportRun]:
    """The last imports, newest first, without their contents."""
    return ImportRun.objects.select_related("by", "undone_by").defer("content", "changes", "faults")[:limit]


def forget_unconfirmed(*, now: datetime | None = None) -> int:
    """Files that nobody confirmed go after a day, and so do refused ones."""
    before = (now or timezone.now()) - timedelta(hours=UNCONFIRMED_HOURS)
    states = (ImportState.WAITING, ImportState.CHECKED, ImportState.REFUSED)
    return ImportRun.objects.filter(state__in=states, made_at__lt=before).delete()[0]


def forget_runs(before: datetime) -> int:
    """Imports that are too old to be taken back."""
    return ImportRun.objects.filter(made_at__lt=before).delete()[0]


# --- within -----------------------------------------------------------------------------------------------------------


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
        run, "refuse", table=MOVES, subject=SUBJECT, actor=_actor(run.by),
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


def _actor(user: User | None) -> str:
    return f"user:{user.pk}" if user else "command"


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


def touched_item_keys(run: ImportRun) -> list[str]:
    """Keys of the items that a run changed, for links to their guides."""
    kinds = ("items", "editions", "places")
    return sorted({change["key"].split()[0] for change in run.changes if change["kind"] in kinds})


def names_of(keys: list[str]) -> dict[str, str]:
    """What the items of those keys are called now."""
    editions = ItemEdition.objects.filter(item__key__in=keys, live=True).order_by("valid_from")
    return dict(editions.values_list("item__key", "name"))
