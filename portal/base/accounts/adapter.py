"""How allauth is narrowed to staff: no sign-up, no e-mail, and a landing page by role."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts come from `setup_district`; nobody signs up and nothing is sent by e-mail."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Nothing: staff have no addresses here, and a new message would carry personal data."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("after_login")
