"""The pages of signing in are drawn like the rest, say their errors in place and pass axe."""

import pytest
from django.urls import NoReverseMatch, reverse

from portal.base.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.e2e]
PASSWORD = "a made-up password 2026"


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user(username="clerk-of-looks", password=PASSWORD)


def test_signing_in_says_what_is_wrong_above_the_form_and_keeps_the_name(client, troubles, clerk):
    page = client.get(reverse("account_login"))
    assert page.status_code == 200
    html = page.content.decode()
    assert 'class="control"' in html and "plain__card" in html
    assert troubles(html) == []

    wrong = client.post(reverse("account_login"), {"login": clerk.username, "password": "wrong"}).content.decode()
    assert 'class="form-errors"' in wrong and f'value="{clerk.username}"' in wrong
    assert troubles(wrong) == []


@pytest.mark.parametrize("name", ["mfa_index", "mfa_activate_totp", "account_change_password", "account_logout"])
def test_pages_of_an_account(client, troubles, clerk, name):
    client.post(reverse("account_login"), {"login": clerk.username, "password": PASSWORD})
    try:
        address = reverse(name)
    except NoReverseMatch:
        pytest.fail(f"{name} has no address")
    page = client.get(address, follow=True)
    assert page.status_code == 200, page.redirect_chain
    html = page.content.decode()
    assert "plain__card" in html
    assert troubles(html) == []
