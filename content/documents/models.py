"""The portal's own document model, custom from the first migration; a file must be what its name says."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document

from content.documents.services import file_fault


class PortalDocument(AbstractDocument):
    """A form, sample or decree to download."""

    note = models.CharField(_("note for readers"), max_length=200, blank=True)

    admin_form_fields = (*Document.admin_form_fields, "note")

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        permissions = [("choose_document", "Can choose document")]

    def clean(self) -> None:
        super().clean()
        if self.file and not getattr(self.file, "_committed", True) and (fault := file_fault(self.file)):
            raise ValidationError({"file": fault})
