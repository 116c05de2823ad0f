"""Which account holds which role at which place; a role reaches the place's subtree."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.base.places.models import Place


class Role(models.TextChoices):
    HELPER = "helper", _("committee helper")
    CLERK = "clerk", _("clerk")
    DUTY_SUPERVISOR = "duty_supervisor", _("duty supervisor")
    EXPERT = "expert", _("department expert")
    HOME_VISITOR = "home_visitor", _("home visitor")
    ADVISER = "adviser", _("adviser or volunteer")
    EDITOR = "editor", _("editor")
    CENTRE_MANAGER = "centre_manager", _("centre manager")
    DISTRICT_SUPERVISOR = "district_supervisor", _("district supervisor")
    AUDITOR = "auditor", _("auditor")
    DEVICE_KEEPER = "device_keeper", _("device keeper")
    SYSTEM_ADMIN = "system_admin", _("system administrator")
    SECURITY_ADMIN = "security_admin", _("security administrator")
    AUDIT_ADMIN = "audit_admin", _("audit administrator")


class RoleAssignment(models.Model):
    """One role of one account at one place."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=24, choices=Role)
    place = models.ForeignKey(Place, models.CASCADE, related_name="role_assignments")

    class Meta:
        verbose_name = _("role at a place")
        verbose_name_plural = _("roles at places")
        constraints = [models.UniqueConstraint(fields=["user", "role", "place"], name="role_once_a_place")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.place}"
