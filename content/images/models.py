"""The portal's own image model, custom from the first migration; every upload is drawn anew before it is kept."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition, Image

from content.images.services import redraw


class PortalImage(AbstractImage):
    """An image whose bytes we wrote ourselves: bounded in size, without EXIF, place or camera."""

    alternative_text = models.CharField(_("what it shows"), max_length=200, blank=True)
    credit = models.CharField(_("whose picture it is"), max_length=120, blank=True)

    # Wagtail's own field, which says nothing of its type.
    file: Any

    admin_form_fields = (*Image.admin_form_fields, "alternative_text", "credit")

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")
        permissions = [("choose_image", "Can choose image")]

    @property
    def default_alt_text(self) -> str:
        return self.alternative_text or self.title

    def _redraw_upload(self) -> None:
        # Every way in ends here: the form (through clean), an import or a script (through save).
        if self.file and not getattr(self.file, "_committed", True) and not getattr(self, "_is_redrawn", False):
            self.file = redraw(self.file)
            self._is_redrawn = True

    def clean(self) -> None:
        super().clean()
        self._redraw_upload()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._redraw_upload()
        super().save(*args, **kwargs)
        self._is_redrawn = False


class PortalRendition(AbstractRendition):
    image = models.ForeignKey(PortalImage, models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "filter_spec", "focal_point_key"], name="rendition_once")
        ]
