"""Imports as runs, as the CMS knows them: uploaded, confirmed, taken back as a whole, forgotten."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from content.items.differences import Change
from content.items.import_states import MOVES, ImportState
from content.items.import_work import SUBJECT, actor_of
from content.items.models import ImportRun, ItemEdition
from content.items.taking_back import take_back
from content.items.tasks import check_import, write_import
from portal.base.accounts.models import User
from portal.base.transitions import move

# A file that nobody confirmed is forgotten after a day.
UNCONFIRMED_HOURS = 24


def begin(*, file_name: str, data: bytes, user: User) -> ImportRun:
    """Keep an uploaded file and have it checked in the background."""
    with transaction.atomic():
        run = ImportRun.objects.create(file_name=file_name[:200], content=data, by=user)
        transaction.on_commit(lambda: check_import.enqueue(str(run.pk)))
    return run


def confirm(run: ImportRun, *, user: User) -> ImportRun:
    """Have a checked import written in the background.

    Raises:
        InvalidTransition: it was written, refused or taken back already.
    """
    with transaction.atomic():
        run = move(run, "write", table=MOVES, subject=SUBJECT, actor=actor_of(user))
        transaction.on_commit(lambda: write_import.enqueue(str(run.pk)))
    return run


@transaction.atomic
def undo(run: ImportRun, *, user: User | None) -> list[str]:
    """Take a whole import back: what it changed gets its old content, what it added goes; returns what had to stay.

    Raises:
        NotTakenBack: somebody has edited some of it since; nothing was taken back.
        InvalidTransition: it was not written, or was taken back already.
    """
    run = move(
        run, "undo", table=MOVES, subject=SUBJECT, actor=actor_of(user),
        changes={"undone_at": timezone.now(), "undone_by": user},
    )  # fmt: skip
    return take_back([Change(**change) for change in run.changes], user=user)


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


def touched_item_keys(run: ImportRun) -> list[str]:
    """Keys of the items that a run changed, for links to their guides."""
    kinds = ("items", "editions", "places")
    return sorted({change["key"].split()[0] for change in run.changes if change["kind"] in kinds})


def names_of(keys: list[str]) -> dict[str, str]:
    """What the items of those keys are called now."""
    editions = ItemEdition.objects.filter(item__key__in=keys, live=True).order_by("valid_from")
    return dict(editions.values_list("item__key", "name"))
