"""DEMO=1 where strangers can reach it is told by the system check, by the start's log and by /readyz."""

import logging

import pytest
from django.core.checks import run_checks

from portal import checks
from portal.asgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.PORTAL_URL = "http://127.0.0.1:8000"
    settings.IS_SQLITE = True
    return settings


def warnings() -> list[str]:
    return [message.msg for message in run_checks(tags=["security"]) if message.id == "linban.W001"]


def test_on_this_machine_alone_nothing_is_said(demo):
    assert checks.exposures() == [] and warnings() == []


def test_without_demo_nothing_is_said(demo):
    demo.DEMO, demo.ALLOWED_HOSTS, demo.PORTAL_URL = False, ["*"], "https://linban.example"
    assert checks.exposures() == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ALLOWED_HOSTS", ["127.0.0.1", "linban.example"], "ALLOWED_HOSTS answers to linban.example"),
        ("ALLOWED_HOSTS", ["*"], "ALLOWED_HOSTS answers to *"),
        ("PORTAL_URL", "https://linban.example", "PORTAL_URL leads people to linban.example"),
    ],
)
def test_each_open_door_is_named(demo, name, value, told):
    setattr(demo, name, value)
    assert len(checks.exposures()) == 1 and told in checks.exposures()[0]
    assert warnings() == checks.exposures()


def test_a_database_server_elsewhere_is_no_demo(demo, monkeypatch):
    demo.IS_SQLITE = False
    monkeypatch.setitem(demo.DATABASES["default"], "HOST", "/run/postgresql")
    assert checks.exposures() == []
    monkeypatch.setitem(demo.DATABASES["default"], "HOST", "db.office.example")
    assert "DATABASE_URL is a server's: db.office.example" in checks.exposures()[0]


def test_readyz_says_it(demo, client):
    assert "warnings" not in client.get("/readyz", headers={"host": "localhost"}).json()
    demo.ALLOWED_HOSTS = ["*"]
    body = client.get("/readyz").json()
    assert body["status"] == "ok" and "anybody sign in" in body["warnings"][0]


async def test_the_start_logs_it_once_and_loudly(demo, caplog):
    demo.PORTAL_URL = "https://linban.example"
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[dict] = []

    async def receive() -> dict:
        return messages.pop(0)

    async def send(message: dict) -> None:
        sent.append(message)

    with caplog.at_level(logging.CRITICAL, logger="linban.start"):
        await application({"type": "lifespan"}, receive, send)
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert "PORTAL_URL" in caplog.text and "DEMO=0" in caplog.text
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
