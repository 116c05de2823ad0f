"""Staff and service accounts; residents and devices are never users."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff, or a service account of an outside system (`is_service`)."""

    display_name = models.CharField(_("name"), max_length=60, blank=True)
    staff_number = models.CharField(_("staff number"), max_length=20, blank=True)
    is_service = models.BooleanField(_("service account"), default=False)
    rights_generation = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")

    def __str__(self) -> str:
        return self.display_name or self.username


class ApiToken(models.Model):
    """A bearer token of a service account; only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="desk_tokens")
    name = models.CharField(_("name"), max_length=60)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(_("role"), max_length=24)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name
