"""The demo's sign-in links: one press in the demo, and nothing at all elsewhere."""

import re

import pytest
from django.test import Client

from portal.base.accounts import services as accounts
from portal.base.rights.models import Role
from tests.cast import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def demo(settings):
    settings.DEMO = True


def test_the_page_lists_every_role_and_signs_in_by_post(cast, demo, client):
    page = client.get("/accounts/demo/").content.decode()
    assert "陈晓雯" in page and "沈审计" in page and "无岗位" not in page
    token = accounts.demo_link_token(cast.editor)
    response = client.post("/accounts/demo/", {"token": token})
    assert (response.status_code, response["Location"]) == (302, "/cms/")
    assert client.get("/cms/").status_code == 200


def test_every_token_on_the_page_is_an_accounts_own(cast, demo, client):
    tokens = re.findall(r'name="token" value="([^"]+)"', client.get("/accounts/demo/").content.decode())
    signed = {accounts.account_for_demo_link(token).username for token in tokens}
    assert signed == {user.username for name, user in cast.staff().items() if name != "stranger"}


def test_the_demo_passes_the_second_factor_by(cast, demo, client):
    user = make_user("fresh", "新人", (Role.EDITOR, cast.district), second_factor=False)
    client.post("/accounts/demo/", {"token": accounts.demo_link_token(user)})
    assert client.get("/accounts/").status_code == 200


def test_a_session_of_the_demo_is_worth_nothing_where_there_is_no_demo(cast, settings, client):
    settings.DEMO = True
    user = make_user("fresh", "新人", (Role.EDITOR, cast.district), second_factor=False)
    client.post("/accounts/demo/", {"token": accounts.demo_link_token(user)})
    settings.DEMO = False
    assert client.get("/accounts/")["Location"] == "/accounts/2fa/totp/activate/"


def test_outside_the_demo_there_is_no_such_page(cast, settings, client):
    settings.DEMO = True
    token = accounts.demo_link_token(cast.clerk)
    settings.DEMO = False
    assert client.get("/accounts/demo/").status_code == 404
    assert client.post("/accounts/demo/", {"token": token}).status_code == 404
    assert accounts.account_for_demo_link(token) is None


def test_a_false_token_and_a_missing_csrf_token_sign_nobody_in(cast, demo, client):
    assert client.post("/accounts/demo/", {"token": "false"}).status_code == 403
    assert "_auth_user_id" not in client.session
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/accounts/demo/", {"token": accounts.demo_link_token(cast.clerk)}).status_code == 403


def test_a_get_signs_nobody_in(cast, demo, client):
    client.get("/accounts/demo/", {"token": accounts.demo_link_token(cast.clerk)})
    assert "_auth_user_id" not in client.session


def test_an_account_without_a_room_sees_its_own_page(cast, client_for):
    client = client_for(cast.security_admin)
    assert client.get("/accounts/after-login/")["Location"] == "/accounts/"
    page = client.get("/accounts/").content.decode()
    assert "安全员" in page and "静安区" in page
