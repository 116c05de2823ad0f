"""Notices 一次性告知单: what was told for one situation on one day, kept as the very bytes that were told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.ids import new_id


class Notice(models.Model):
    """An immutable snapshot without identity; its row is made once, never changed, and deleted when its time is over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # In the link and the QR: 100 random bits. In speech at the desk: six characters, which open it for staff alone.
    token = models.CharField(max_length=20, unique=True)
    code = models.CharField(_("code"), max_length=6, unique=True)
    item_key = models.CharField(max_length=80, db_index=True)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="notice_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return self.code
