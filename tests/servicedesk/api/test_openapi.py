"""The API's description is valid, says all that the API does, and random calls get nothing that it does not say."""

import uuid
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi import checks

from portal.base.accounts import services as accounts
from servicedesk.api import api as edge
from servicedesk.queueing import services as queueing

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
RANDOM_CALLS = 25


def description() -> dict:
    return Client().get("/api/v1/openapi.json").json()


def operations() -> Iterator[tuple[str, dict]]:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_description_is_valid_openapi():
    validate(description())


def test_every_operation_says_who_may_and_how_it_refuses():
    for name, operation in operations():
        assert operation["security"] == [{"TokenBearer": []}], name
        assert {"401", "429"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == [PROBLEM], f"{name} {status}"
        assert operation["summary"], name


def test_every_writing_operation_can_be_repeated_safely():
    for name, operation in operations():
        headers = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) is name.startswith("POST"), name


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("delete", "/api/v1/centres", 405, "method_not_allowed"),
        ("get", "/api/v1/nothing/here", 404, "not_found"),
        ("post", "/api/v1/nothing", 404, "not_found"),
    ],
)
def test_even_a_wrong_address_or_method_is_a_problem(caller, method, path, status, code):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path, headers={"Authorization": f"Bearer {caller.text}"})
    assert (answer.status_code, answer.json()["code"], answer["Content-Type"]) == (status, code, PROBLEM)
    assert "Allow" in answer.headers or status == 404


@pytest.mark.parametrize("centre", ["\x00", "\ud800"])
def test_characters_that_no_text_can_hold_are_refused_in_the_apis_way(caller, centre):
    answer = caller.post("/tickets", {"centre": centre, "channel": "onsite"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert caller.get("/cases/%00").status_code == 422
    assert caller.post("/tickets", {}, key="a\x00").status_code == 422


# --- random calls -------------------------------------------------------------------------------------------------


@pytest.fixture
def schema(cast, monkeypatch):
    """The description with a token that reaches the whole cast; a few numbers wait, and limits are out of the way."""
    monkeypatch.setattr(edge, "CALLS_A_MINUTE", 100_000)
    _row, text = accounts.issue_token(role="duty_supervisor", place=cast.district, name="api.random")
    for _number in range(3):
        queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="test")
    app = get_wsgi_application()
    # A request's end would close the connection that holds the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    loaded = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    yield loaded, {"Authorization": f"Bearer {text}"}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# The access table holds who may do what (tests/test_access.py); here it is about what comes back.
LEFT_OUT = [checks.ignored_auth, checks.unsupported_method, checks.positive_data_acceptance]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_random_calls_get_what_the_description_says(schema):
    loaded, token = schema
    tried: list[str] = []
    for found in loaded.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=RANDOM_CALLS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def call(case) -> None:
            own = {"Idempotency-Key": uuid.uuid4().hex} if case.method == "POST" else {}
            case.call_and_validate(headers=token | own, excluded_checks=LEFT_OUT)

        call()
        tried.append(operation.label)
    assert len(tried) == len(list(operations()))
