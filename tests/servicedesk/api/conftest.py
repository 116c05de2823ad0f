"""An outside calling system with a token for the cast's centre."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.base.accounts import services as accounts
from portal.base.accounts.models import ApiToken


@dataclass
class Caller:
    """Speaks JSON to /api/v1 with its token."""

    row: ApiToken
    text: str

    def get(self, path: str) -> HttpResponse:
        return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.text}"})

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.text}"} | ({"Idempotency-Key": key} if key else {})
        content = json.dumps(body) if body is not None else ""
        return Client().post(f"/api/v1{path}", content, content_type="application/json", headers=headers)


@pytest.fixture
def caller_for() -> Callable[..., Caller]:
    def issue(role: str, place) -> Caller:
        return Caller(*accounts.issue_token(role=role, place=place, name=f"api.{role}.{place.code}"))

    return issue


@pytest.fixture
def caller(cast, caller_for) -> Caller:
    return caller_for("clerk", cast.centre)
