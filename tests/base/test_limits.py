"""Rate limits: so many uses a window, then a page that says what to do."""

import json

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from portal.base import limits

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def at_noon(monkeypatch):
    moment = [43200.0]
    monkeypatch.setattr(limits.time, "time", lambda: moment[0])
    return moment


def test_uses_are_counted_by_key_and_window(at_noon):
    assert [limits.allow("a", 2, 60) for _turn in range(3)] == [True, True, False]
    assert limits.allow("b", 2, 60)
    at_noon[0] += 60
    assert limits.allow("a", 2, 60)


def test_a_view_answers_429_with_the_next_step(at_noon):
    @limits.limited("code", limit=1, window_s=120, methods=("POST", "GET"))
    def view(request) -> HttpResponse:
        return HttpResponse("ok")

    first = RequestFactory().get("/track/", headers={"accept": "application/json"})
    assert view(first).status_code == 200
    response = view(first)
    assert (response.status_code, response["Retry-After"]) == (429, "120")
    problem = json.loads(response.content)
    assert problem["code"] == "too_many" and "2 min" in problem["detail"]
    other = RequestFactory().get("/track/", REMOTE_ADDR="127.0.0.9")
    assert view(other).status_code == 200


def test_the_page_has_a_next_step(client, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(limits, "allow", lambda key, limit, window_s: False)
    assert client.get("/accounts/demo/").status_code == 200
    response = client.post("/accounts/demo/", {"token": "false"})
    assert response.status_code == 429
    assert "→" in response.content.decode()


def test_a_proxys_header_counts_behind_tls_alone():
    plain = RequestFactory().get("/", headers={"x-real-ip": "10.0.0.7"})
    assert limits.caller_address(plain) == "127.0.0.1"
    secure = RequestFactory().get("/", headers={"x-real-ip": "10.0.0.7"}, secure=True)
    assert limits.caller_address(secure) == "10.0.0.7"
