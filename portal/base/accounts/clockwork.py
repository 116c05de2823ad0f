"""What the clock does for accounts: sessions that ended are deleted, and tokens revoked long ago."""

from datetime import datetime

from django.core.management import call_command

from portal.base.accounts.models import ApiToken
from portal.base.clock.services import periodic, retention


@periodic(every_s=3600, name="accounts.sessions")
def clear_sessions() -> None:
    call_command("clearsessions")


@retention("api_token", default_days=365)
def forget_tokens(before: datetime) -> int:
    deleted, _rows = ApiToken.objects.filter(revoked_at__lt=before).delete()
    return deleted
