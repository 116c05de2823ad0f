"""Staff sign in with a second factor: without one they are led to set it up before anything else."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from portal.base.accounts import services as accounts
from portal.base.accounts.middleware import StaffSocketMiddleware
from portal.base.rights.models import Role
from tests.cast import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
SET_UP = "/accounts/2fa/totp/activate/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def newcomer(cast):
    return make_user("newcomer", "新来的", (Role.EDITOR, cast.district), second_factor=False)


@pytest.mark.parametrize("path", ["/accounts/", "/cms/", "/outbox/", "/accounts/after-login/"])
def test_without_a_second_factor_every_room_leads_to_setting_it_up(newcomer, client_for, path):
    response = client_for(newcomer).get(path)
    assert (response.status_code, response["Location"]) == (302, SET_UP)


@pytest.mark.parametrize("path", ["/accounts/logout/", "/healthz"])
def test_the_way_out_stays_open(newcomer, client_for, path):
    assert client_for(newcomer).get(path).status_code == 200


def test_with_a_second_factor_the_rooms_open(cast, client_for):
    assert client_for(cast.editor).get("/cms/").status_code == 200
    assert client_for(cast.clerk).get("/accounts/").status_code == 200


def test_signing_in_asks_for_password_and_code(cast, client, settings):
    user = make_user("careful", "小心", (Role.EDITOR, cast.district), second_factor=False)
    TOTP.activate(user, SECRET)
    response = client.post("/accounts/login/", {"login": "careful", "password": "password-of-careful"})
    assert response.status_code == 302 and response["Location"].startswith("/accounts/2fa/authenticate")
    assert "_auth_user_id" not in client.session
    code = format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))
    response = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert response["Location"] == "/accounts/after-login/"
    assert client.get("/accounts/after-login/")["Location"] == "/cms/"


def test_a_wrong_code_signs_nobody_in(cast, client):
    user = make_user("careful", "小心", (Role.EDITOR, cast.district), second_factor=False)
    TOTP.activate(user, SECRET)
    client.post("/accounts/login/", {"login": "careful", "password": "password-of-careful"})
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert "_auth_user_id" not in client.session


def test_an_idle_session_ends(cast, client_for):
    client = client_for(cast.clerk)
    assert client.get("/accounts/").status_code == 200
    session = client.session
    session[accounts.SEEN_AT] = timezone.now().timestamp() - accounts.IDLE_LIMIT.total_seconds() - 1
    session.save()
    assert client.get("/accounts/")["Location"] == "/accounts/login/?idle=1"
    assert "_auth_user_id" not in client.session


def test_an_account_that_was_closed_is_signed_out(cast, client_for):
    client = client_for(cast.clerk)
    type(cast.clerk).objects.filter(pk=cast.clerk.pk).update(is_active=False)
    assert client.get("/accounts/")["Location"].startswith("/accounts/login/")


def test_five_wrong_passwords_lock_the_account_for_a_while(cast, client):
    for _turn in range(5):
        client.post("/accounts/login/", {"login": "clerk", "password": "wrong"})
    response = client.post("/accounts/login/", {"login": "clerk", "password": "password-of-clerk"})
    assert response.status_code in (200, 429)
    assert "account_login" not in client.session and "_auth_user_id" not in client.session
    assert not response.get("Location")


@pytest.mark.parametrize(
    "path", ["/accounts/signup/", "/accounts/email/", "/accounts/password/reset/", "/accounts/password/set/"]
)
def test_nobody_signs_up_or_resets_by_mail(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("second_factor", "expected"), [(True, "who"), (False, "")])
def test_a_socket_of_an_account_without_a_second_factor_is_nobodys(client_for, second_factor, expected):
    user = make_user("who", "谁", second_factor=second_factor)
    seen = []

    async def application(scope, receive, send) -> None:
        seen.append(scope["user"])

    client = client_for(user)
    async_to_sync(StaffSocketMiddleware(application))({"user": user, "session": client.session}, None, None)
    assert seen[0].username == expected
    assert isinstance(seen[0], AnonymousUser) is not second_factor
