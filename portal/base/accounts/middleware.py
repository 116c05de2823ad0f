"""What is asked of a signed-in member of staff on every request: a second factor, and a session that is not idle."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal.base.accounts import services

# Where an account without a second factor may still go: to set it up, to sign out, and to read the page.
OPEN_PREFIXES = (
    "/accounts/2fa/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/login/",
    "/accounts/demo/",
)
OPEN_PATHS = frozenset({"/display/", "/language/", "/i18n/setlang/", "/healthz", "/readyz", "/metrics", "/favicon.ico"})


class SecondFactorMiddleware:
    """Leads staff without an authenticator to set one up before anything else, `/cms/` too; ends idle sessions.

    The demo's sign-in links are let through: their sessions are flagged, and the flag counts only where DEMO is set.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a session's cookie nobody is signed in; not looking keeps public pages free of "Vary: Cookie".
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        if services.is_idle(request.session):
            logout(request)
            return HttpResponseRedirect(f"{reverse('account_login')}?idle=1")
        services.touch(request.session)
        if request.path in OPEN_PATHS or request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        if not services.may_act(user, request.session):
            if user.is_service or not user.is_active:
                logout(request)
                return HttpResponseRedirect(reverse("account_login"))
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)


class StaffSocketMiddleware:
    """The same for WebSockets: a session that would be led elsewhere is nobody to a socket."""

    def __init__(self, application) -> None:
        self.application = application

    async def __call__(self, scope, receive, send):
        from channels.db import database_sync_to_async
        from django.contrib.auth.models import AnonymousUser

        user = scope.get("user")
        if user is not None and user.is_authenticated:
            may_act = await database_sync_to_async(services.may_act)(user, scope["session"])
            if not may_act:
                scope = dict(scope, user=AnonymousUser())
        return await self.application(scope, receive, send)
