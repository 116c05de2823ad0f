"""The states of an import and its moves.

waiting ─check─► checked ─write─► writing ─finish─► written ─undo─► undone
   │                │                │
   └──refuse──► refused ◄──refuse────┘          (checked, refused) ─forget─► gone from the list
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    WAITING = "waiting", _("being checked")
    CHECKED = "checked", _("ready to be written")
    REFUSED = "refused", _("has faults, nothing written")
    WRITING = "writing", _("being written")
    WRITTEN = "written", _("written")
    UNDONE = "undone", _("taken back")


S = ImportState
MOVES: dict[tuple[str, str], str] = {
    (S.WAITING, "check"): S.CHECKED,
    (S.WAITING, "refuse"): S.REFUSED,
    (S.CHECKED, "write"): S.WRITING,
    (S.CHECKED, "refuse"): S.REFUSED,
    (S.WRITING, "finish"): S.WRITTEN,
    (S.WRITING, "refuse"): S.REFUSED,
    (S.WRITTEN, "undo"): S.UNDONE,
}
