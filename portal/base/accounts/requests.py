"""What a request is behind a sign-in, for the types."""

from django.http import HttpRequest

from portal.base.accounts.models import User


class StaffRequest(HttpRequest):
    """A request behind `login_required` or the CMS's own sign-in: whoever asks is an account."""

    user: User
