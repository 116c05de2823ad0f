"""API tokens: a service account's, shown once, kept as a hash, and worthless when revoked."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.base.accounts import services as accounts
from portal.base.accounts.models import ApiToken, User
from portal.base.rights import services as rights

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def issue(cast, **more: str) -> str:
    out = StringIO()
    call_command("issue_api_token", role="clerk", place=cast.centre.code, stdout=out, **more)
    return out.getvalue()


def test_the_command_prints_the_token_alone(cast):
    printed = issue(cast)
    text = printed.strip()
    assert printed == f"{text}\n" and text.startswith("lb_") and len(text) > 40
    token = accounts.account_for_token(text)
    assert (token.role, token.place, token.user.is_service) == ("clerk", cast.centre, True)
    assert rights.reaches(token.user, ("clerk",), cast.centre)
    assert not rights.reaches(token.user, ("clerk",), cast.other_centre)
    assert token.last_used_at is not None


def test_only_the_hash_is_kept(cast):
    text = issue(cast).strip()
    row = ApiToken.objects.get()
    assert text not in (row.sha256, row.name) and len(row.sha256) == 64


def test_a_wrong_a_revoked_and_an_inactive_accounts_token_open_nothing(cast):
    text = issue(cast).strip()
    assert accounts.account_for_token(text + "x") is None
    assert accounts.account_for_token("") is None
    token = accounts.account_for_token(text)
    User.objects.filter(pk=token.user_id).update(is_active=False)
    assert accounts.account_for_token(text) is None
    User.objects.filter(pk=token.user_id).update(is_active=True)
    accounts.revoke_token(token)
    assert accounts.account_for_token(text) is None


def test_a_service_account_cannot_sign_in(cast, client):
    accounts.issue_token(role="clerk", place=cast.centre, name="calling-system")
    user = User.objects.get(username="calling-system")
    assert not user.has_usable_password()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/accounts/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_name_of_a_person_is_refused(cast):
    with pytest.raises(CommandError, match="person"):
        issue(cast, name="clerk")
    with pytest.raises(CommandError, match="no place"):
        call_command("issue_api_token", role="clerk", place="nowhere")
