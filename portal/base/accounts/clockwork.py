"""What the clock does for accounts: sessions that ended are deleted, and tokens revoked long ago."""

from datetime import datetime

from django.core.management import call_command

from portal.base.accounts.models import ApiToken
from portal.base.clock.services import kept, periodic, retention

kept(
    "accounts.User",
    "rights.RoleAssignment",
    because="the journal refers to members of staff; one who left is switched off",
)


@periodic(every_s=3600, name="accounts.sessions", clears=("sessions.Session",))
def clear_sessions() -> None:
    call_command("clearsessions")


@retention("api_token", default_days=365, of=("accounts.ApiToken",))
def forget_tokens(before: datetime) -> int:
    deleted, _rows = ApiToken.objects.filter(revoked_at__lt=before).delete()
    return deleted
