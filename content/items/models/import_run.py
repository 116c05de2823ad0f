"""One import of a file, with what was before, so that the whole of it can be taken back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.items.import_states import ImportState
from portal.base.ids import new_id


class ImportRun(models.Model):
    """A file on its way in: checked, shown, written, and perhaps taken back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=ImportState, default=ImportState.WAITING)
    file_name = models.CharField(_("file"), max_length=200)
    # The file itself, until the import is over; afterwards only what it changed is kept.
    content = models.BinaryField(default=bytes, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("begun"), auto_now_add=True)
    written_at = models.DateTimeField(_("written"), null=True, blank=True)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    counts = models.JSONField(default=dict, editable=False)
    faults = models.JSONField(default=list, editable=False)
    # A list of {kind, key, label, before, after}; None stands for "was not there".
    changes = models.JSONField(default=list, editable=False)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name
