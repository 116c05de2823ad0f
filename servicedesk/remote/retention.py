"""How recordings end: the key is destroyed, then the files; the signed manifest of hashes stays as evidence."""

import logging
import shutil
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from portal.base.journal import services as journal
from servicedesk.remote.dossier import folder_of
from servicedesk.remote.models import RemoteSession

log = logging.getLogger("linban.retention")


def forget_recordings(before: datetime) -> int:
    """Destroy recordings of sessions that ended before that time, but for dossiers under legal hold; their number."""
    over = RemoteSession.objects.filter(ended_at__lt=before).exclude(key_sealed=b"")
    free = over.filter(Q(dossier__isnull=True) | Q(dossier__legal_hold=False)).select_related("centre")
    forgotten = 0
    for session in free.iterator():
        with transaction.atomic():
            # Without its key the sealed files are noise, even where a copy of them survives in a backup.
            forgotten += RemoteSession.objects.filter(pk=session.pk).update(key_sealed=b"")
            journal.append(
                ("session", session.pk), action="forget_recording", actor="clock", place=session.centre,
                reason="retention",
            )  # fmt: skip
            transaction.on_commit(partial(_remove, folder_of(session)))
    return forgotten


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError:
        log.exception(
            "the files of a destroyed recording could not be removed", extra={"fields": {"folder": folder.name}}
        )


def forget_words(before: datetime) -> int:
    """Blank what clerk and resident typed to each other in sessions that ended before that time."""
    spoken = RemoteSession.objects.filter(ended_at__lt=before).exclude(caption="", resident_words="")
    return spoken.update(caption="", resident_words="")
